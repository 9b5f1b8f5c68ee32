#include "coordinator/registry_book.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/file.h"
#include "crypto/ed25519.h"
#include "crypto/sha256.h"
#include "crypto/x509.h"
#include "rpc/registry_view.h"
#include "tests/support/temp_dir.h"

namespace accord::coordinator {
namespace {

constexpr TimePoint kNow{Millis(1'760'000'000'000)};

class RegistryBookTest : public ::testing::Test {
 protected:
  RegistryBookTest() : members_(*store::Members::Open(dir_ / "members.db")) { Open(); }

  void Open() {
    book_.reset();
    auto book = RegistryBook::Open(Directory(), *members_);
    ASSERT_TRUE(book.ok()) << Describe(book.status());
    book_ = *std::move(book);
  }
  [[nodiscard]] std::filesystem::path Directory() const { return dir_ / "registry"; }

  static crypto::SpiffeId IdentityOf(const std::string& role, const std::string& name) {
    return *crypto::SpiffeId::Make("demo.accord", *crypto::ParseRole(role), name);
  }
  // As enrolment does it; `seed` makes the protocol key.
  void Enrol(const std::string& name, std::uint8_t seed, const std::string& role = "node") {
    const crypto::SpiffeId id = IdentityOf(role, name);
    const std::string secret = name + std::to_string(++tokens_);
    store::Member member{.spiffe_id = id.Format(), .name = name, .role = role, .enrolled_at = kNow};
    if (role == "node") {
      const auto key = crypto::Ed25519Key::FromSeed(Bytes(32, seed)).PublicKey();
      const auto vouched = secagg::Vouch(ca_key_, id, "demo.accord", key, 2'000'000'000);
      member.registry_entry = vouched.Encode();
      member.registry_signature = vouched.signature;
    }
    ASSERT_TRUE(members_
                    ->AddToken({.secret_hash = crypto::Sha256::Of(secret),
                                .spiffe_id = member.spiffe_id,
                                .name = name,
                                .role = role,
                                .expires_at = kNow + Millis(1'000)})
                    .ok());
    ASSERT_TRUE(members_->Redeem({.secret_hash = crypto::Sha256::Of(secret), .member = member}, kNow).ok());
    ASSERT_TRUE(book_->Refresh().ok());
  }
  void Suspend(const std::string& name, bool suspended) {
    ASSERT_TRUE(members_->Suspend(IdentityOf("node", name).Format(), suspended).ok());
    ASSERT_TRUE(book_->Refresh().ok());
  }
  [[nodiscard]] std::uint64_t version() const { return book_->Newest()->registry.version; }
  [[nodiscard]] std::size_t nodes() const { return book_->Newest()->registry.entries.size(); }

  testing::TempDir dir_;
  crypto::P256Key ca_key_ = crypto::P256Key::Generate();
  std::unique_ptr<store::Members> members_;
  std::unique_ptr<RegistryBook> book_;
  int tokens_ = 0;
};

TEST_F(RegistryBookTest, BeginsWithAnEmptyVersionOne) {
  EXPECT_EQ(version(), 1U);
  EXPECT_EQ(nodes(), 0U);
  EXPECT_EQ(book_->Newest()->hash, (secagg::Registry{.version = 1}).Hash());
}

TEST_F(RegistryBookTest, GrowsWithEachNodeInTheOrderOfIds) {
  for (const char* name : {"ke", "br", "no", "de"}) Enrol(name, 1);
  EXPECT_EQ(version(), 5U);
  const auto newest = book_->Newest();
  EXPECT_TRUE(std::ranges::is_sorted(newest->registry.entries, {}, &secagg::RegistryEntry::id));
  EXPECT_NE(newest->registry.Find(IdentityOf("node", "br").ToNodeId()), nullptr);
  EXPECT_EQ(newest->hash, newest->registry.Hash());
}

TEST_F(RegistryBookTest, PeopleAreNotInIt) {
  Enrol("ada", 1, "researcher");
  EXPECT_EQ(version(), 1U);
}

TEST_F(RegistryBookTest, StaysWhenNothingChanged) {
  Enrol("ke", 1);
  const Digest hash = book_->Newest()->hash;
  ASSERT_TRUE(book_->Refresh().ok());
  Enrol("ke", 1);  // another signature over the same entry
  EXPECT_EQ(version(), 2U);
  EXPECT_EQ(book_->Newest()->hash, hash);
}

TEST_F(RegistryBookTest, ANewKeyOfANodeMakesANewVersion) {
  Enrol("ke", 1);
  const Digest first = book_->Newest()->hash;
  Enrol("ke", 2);
  EXPECT_EQ(version(), 3U);
  EXPECT_EQ(nodes(), 1U);
  EXPECT_NE(book_->Newest()->hash, first);
}

TEST_F(RegistryBookTest, SuspendedNodesAreOut) {
  Enrol("ke", 1);
  Enrol("no", 2);
  const Digest both = book_->Newest()->hash;
  Suspend("no", true);
  EXPECT_EQ(version(), 4U);
  EXPECT_EQ(book_->Newest()->registry.Find(IdentityOf("node", "no").ToNodeId()), nullptr);
  EXPECT_EQ(nodes(), 1U);
  Suspend("no", false);
  EXPECT_EQ(version(), 5U);
  EXPECT_EQ(nodes(), 2U);
  EXPECT_NE(book_->Newest()->hash, both);  // the version is part of the hash
}

TEST_F(RegistryBookTest, EveryVersionStaysReadableAfterReopening) {
  std::vector<RegistryVersion> versions = {*book_->Newest()};
  for (const char* name : {"ke", "br", "no"}) {
    Enrol(name, 7);
    versions.push_back(*book_->Newest());
  }
  for (int twice = 0; twice < 2; ++twice) {
    for (const RegistryVersion& kept : versions) {
      const auto found = book_->Find(kept.hash);
      ASSERT_TRUE(found.ok()) << Describe(found.status());
      EXPECT_EQ((*found)->registry, kept.registry);
      EXPECT_EQ((*found)->View().entries, kept.View().entries);
    }
    EXPECT_EQ(book_->Find(Digest()).status().error(), "blob.not_found");
    Open();
    EXPECT_EQ(version(), 4U);
  }
}

// The process ended between the change of the members and the new version.
TEST_F(RegistryBookTest, ARefreshMakesUpForAChangeThatWasMissed) {
  Enrol("ke", 1);
  ASSERT_TRUE(members_->Suspend(IdentityOf("node", "ke").Format(), true).ok());
  Open();
  EXPECT_EQ(version(), 2U) << "who counts is not known yet";
  ASSERT_TRUE(book_->Refresh().ok());
  EXPECT_EQ(version(), 3U);
  EXPECT_EQ(nodes(), 0U);
}

TEST_F(RegistryBookTest, ADamagedFileIsRefused) {
  Enrol("ke", 1);
  const std::filesystem::path file = Directory() / ("2." + book_->Newest()->hash.Hex());
  Bytes bytes = *ReadFile(file);
  bytes[bytes.size() / 2] ^= 1;
  ASSERT_TRUE(WriteFileAtomic(file, bytes, FileMode::kShared).ok());
  EXPECT_EQ(RegistryBook::Open(Directory(), *members_).status().error(), "store.corrupt");
}

TEST_F(RegistryBookTest, WhatIsServedIsVouchedForAndHasTheHash) {
  const auto ca = crypto::MakeCa(ca_key_, "demo.accord", {kNow, kNow + Millis(86'400'000)});
  ASSERT_TRUE(ca.ok());
  Enrol("ke", 1);
  Enrol("no", 2);
  const rpc::RegistryView view = book_->Newest()->View();
  ASSERT_EQ(view.entries.size(), 2U);
  for (const auto& entry : view.entries) {
    EXPECT_TRUE(secagg::CheckVouched(*rpc::ToVouched(entry), *ca).ok());
  }
  EXPECT_EQ(rpc::ToRegistry(view)->Hash(), book_->Newest()->hash);
}

}  // namespace
}  // namespace accord::coordinator
