#include "secagg/registry.h"

#include <gtest/gtest.h>

#include "tests/support/fsa1.h"

namespace accord::secagg {
namespace {

using crypto::Certificate;
using crypto::Ed25519Key;
using crypto::P256Key;
using crypto::Role;
using crypto::SpiffeId;

Registry Frozen(const nlohmann::json& vector) {
  Registry registry{.version = vector["version"], .entries = {}};
  for (const auto& entry : vector["entries"]) {
    registry.entries.push_back({.id = *NodeId::FromHex(entry["id"].get<std::string>()),
                                .org = entry["org"],
                                .key = *crypto::Ed25519PublicKey::FromHex(entry["pk"].get<std::string>()),
                                .not_after = entry["not_after"]});
  }
  return registry;
}

TEST(RegistryTest, MatchesTheFrozenBytesAndHash) {
  const auto vector = fsa1::Load("encoding.json")["registry"];
  const Registry registry = Frozen(vector);
  EXPECT_EQ(fsa1::ToHex(registry.Encode()), vector["bytes"]);
  EXPECT_EQ(registry.Hash().Hex(), vector["hash"]);
  const Result<Registry> parsed = Registry::Parse(fsa1::Hex(vector["bytes"]));
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(*parsed, registry);
}

TEST(RegistryTest, FindsAnEntryByItsId) {
  const Registry registry = Frozen(fsa1::Load("encoding.json")["registry"]);
  for (const RegistryEntry& entry : registry.entries) EXPECT_EQ(registry.Find(entry.id), &entry);
  EXPECT_EQ(registry.Find(NodeId{}), nullptr);
}

TEST(RegistryTest, RefusesCutLongUnsortedAndDoubledLists) {
  Registry registry = Frozen(fsa1::Load("encoding.json")["registry"]);
  const Bytes bytes = registry.Encode();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(Registry::Parse(ByteView(bytes).first(size)).status().error(), "secagg.bad_encoding") << size;
  }
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_EQ(Registry::Parse(longer).status().error(), "secagg.bad_encoding");
  std::swap(registry.entries[0], registry.entries[1]);
  EXPECT_EQ(Registry::Parse(registry.Encode()).status().error(), "secagg.bad_encoding");
  registry.entries[0] = registry.entries[1];
  EXPECT_EQ(Registry::Parse(registry.Encode()).status().error(), "secagg.bad_encoding");
  EXPECT_TRUE(Registry::Parse(Registry{}.Encode()).ok());
}

struct VouchTest : testing::Test {
  static Certificate Ca(const P256Key& key, const std::string& domain) {
    const TimePoint now{std::chrono::seconds(1'800'000'000)};
    return *MakeCa(key, domain, {now, now + std::chrono::hours(1)});
  }
  P256Key key = P256Key::Generate();
  Certificate ca = Ca(key, "fed.example");
  SpiffeId identity{"fed.example", Role::kNode, "lab"};
  VouchedEntry vouched = Vouch(key, identity, "fed", Ed25519Key::Generate().PublicKey(), 2'000'000'000);
};

TEST_F(VouchTest, AnEntrySignedByTheCaOfItsDomainCounts) {
  EXPECT_EQ(vouched.entry.id, identity.ToNodeId());
  EXPECT_TRUE(CheckVouched(vouched, ca).ok());
  const Result<VouchedEntry> parsed = VouchedEntry::Parse(vouched.Encode());
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->entry, vouched.entry);
  EXPECT_TRUE(CheckVouched(*parsed, ca).ok());
}

TEST_F(VouchTest, NoFieldCanBeChangedUnderTheSignature) {
  const auto error_after = [&](const std::function<void(VouchedEntry&)>& change) {
    VouchedEntry changed = vouched;
    change(changed);
    return CheckVouched(changed, ca).error();
  };
  EXPECT_EQ(error_after([](VouchedEntry& v) { v.entry.org = "other"; }), "registry.untrusted");
  EXPECT_EQ(error_after([](VouchedEntry& v) { v.entry.key.bytes[5] ^= 1; }), "registry.untrusted");
  EXPECT_EQ(error_after([](VouchedEntry& v) { v.entry.not_after += 1; }), "registry.untrusted");
  EXPECT_EQ(error_after([](VouchedEntry& v) { v.entry.id.bytes[0] ^= 1; }), "registry.untrusted");
  EXPECT_EQ(error_after([](VouchedEntry& v) { v.identity.name = "eve"; }), "registry.untrusted");
  EXPECT_EQ(error_after([](VouchedEntry& v) {
              v.identity.name = "eve";
              v.entry.id = v.identity.ToNodeId();
            }),
            "registry.untrusted");
  EXPECT_EQ(error_after([](VouchedEntry& v) { v.signature.clear(); }), "registry.untrusted");
}

TEST_F(VouchTest, OnlyNodesOfTheDomainAndOnlyItsCaCount) {
  const P256Key other = P256Key::Generate();
  EXPECT_EQ(CheckVouched(vouched, Ca(other, "fed.example")).error(), "registry.untrusted");
  EXPECT_EQ(CheckVouched(vouched, Ca(key, "other.example")).error(), "registry.untrusted");
  const auto person = Vouch(key, {"fed.example", Role::kOperator, "lab"}, "fed", vouched.entry.key, 1);
  EXPECT_EQ(CheckVouched(person, ca).error(), "registry.untrusted");
}

TEST_F(VouchTest, OneOfAMembersCasIsEnough) {
  const P256Key other = P256Key::Generate();
  const std::vector<Certificate> cas = {Ca(other, "fed.example"), ca, Ca(key, "other.example")};
  EXPECT_TRUE(CheckVouched(vouched, cas).ok());
  EXPECT_EQ(CheckVouched(vouched, std::span(cas).first(1)).error(), "registry.untrusted");
  EXPECT_EQ(CheckVouched(vouched, std::span(cas).first(0)).error(), "registry.untrusted");
}

TEST_F(VouchTest, RefusesEveryCut) {
  const Bytes bytes = vouched.Encode();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(VouchedEntry::Parse(ByteView(bytes).first(size)).status().error(), "secagg.bad_encoding");
  }
}

}  // namespace
}  // namespace accord::secagg
