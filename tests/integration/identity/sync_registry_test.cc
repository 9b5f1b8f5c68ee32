// What a node pins of what a coordinator serves: never an older entry of a node than one that it has seen.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/errors.h"
#include "base/file.h"
#include "node/registry.h"
#include "node/registry_client.h"
#include "rpc/node_client.h"
#include "rpc/process.h"
#include "rpc/server.h"
#include "tests/integration/identity/desk.h"
#include "tests/integration/rpc_server/fakes.h"
#include "tests/unit/charter/fixture.h"
#include "tests/unit/node/member_ca.h"

namespace accord::node {
namespace {

using coordinator::testing::Desk;

constexpr std::uint64_t kEnds = 3'000'000'000;

class PinServedTest : public ::testing::Test {
 protected:
  static crypto::Ed25519PublicKey Key() { return crypto::Ed25519Key::Generate().PublicKey(); }
  secagg::VouchedEntry Entry(const std::string& name, std::uint64_t ends) {
    return ke_.Vouch(name, "ke", Key(), ends);
  }
  std::string Pin(std::uint64_t version, std::vector<secagg::VouchedEntry> entries) {
    std::ranges::sort(entries, {}, [](const auto& one) { return one.entry.id; });
    ServedRegistry served{entries, {.version = version, .entries = {}}};
    for (const auto& one : entries) served.registry.entries.push_back(one.entry);
    last_ = PinServed(dir_.path(), served);
    return std::string(last_.error());
  }
  [[nodiscard]] std::uint64_t Pinned() const { return LoadPinned(dir_.path())->registry->version; }

