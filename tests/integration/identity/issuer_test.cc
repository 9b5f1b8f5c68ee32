// The CA of a member as accord-ca runs it: nodes join and renew at its port, an operator suspends beside it.
#include "coordinator/issuer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <thread>

#include "base/errors.h"
#include "base/file.h"
#include "coordinator/identity.h"
#include "crypto/join_token.h"
#include "node/identity.h"
#include "rpc/enrol.h"
#include "rpc/process.h"
#include "tests/support/free_port.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/node/member_ca.h"

namespace accord::coordinator::testing {
namespace {

class IssuerTest : public ::testing::Test {
 protected:
  IssuerTest() {
    rpc::ForceTls13();
    EXPECT_TRUE(
        WriteFileAtomic(dir_ / "coordinator.pem", AsBytes(coordinator_.certificate.pem()), FileMode::kShared)
            .ok());
    config_.member = {.id = "ke", .trust_domain = "ke.fed.example"};
    config_.coordinator = {.address = "fed.example:7443", .ca = dir_ / "coordinator.pem"};
    config_.rpc.listen = "127.0.0.1:" + std::to_string(accord::testing::FreePort());
    config_.store.state = dir_ / "ca";
  }
  // Another process with the same state.
  std::unique_ptr<Issuer> Open() {
    auto issuer = Issuer::Open(config_);
    EXPECT_TRUE(issuer.ok()) << Describe(issuer.status());
    return issuer.ok() ? *std::move(issuer) : nullptr;
  }
  static Result<crypto::Certificate> Renew(const node::Identity& node) {
    ACCORD_ASSIGN_OR_RETURN(const node::Renewal renewal, node::BeginRenewal(node));
    ACCORD_ASSIGN_OR_RETURN(const rpc::Enrolled answer, rpc::Renew(node.IssuerFiles(), renewal.csr_pem, {}));
    ACCORD_RETURN_IF_ERROR(node::FinishRenewal(node, renewal, answer));
    return crypto::Certificate::FromPem(answer.certificate_pem);
  }

  accord::testing::TempDir dir_;
  const MemberCa coordinator_{"fed.example"};
  config::CaConfig config_;
};

TEST_F(IssuerTest, IsMadeOnceAndOfWhatACaCanBeMadeOf) {
  config::CaConfig bad = config_;
  bad.member.id.clear();
  EXPECT_EQ(Issuer::Init(bad).error(), errors::kConfigInvalid.id);
  const auto leaf =
      coordinator_.Leaf(coordinator_.IdOf("ada", crypto::Role::kOperator), TimePoint(Millis(0)));
  ASSERT_TRUE(WriteFileAtomic(dir_ / "leaf.pem", AsBytes(leaf.pem()), FileMode::kShared).ok());
  bad = config_;
  bad.coordinator.ca = dir_ / "leaf.pem";
  EXPECT_EQ(Issuer::Init(bad).error(), errors::kCertUsage.id);
  EXPECT_EQ(Issuer::Open(config_).status().error(), errors::kIdentityMissing.id);
  ASSERT_TRUE(Issuer::Init(config_).ok());
  EXPECT_EQ(Issuer::Init(config_).error(), errors::kIdentityExists.id);
  const auto issuer = Open();
  EXPECT_EQ(issuer->Invite("../etc", Millis(0)).status().error(), errors::kMemberInvite.id);
  EXPECT_EQ(issuer->Suspend("nobody", true).status().error(), errors::kMemberNotFound.id);
  EXPECT_NE(issuer->Suspend("nobody", true).status().hint().find("accord-ca list"), std::string::npos);
}

TEST_F(IssuerTest, ANodeJoinsAndRenewsUntilItIsSuspended) {
  ASSERT_TRUE(Issuer::Init(config_).ok());
  const auto issuer = Open();
  const auto port = issuer->Serve();
  ASSERT_TRUE(port.ok()) << Describe(port.status());
  std::thread serving([&] { issuer->Run(); });
  const auto desk = Open();
  const auto node = node::Join(dir_ / "node", desk->Invite("nairobi", Millis(0))->token);
  ASSERT_TRUE(node.ok()) << Describe(node.status());
  EXPECT_EQ(node->coordinator, "fed.example:7443");
  EXPECT_EQ(node->federation, "fed.example");

  // A thief copies the state before the node renews.
  std::filesystem::copy(
      dir_ / "node", dir_ / "thief",
      std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks);
  const auto thief = node::LoadIdentity(dir_ / "thief");
  ASSERT_TRUE(thief.ok()) << Describe(thief.status());
  EXPECT_TRUE(Renew(*node).ok());
  EXPECT_TRUE(Renew(*node).ok()) << "by the files that the renewal left";
  EXPECT_EQ(Renew(*thief).status().error(), errors::kCertSuperseded.id);

  // An answer that did not come, and one that was stored but for the last step.
  const auto begun = node::BeginRenewal(*node);
  ASSERT_TRUE(begun.ok());
  const auto lost = rpc::Renew(node->IssuerFiles(), begun->csr_pem, {});
  ASSERT_TRUE(lost.ok()) << Describe(lost.status());
  ASSERT_TRUE(
      WriteFileAtomic(begun->directory / "cert.pem", AsBytes(lost->certificate_pem), FileMode::kShared).ok());
  const auto again = Renew(*node);
  ASSERT_TRUE(again.ok()) << Describe(again.status());
  EXPECT_EQ(again->pem(), lost->certificate_pem);

  const auto suspended = desk->Suspend("nairobi", true);
  ASSERT_TRUE(suspended.ok()) << Describe(suspended.status());
  EXPECT_TRUE(suspended->suspended);
  EXPECT_TRUE(desk->List()->front().suspended);
  EXPECT_EQ(Renew(*node).status().error(), errors::kAuthRevoked.id) << "by the process that serves";
  ASSERT_TRUE(desk->Suspend("nairobi", false).ok());
  EXPECT_TRUE(Renew(*node).ok());
  issuer->Stop();
  serving.join();
}

}  // namespace
}  // namespace accord::coordinator::testing
