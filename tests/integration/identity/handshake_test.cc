// Leaves of the wrong shape, over the real handshake (governance.md h, test 18): each is refused there, and
// for the reason that it is wrong.
#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "base/file.h"
#include "rpc/server.h"
#include "rpc/status_map.h"
#include "tests/integration/identity/odd_leaf.h"
#include "tests/integration/identity/two_members.h"
#include "tests/integration/rpc_server/raw_call.h"

namespace accord::coordinator::testing {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

// What the handler says of an introduction without words: whoever hears it was let in.
constexpr const char* kIn = "cert.malformed";

// The coordinator's own identity, and what it said in each handshake: TLS has no words for it.
class Overheard final : public rpc::IdentityHandler {
 public:
  explicit Overheard(Identity& identity) : identity_(identity) {}
  void Enrol(rpc::EnrolRequest request, rpc::Reply<rpc::Enrolled> reply) override {
    identity_.Enrol(std::move(request), std::move(reply));
  }
  void Renew(const rpc::Peer& peer, std::string csr, rpc::Reply<rpc::Enrolled> reply) override {
    identity_.Renew(peer, std::move(csr), std::move(reply));
  }
  void GetRegistry(std::optional<Digest> hash, rpc::Reply<rpc::RegistryView> reply) override {
    identity_.GetRegistry(hash, std::move(reply));
  }
  void Introduce(const rpc::Peer& peer, rpc::Introduction introduction,
                 rpc::Reply<rpc::Introduced> reply) override {
    identity_.Introduce(peer, std::move(introduction), std::move(reply));
  }
  Status CheckCertificate(std::string_view leaf, std::string_view chain) override {
    Status status = identity_.CheckCertificate(leaf, chain);
    const std::lock_guard lock(mutex_);
    said_ = status.ok() ? "ok" : std::string(status.error());
    return status;
  }
  Status CheckIdentity(const std::string& id) override { return identity_.CheckIdentity(id); }
  // What was said last; nothing when it was not asked since.
  std::string Said() {
    const std::lock_guard lock(mutex_);
    return std::exchange(said_, "");
  }

 private:
  Identity& identity_;
  std::mutex mutex_;
  std::string said_;
};

class HandshakeTest : public TwoMembersTest {
 protected:
  HandshakeTest() {
    EXPECT_TRUE(coordinator_.identity->RenewServer().ok());
    const IdentityPaths paths(coordinator_.dir.path());
    server_ = std::make_unique<rpc::Server>(rpc::ServerOptions{.listen = "127.0.0.1:0",
                                                               .trust_domain = "fed.example",
                                                               .tls = paths.ServerFiles(),
                                                               .clock = &coordinator_.clock},
                                            rpc::Handlers{.identity = &overheard_});
    const auto port = server_->Start();
    EXPECT_TRUE(port.ok()) << Describe(port.status());
    address_ = "127.0.0.1:" + std::to_string(port.ok() ? *port : 0);
  }
  // A leaf as it should be, but for what a test changes.
  [[nodiscard]] LeafShape Shape() const {
    return {.uris = {"spiffe://ke.fed.example/node/nairobi"},
            .begins = coordinator_.clock.now - minutes(5),
            .ends = coordinator_.clock.now + hours(1)};
  }
  // The leaf and, if any, the certificates behind it.
  rpc::testing::Files Write(const std::string& leaf_pem, const std::string& chain_pem) {
    const auto write = [&](const char* name, const std::string& text) {
      EXPECT_TRUE(WriteFileAtomic(files_ / name, AsBytes(text), FileMode::kShared).ok());
      return files_ / name;
    };
    EXPECT_TRUE(key_.Save(files_ / "key.pem").ok());
    return {.key = files_ / "key.pem",
            .certificate = write("cert.pem", leaf_pem + chain_pem),
            .chain = {},
            .ca = write("ca.pem", coordinator_.identity->ca().pem())};
  }
  // Introduces itself; the error of the call, and what the handshake said.
  std::pair<std::string, std::string> Call(const std::string& leaf_pem, const std::string& chain_pem) {
    const rpc::testing::Files files = Write(leaf_pem, chain_pem);
    (void)overheard_.Said();
    const Status status = rpc::FromGrpc(rpc::testing::RawCall(rpc::testing::RawChannel(address_, &files),
                                                              "/accord.v1.Enrolment/Introduce", {""}));
    return {std::string(status.error()), overheard_.Said()};
  }
  std::pair<std::string, std::string> Call(const LeafShape& shape, const MemberCa& by) {
    return Call(OddLeaf(shape, key_, by.key, by.certificate), by.certificate.pem());
  }

