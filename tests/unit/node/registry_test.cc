// The pinned registry: what is checked before it is shown, and that the file says what was pinned.
#include "node/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"
#include "base/file.h"
#include "node/registry_client.h"
#include "tests/support/temp_dir.h"

namespace accord::node {
namespace {

constexpr const char* kDomain = "fed.example";

class PinnedRegistryTest : public ::testing::Test {
 protected:
  PinnedRegistryTest() {
    for (const char* name : {"ankara", "bogota", "cairo"}) {
      entries_.push_back(secagg::Vouch(ca_key_, *crypto::SpiffeId::Make(kDomain, crypto::Role::kNode, name),
                                       "lab of " + std::string(name),
                                       crypto::Ed25519Key::Generate().PublicKey(), 1'900'000'000));
    }
    std::ranges::sort(entries_, {}, [](const secagg::VouchedEntry& vouched) { return vouched.entry.id; });
  }
  static crypto::Certificate Ca(const crypto::P256Key& key) {
    return *crypto::MakeCa(key, kDomain, {TimePoint(Millis(0)), TimePoint(Millis(4'000'000'000'000))});
  }

  crypto::P256Key ca_key_ = crypto::P256Key::Generate();
  std::vector<crypto::Certificate> cas_ = {Ca(ca_key_)};
  std::vector<secagg::VouchedEntry> entries_;
  testing::TempDir dir_;
};

TEST_F(PinnedRegistryTest, ThereIsNoneUntilOneIsPinned) {
  const auto none = LoadPinned(dir_.path());
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->registry, nullptr);
  EXPECT_TRUE(none->hash.IsZero());
  const auto registry = CheckRegistry(7, entries_, cas_);
  ASSERT_TRUE(registry.ok()) << Describe(registry.status());
  ASSERT_TRUE(Pin(dir_.path(), *registry).ok());
  const auto pinned = LoadPinned(dir_.path());
  ASSERT_TRUE(pinned.ok());
  EXPECT_EQ(*pinned->registry, *registry);
  EXPECT_EQ(pinned->hash, registry->Hash());
}

TEST_F(PinnedRegistryTest, AnAttemptGoesOnUnderTheOneBeforeWhenANodeHasJoined) {
  const std::vector all = entries_;
  entries_.erase(entries_.begin() + 1);
  const secagg::Registry first = *CheckRegistry(7, entries_, cas_), second = *CheckRegistry(8, all, cas_);
  ASSERT_TRUE(Pin(dir_.path(), first).ok());
  EXPECT_EQ(LoadPinned(dir_.path())->before, nullptr);
  ASSERT_TRUE(Pin(dir_.path(), second).ok());
  ASSERT_TRUE(Pin(dir_.path(), second).ok()) << "pinned again it is no other";
  const PinnedRegistry pinned = *LoadPinned(dir_.path());
  EXPECT_EQ(pinned.hash, second.Hash());
  EXPECT_EQ(pinned.For(first.Hash()).hash, first.Hash());
  EXPECT_EQ(*pinned.For(first.Hash()).registry, first);
  EXPECT_EQ(pinned.For(second.Hash()).hash, second.Hash());
  EXPECT_EQ(pinned.For(Digest()).hash, second.Hash()) << "any other is for the offer's check to refuse";
}

TEST_F(PinnedRegistryTest, NoAttemptGoesOnWithWhoHasLeftOrWhoseKeyIsAnother) {
  const secagg::Registry first = *CheckRegistry(7, entries_, cas_);
  secagg::Registry left = first, another = first;
  left.entries.pop_back();
  another.entries[0].key = crypto::Ed25519Key::Generate().PublicKey();
  for (secagg::Registry next : {left, another}) {
    next.version = 8;
    ASSERT_TRUE(Pin(dir_.path(), first).ok());
    ASSERT_TRUE(Pin(dir_.path(), next).ok());
    const PinnedRegistry pinned = *LoadPinned(dir_.path());
    EXPECT_EQ(pinned.before, nullptr);
    EXPECT_EQ(pinned.For(first.Hash()).hash, next.Hash());
  }
}

TEST_F(PinnedRegistryTest, ADamagedOneIsPinnedAnew) {
  const secagg::Registry registry = *CheckRegistry(7, entries_, cas_);
  ASSERT_TRUE(Pin(dir_.path(), registry).ok());
  for (const char* file : {"registry.before", "registry.pinned"})
    ASSERT_TRUE(WriteFileAtomic(dir_ / file, AsBytes("x"), FileMode::kShared).ok());
  ASSERT_TRUE(Pin(dir_.path(), registry).ok());
  const auto pinned = LoadPinned(dir_.path());
  ASSERT_TRUE(pinned.ok()) << Describe(pinned.status());
  EXPECT_EQ(pinned->hash, registry.Hash());
  EXPECT_EQ(pinned->before, nullptr) << "a damaged one before counts as none";
}

TEST_F(PinnedRegistryTest, ADamagedFileIsNoRegistry) {
  ASSERT_TRUE(Pin(dir_.path(), *CheckRegistry(7, entries_, cas_)).ok());
  Bytes bytes = *ReadFile(dir_ / "registry.pinned");
  bytes.pop_back();
  ASSERT_TRUE(WriteFileAtomic(dir_ / "registry.pinned", bytes, FileMode::kShared).ok());
  EXPECT_EQ(LoadPinned(dir_.path()).status().error(), errors::kStoreCorrupt.id);
}

TEST_F(PinnedRegistryTest, EveryEntryIsVouchedForByTheCaOfThisNode) {
  const std::vector other = {Ca(crypto::P256Key::Generate())};
  EXPECT_EQ(CheckRegistry(7, entries_, other).status().error(), errors::kRegistryUntrusted.id);
  EXPECT_EQ(CheckRegistry(7, entries_, {}).status().error(), errors::kRegistryUntrusted.id);
  EXPECT_TRUE(CheckRegistry(7, entries_, std::vector{other[0], cas_[0]}).ok()) << "any of them";
  auto changed = entries_;
  changed[1].entry.org = "another lab";
  EXPECT_EQ(CheckRegistry(7, changed, cas_).status().error(), errors::kRegistryUntrusted.id);
  auto swapped = entries_;
  std::swap(swapped[0], swapped[1]);
  EXPECT_EQ(CheckRegistry(7, swapped, cas_).status().error(), errors::kSecaggBadEncoding.id);
  auto twice = entries_;
  twice[1] = twice[0];
  EXPECT_EQ(CheckRegistry(7, twice, cas_).status().error(), errors::kSecaggBadEncoding.id);
}

TEST_F(PinnedRegistryTest, WhatIsServedIsBelievedOnlyUnderTheHashThatWasAskedFor) {
  rpc::RegistryView view{.version = 7, .entries = {}, .cas = {}};
  for (const secagg::VouchedEntry& vouched : entries_) {
    const secagg::Registry one{.version = 0, .entries = {vouched.entry}};
    const Bytes bytes = one.Encode();  // u64 version, u32 count, then the entry
    view.entries.push_back(
        {vouched.identity.Format(), Bytes(bytes.begin() + 12, bytes.end()), vouched.signature});
  }
  const Digest hash = CheckRegistry(7, entries_, cas_)->Hash();
  const auto served = CheckServed(view, cas_, hash);
  ASSERT_TRUE(served.ok()) << Describe(served.status());
  EXPECT_EQ(served->registry.Hash(), hash);
  EXPECT_TRUE(CheckServed(view, cas_, std::nullopt).ok());
  view.version = 8;
  EXPECT_EQ(CheckServed(view, cas_, hash).status().error(), errors::kSecaggWrongRegistry.id);
  view.entries[0].signature.back() ^= 1;
  EXPECT_EQ(CheckServed(view, cas_, std::nullopt).status().error(), errors::kRegistryUntrusted.id);
  view.entries[1].entry.pop_back();
  EXPECT_FALSE(CheckServed(view, cas_, std::nullopt).ok());
}

TEST_F(PinnedRegistryTest, APersonSeesWhoItIsAndTheHashToCompare) {
  const std::string text = RegistryText(7, entries_, entries_[0].entry.id);
  for (const secagg::VouchedEntry& vouched : entries_) {
    EXPECT_THAT(text, ::testing::HasSubstr(vouched.identity.name));
    EXPECT_THAT(text, ::testing::HasSubstr("lab of " + vouched.identity.name));
  }
  EXPECT_THAT(text, ::testing::HasSubstr(entries_[0].identity.name + " (this node)"));
  EXPECT_THAT(text, ::testing::HasSubstr("2030-03-17"));
  EXPECT_THAT(text, ::testing::HasSubstr(CheckRegistry(7, entries_, cas_)->Hash().Hex()));
}

}  // namespace
}  // namespace accord::node