  const MemberCa ke_{"ke.fed.example"};
  accord::testing::TempDir dir_;
  Status last_;
};

TEST_F(PinServedTest, AReplacedKeyIsNotServedAgain) {
  const auto old = Entry("nairobi", kEnds), fresh = Entry("nairobi", kEnds + 1);
  const auto other = Entry("mombasa", kEnds);
  ASSERT_EQ(Pin(1, {old, other}), "");
  ASSERT_EQ(Pin(2, {fresh, other}), "");
  EXPECT_EQ(Pin(3, {old, other}), errors::kRegistryReplaced.id) << "with a higher number";
  EXPECT_NE(last_.message().find("spiffe://ke.fed.example/node/nairobi"), std::string::npos);
  EXPECT_FALSE(last_.hint().empty());
  EXPECT_EQ(Pin(1, {old, other}), errors::kRegistryReplaced.id) << "or its own";
  EXPECT_EQ(Pinned(), 2U);
}

// The coordinator lets the node be away first.
TEST_F(PinServedTest, NorOnceItsNodeWasAway) {
  const auto old = Entry("nairobi", kEnds), fresh = Entry("nairobi", kEnds + 1);
  ASSERT_EQ(Pin(1, {old}), "");
  ASSERT_EQ(Pin(2, {fresh}), "");
  ASSERT_EQ(Pin(3, {}), "");
  EXPECT_EQ(Pin(4, {old}), errors::kRegistryReplaced.id);
  EXPECT_EQ(Pin(5, {fresh}), "");
}

TEST_F(PinServedTest, OfTwoThatEndTogetherTheFirstStays) {
  ASSERT_EQ(Pin(1, {Entry("nairobi", kEnds)}), "");
  EXPECT_EQ(Pin(2, {Entry("nairobi", kEnds)}), errors::kRegistryReplaced.id);
}

// After a restore the coordinator counts anew.
TEST_F(PinServedTest, ALowerNumberWithoutOlderEntriesIsPinned) {
  const auto nairobi = Entry("nairobi", kEnds);
  ASSERT_EQ(Pin(7, {nairobi}), "");
  EXPECT_EQ(Pin(3, {nairobi, Entry("mombasa", kEnds)}), "");
  EXPECT_EQ(Pin(2, {Entry("nairobi", kEnds + 9)}), "") << "joined anew since";
  EXPECT_EQ(Pinned(), 2U);
}

// A lab of a time when nothing was noted but what is pinned.
TEST_F(PinServedTest, WhatWasPinnedBeforeCountsAsSeen) {
  const auto old = Entry("nairobi", kEnds), fresh = Entry("nairobi", kEnds + 1);
  ASSERT_TRUE(node::Pin(dir_.path(), {.version = 1, .entries = {fresh.entry}}).ok());
  EXPECT_EQ(Pin(2, {old}), errors::kRegistryReplaced.id);
}

TEST_F(PinServedTest, ADamagedNoteOfWhatWasSeenIsNoReasonToForget) {
  ASSERT_EQ(Pin(1, {Entry("nairobi", kEnds)}), "");
  ASSERT_TRUE(WriteFileAtomic(dir_ / "registry.seen", Bytes(7, 1), FileMode::kShared).ok());
  EXPECT_EQ(Pin(2, {Entry("nairobi", kEnds + 1)}), errors::kStoreCorrupt.id);
  EXPECT_NE(last_.message().find("registry.seen"), std::string::npos);
}

// Over the wire: a coordinator with two members, and a node that pins what it serves by the charter.
TEST(SyncRegistryTest, PinsWhatTheChartersCasVouchFor) {
  rpc::ForceTls13();
  Desk coordinator("fed.example", "");
  const MemberCa ke("ke.fed.example"), rw("rw.fed.example");
  charter::Charter charter = charter::CharterOf({"ke", "rw"});
  charter.members[0].ca_keys = {ke.certificate.info().spki_hash};
  charter.members[1].ca_keys = {rw.certificate.info().spki_hash};
  coordinator.identity->Use(charter);
  ASSERT_TRUE(coordinator.identity->RenewServer().ok());
  const coordinator::IdentityPaths paths(coordinator.dir.path());
  rpc::testing::FakeSessions sessions;
  rpc::testing::FakeBulk bulk;
  rpc::Server server({.listen = "127.0.0.1:0", .trust_domain = "fed.example", .tls = paths.ServerFiles()},
                     {.sessions = &sessions, .bulk = &bulk, .identity = coordinator.identity.get()});
  const auto port = server.Start();
  ASSERT_TRUE(port.ok()) << Describe(port.status());

  // A node of ke, by the files that it would have.
  const accord::testing::TempDir lab;
  const crypto::P256Key key = crypto::P256Key::Generate();
  const auto leaf = crypto::IssueLeaf(
      ke.key, ke.certificate, crypto::MakeCsr(key),
      {.identity = ke.IdOf("nairobi"), .dns_names = {}, .ip_addresses = {}},
      {coordinator.clock.now - std::chrono::minutes(5), coordinator.clock.now + std::chrono::hours(1)});
  ASSERT_TRUE(leaf.ok()) << Describe(leaf.status());
  const auto write = [&](const char* name, const std::string& text) {
    EXPECT_TRUE(WriteFileAtomic(lab / name, AsBytes(text), FileMode::kShared).ok());
    return lab / name;
  };
  ASSERT_TRUE(key.Save(lab / "key.pem").ok());
  const auto client = rpc::NodeClient::Open({.address = "127.0.0.1:" + std::to_string(*port),
                                             .ca = write("coordinator.pem", coordinator.identity->ca().pem()),
                                             .certificate = write("cert.pem", leaf->pem()),
                                             .own_ca = write("ca.pem", ke.certificate.pem()),
                                             .key = lab / "key.pem"});
  ASSERT_TRUE(client.ok()) << Describe(client.status());
  const auto entry = ke.Vouch("nairobi", "ke", crypto::Ed25519Key::Generate().PublicKey(), kEnds);
  EXPECT_EQ(SyncRegistry(lab.path(), **client, charter).error(), errors::kAuthRevoked.id) << "a stranger";
  const Status introduced = (*client)->Introduce({ke.certificate.pem(), entry.Encode()}, {});
  ASSERT_TRUE(introduced.ok()) << Describe(introduced);
  const Status pinned = SyncRegistry(lab.path(), **client, charter);
  ASSERT_TRUE(pinned.ok()) << Describe(pinned);
  EXPECT_EQ(LoadPinned(lab.path())->hash, coordinator.registry->Newest()->hash);

  // The charter of this lab knows another CA of ke: what is served is refused, and what is pinned stays.
  charter.members[0].ca_keys = {rw.certificate.info().spki_hash};
  EXPECT_EQ(SyncRegistry(lab.path(), **client, charter).error(), errors::kCertChain.id);
  EXPECT_EQ(LoadPinned(lab.path())->hash, coordinator.registry->Newest()->hash);
}

}  // namespace
}  // namespace accord::node