  const crypto::P256Key key_ = crypto::P256Key::Generate();
  accord::testing::TempDir files_;
  Overheard overheard_{*coordinator_.identity};
  std::unique_ptr<rpc::Server> server_;
  std::string address_;
};

TEST_F(HandshakeTest, ALeafAsItShouldBeGetsIn) {
  EXPECT_EQ(Call(Shape(), ke_), std::pair(std::string(kIn), std::string("ok")));
}

TEST_F(HandshakeTest, ALeafOfAnotherShapeDoesNot) {
  struct Case {
    const char* what;
    void (*change)(LeafShape&);
    std::string error;
  };
  const std::vector<Case> cases = {
      {"CA:TRUE", [](LeafShape& s) { s.basic_constraints = "critical,CA:TRUE"; }, "cert.usage"},
      {"a key that may sign certificates",
       [](LeafShape& s) { s.key_usage = "critical,digitalSignature,keyCertSign"; }, "cert.usage"},
      {"a key that may sign lists of revoked ones",
       [](LeafShape& s) { s.key_usage = "critical,digitalSignature,cRLSign"; }, "cert.usage"},
      {"a key that may not sign", [](LeafShape& s) { s.key_usage = "critical,keyEncipherment"; },
       "cert.usage"},
      {"no key usage", [](LeafShape& s) { s.key_usage = ""; }, "cert.usage"},
      {"for servers only", [](LeafShape& s) { s.extended_key_usage = "serverAuth"; }, "cert.usage"},
      {"for clients only", [](LeafShape& s) { s.extended_key_usage = "clientAuth"; }, "cert.usage"},
      {"for signing code", [](LeafShape& s) { s.extended_key_usage = "codeSigning"; }, "cert.usage"},
      {"no extended usage", [](LeafShape& s) { s.extended_key_usage = ""; }, "cert.usage"},
      {"two URIs", [](LeafShape& s) { s.uris.push_back("spiffe://ke.fed.example/node/mombasa"); },
       "cert.malformed"},
      {"no URI", [](LeafShape& s) { s.uris.clear(); }, "cert.malformed"},
      {"a URI that is no identity", [](LeafShape& s) { s.uris = {"https://ke.fed.example/"}; },
       "spiffe.invalid"},
      {"another member's node", [](LeafShape& s) { s.uris = {"spiffe://rw.fed.example/node/kigali"}; },
       "cert.chain"},
      {"an operator", [](LeafShape& s) { s.uris = {"spiffe://ke.fed.example/operator/eve"}; },
       "auth.trust_domain"},
      {"the coordinator", [](LeafShape& s) { s.uris = {"spiffe://fed.example/coordinator/coordinator"}; },
       "cert.chain"},
      {"over", [](LeafShape& s) { s.ends = s.begins + minutes(4); }, "auth.expired"},
      {"not yet", [](LeafShape& s) { s.begins = s.ends - minutes(1); }, "auth.expired"},
      {"60 KiB of comment", [](LeafShape& s) { s.padding = 60 << 10; }, "cert.malformed"},
  };
  for (const Case& one : cases) {
    LeafShape shape = Shape();
    one.change(shape);
    const auto [refused, said] = Call(shape, ke_);
    EXPECT_EQ(said, one.error) << one.what;
    EXPECT_EQ(refused, "net.unreachable") << one.what;
  }
}

TEST_F(HandshakeTest, ALeafThatIsNotFollowedByItsCaDoesNot) {
  const MemberCa forged("ke.fed.example"), nobody("zz.example");
  const std::string good = OddLeaf(Shape(), key_, ke_.key, ke_.certificate);
  LeafShape stranger = Shape();
  stranger.uris = {"spiffe://zz.example/node/x"};
  const std::vector<std::pair<std::pair<std::string, std::string>, std::string>> cases = {
      {Call(good, ""), "cert.malformed"},
      {Call(good, rw_.certificate.pem()), "cert.chain"},
      {Call(good, forged.certificate.pem()), "cert.chain"},
      {Call(Shape(), forged), "cert.chain"},
      {Call(OddLeaf(Shape(), key_, forged.key, forged.certificate), ke_.certificate.pem()), "cert.chain"},
      {Call(stranger, nobody), "auth.trust_domain"},
  };
  for (const auto& [call, error] : cases) {
    EXPECT_EQ(call.second, error);
    EXPECT_EQ(call.first, "net.unreachable");
  }
}

// OpenSSL takes no longer chain of a peer, so that nobody is asked.
TEST_F(HandshakeTest, AChainThatHasNoEndIsCutShort) {
  LeafShape shape = Shape();
  shape.padding = 200 << 10;
  EXPECT_EQ(Call(shape, ke_), std::pair(std::string("net.unreachable"), std::string()));
  std::string many;
  for (int i = 0; i < 40; ++i) many += ke_.certificate.pem();
  const auto [refused, said] = Call(OddLeaf(Shape(), key_, ke_.key, ke_.certificate), many);
  EXPECT_EQ(said, "cert.malformed");
  EXPECT_EQ(refused, "net.unreachable");
}

// A connection may be older than the end of its certificate: the gate asks at each call.
TEST_F(HandshakeTest, WhatWasInDateInTheHandshakeIsRefusedOnceItIsOver) {
  const LeafShape shape = Shape();
  const rpc::testing::Files files =
      Write(OddLeaf(shape, key_, ke_.key, ke_.certificate), ke_.certificate.pem());
  const auto channel = rpc::testing::RawChannel(address_, &files);
  const auto call = [&] {
    return rpc::FromGrpc(rpc::testing::RawCall(channel, "/accord.v1.Enrolment/Introduce", {""}));
  };
  EXPECT_EQ(call().error(), kIn);
  coordinator_.clock.now = shape.ends + minutes(1);
  EXPECT_EQ(call().error(), kIn) << "for clocks that are set";
  (void)overheard_.Said();
  coordinator_.clock.now += Millis(1);
  const Status over = call();
  EXPECT_EQ(over.error(), "auth.expired");
  EXPECT_NE(over.message().find("spiffe://ke.fed.example/node/nairobi"), std::string::npos);
  EXPECT_NE(over.message().find("identity.renewal_failed"), std::string::npos);
  EXPECT_FALSE(over.hint().empty());
  EXPECT_EQ(overheard_.Said(), "") << "on the connection that there was";
}

}  // namespace
}  // namespace accord::coordinator::testing
