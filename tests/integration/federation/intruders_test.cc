// Who wants in without being a member, or any longer: join tokens that were used, raced for or have run out,
// and nodes that were suspended (governance.md, section 4: 17 and 19; docs/attacks.md). The real coordinator,
// over mTLS.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "base/errors.h"
#include "base/file.h"
#include "crypto/join_token.h"
#include "crypto/x509.h"
#include "node/identity.h"
#include "rpc/enrol.h"
#include "rpc/node_client.h"
#include "tests/integration/federation/federation.h"

namespace accord::testing {
namespace {

class IntrudersTest : public ::testing::Test {
 protected:
  std::string Invited(const std::string& name, Millis ttl = Millis(0)) {
    const auto invite = fed_.client().Invite(name, "node", ttl);
    EXPECT_TRUE(invite.ok()) << Describe(invite.status());
    return invite.ok() ? invite->token : "";
  }
  // With a key of the caller's own.
  Result<rpc::Enrolled> EnrolWith(const std::string& token, const std::string& csr) {
    const auto parsed = crypto::ParseJoinToken(token);
    EXPECT_TRUE(parsed.ok()) << Describe(parsed.status());
    const ByteView secret = parsed->secret.view();
    return rpc::Enrol({parsed->address, parsed->ca_fingerprint},
                      {Bytes(secret.begin(), secret.end()), csr, Bytes(32, 9)}, {});
  }
  bool Connected(const std::string& name) {
    const auto node = fed_.client().GetNode(name);
    EXPECT_TRUE(node.ok()) << Describe(node.status());
    return node.ok() && node->connected;
  }
  // Asks until it holds, or `patience` is over; how long that took.
  std::chrono::nanoseconds Until(const std::function<bool()>& holds) {
    const auto begin = std::chrono::steady_clock::now();
    while (!holds()) {
      if (std::chrono::steady_clock::now() - begin > fed_.patience) {
        ADD_FAILURE() << "it never came";
        break;
      }
    }
    return std::chrono::steady_clock::now() - begin;
  }

  Federation fed_;
};

// 17: of a stolen key, say.
TEST_F(IntrudersTest, ASuspendedNodeIsCutOffWithinASecondAndStaysOut) {
  TestNode& node = fed_.AddNode("stolen");
  fed_.AddNode("another");
  Until([&] { return Connected("stolen") && Connected("another"); });
  const node::Identity thief = *node::LoadIdentity(node.config.node.state);
  const auto stolen = rpc::NodeClient::Open(thief.ClientFiles());
  ASSERT_TRUE(stolen.ok()) << Describe(stolen.status());
  EXPECT_NE((*stolen)->GetRegistry({}, {}).status().error(), "auth.revoked");
  const auto suspend = [&] {
    EXPECT_TRUE(fed_.client().SuspendMember(thief.spiffe_id, true).ok());
    return Until([&] { return !Connected("stolen"); });
  };
  auto took = suspend();
  for (int again = 0; again < 2 && took >= std::chrono::seconds(1); ++again) {  // the machine may stall once
    ASSERT_TRUE(fed_.client().SuspendMember(thief.spiffe_id, false).ok());
    Until([&] { return Connected("stolen"); });
    took = suspend();
  }
  EXPECT_LT(took, std::chrono::seconds(1));
  EXPECT_EQ((*stolen)->GetRegistry({}, {}).status().error(), "auth.revoked") << "on its open connection";
  const auto again = rpc::NodeClient::Open(thief.ClientFiles());
  EXPECT_EQ((*again)->GetRegistry({}, {}).status().error(), "auth.revoked") << "and on a new one";
  EXPECT_TRUE(Connected("another"));
  EXPECT_FALSE(Connected("stolen"));
}

// 19
TEST_F(IntrudersTest, AJoinTokenIsForOneKey) {
  const std::string token = Invited("ke");
  const std::string csr = crypto::MakeCsr(crypto::P256Key::Generate());
  const auto first = EnrolWith(token, csr);
  ASSERT_TRUE(first.ok()) << Describe(first.status());
  EXPECT_EQ(EnrolWith(token, csr)->certificate_pem, first->certificate_pem)
      << "whoever did not hear the answer hears it again";
  EXPECT_EQ(EnrolWith(token, crypto::MakeCsr(crypto::P256Key::Generate())).status().error(), "token.invalid");
}

// 19: two requests at once.
TEST_F(IntrudersTest, OfTwoThatRaceForATokenOneGetsIn) {
  for (int round = 0; round < 5; ++round) {
    const std::string token = Invited("racer" + std::to_string(round));
    const std::array csrs{crypto::MakeCsr(crypto::P256Key::Generate()),
                          crypto::MakeCsr(crypto::P256Key::Generate())};
    std::array<std::string, 2> errors;
    std::array<std::thread, 2> threads;
    for (std::size_t i = 0; i < threads.size(); ++i)
      threads[i] = std::thread([&, i] { errors[i] = EnrolWith(token, csrs[i]).status().error(); });
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(errors[0].empty() != errors[1].empty()) << errors[0] << " and " << errors[1];
    EXPECT_EQ(errors[0] + errors[1], "token.invalid");
  }
}

// 19
TEST_F(IntrudersTest, ATokenRunsOut) {
  const std::string token = Invited("late", Millis(1));
  EXPECT_EQ(EnrolWith(token, crypto::MakeCsr(crypto::P256Key::Generate())).status().error(), "token.invalid");
}

// 19: whatever the request asks for, the certificate names whom the token is for.
TEST_F(IntrudersTest, ARequestForAnotherNameGetsThatOfTheToken) {
  const Bytes csr = *ReadFile(std::filesystem::path(ACCORD_SOURCE_DIR) / "tests/golden/x509/asks_more.csr");
  const auto answer = EnrolWith(Invited("ke"), std::string(AsText(csr)));
  ASSERT_TRUE(answer.ok()) << Describe(answer.status());
  const auto certificate = crypto::Certificate::FromPem(answer->certificate_pem);
  ASSERT_TRUE(certificate.ok()) << Describe(certificate.status());
  EXPECT_EQ(certificate->info().uri, "spiffe://test.accord/node/ke");
  EXPECT_FALSE(certificate->info().is_ca);
}

}  // namespace
}  // namespace accord::testing
