// The registry under a charter: an entry counts by a CA that the charter has for its member, and by nothing
// else (governance.md h, tests 17 and 18).
#include <gtest/gtest.h>

#include <algorithm>

#include "base/errors.h"
#include "node/registry.h"
#include "node/registry_client.h"
#include "tests/unit/charter/fixture.h"
#include "tests/unit/node/member_ca.h"

namespace accord::node {
namespace {

class CharterRegistryTest : public ::testing::Test {
 protected:
  CharterRegistryTest() {
    charter_ = charter::CharterOf({"be", "ke", "rw"});
    for (charter::Member& member : charter_.members) {
      cas_.push_back(MemberCa(member.trust_domain));
      member.ca_keys = {cas_.back().certificate.info().spki_hash};
      certificates_.push_back(cas_.back().certificate);
    }
    Add(0, "brussels", "be");
    Add(1, "nairobi", "ke");
    Add(2, "kigali", "rw");
  }
  void Add(std::size_t ca, const std::string& name, const std::string& org) {
    entries_.push_back(cas_[ca].Vouch(name, org, crypto::Ed25519Key::Generate().PublicKey()));
    std::ranges::sort(entries_, {}, [](const secagg::VouchedEntry& one) { return one.entry.id; });
  }
  [[nodiscard]] std::string Error() const {
    const auto registry = CheckRegistry(3, entries_, certificates_, charter_);
    return registry.ok() ? "" : std::string(registry.status().error());
  }

  charter::Charter charter_;
  std::vector<MemberCa> cas_;
  std::vector<crypto::Certificate> certificates_;
  std::vector<secagg::VouchedEntry> entries_;
};

TEST_F(CharterRegistryTest, TakesWhatEachMembersOwnCaSigned) { EXPECT_EQ(Error(), ""); }

TEST_F(CharterRegistryTest, TheCoordinatorCannotMakeANodeUp) {
  // A CA of its own, of the trust domain of ke, which the charter does not have.
  cas_.push_back(MemberCa(charter_.members[1].trust_domain));
  certificates_.push_back(cas_.back().certificate);
  Add(3, "invented", "ke");
  EXPECT_EQ(Error(), errors::kRegistryUntrusted.id);
}

TEST_F(CharterRegistryTest, AMembersCaCannotSpeakForAnother) {
  const crypto::SpiffeId kigali = *crypto::SpiffeId::Make("rw.fed.example", crypto::Role::kNode, "kigali-2");
  entries_.push_back(
      secagg::Vouch(cas_[1].key, kigali, "rw", crypto::Ed25519Key::Generate().PublicKey(), 4'000'000'000));
  std::ranges::sort(entries_, {}, [](const secagg::VouchedEntry& one) { return one.entry.id; });
  EXPECT_EQ(Error(), errors::kRegistryUntrusted.id);
}

TEST_F(CharterRegistryTest, AnEntryIsOfItsOwnMember) {
  Add(1, "mombasa", "be");
  EXPECT_EQ(Error(), errors::kRegistryUntrusted.id);
}

TEST_F(CharterRegistryTest, ATrustDomainOfNobodyIsRefused) {
  cas_.push_back(MemberCa("zz.fed.example"));
  certificates_.push_back(cas_.back().certificate);
  Add(3, "somewhere", "zz");
  EXPECT_EQ(Error(), errors::kAuthTrustDomain.id);
}

TEST_F(CharterRegistryTest, TheCaHasToBeThere) {
  certificates_.pop_back();
  EXPECT_EQ(Error(), errors::kCertChain.id);
}

TEST_F(CharterRegistryTest, WhomTheCharterSuspendedOrRevokedIsOut) {
  charter_.members[2].suspended = true;
  EXPECT_EQ(Error(), errors::kAuthRevoked.id);
  charter_.members[2].suspended = false;
  EXPECT_EQ(Error(), "");
  charter_.revoked.push_back({std::string(charter::kRevokedNode), "spiffe://rw.fed.example/node/kigali", 7});
  EXPECT_EQ(Error(), errors::kAuthRevoked.id);
}

TEST_F(CharterRegistryTest, AMemberHasOneName) {
  Add(1, "mombasa", "ke.fed.example");  // the trust domain will do, where all of them say so
  EXPECT_EQ(Error(), errors::kRegistryUntrusted.id);
  std::erase_if(entries_, [](const secagg::VouchedEntry& one) { return one.identity.name == "nairobi"; });
  EXPECT_EQ(Error(), "");
}

TEST_F(CharterRegistryTest, WhatIsPinnedCountsByTheNewestCharter) {
  const secagg::Registry pinned = *CheckRegistry(3, entries_, certificates_, charter_);
  const NodeId nairobi = cas_[1].IdOf("nairobi").ToNodeId(), kigali = cas_[2].IdOf("kigali").ToNodeId();
  EXPECT_EQ(*Counting(pinned, charter_), pinned);
  charter_.revoked.push_back({std::string(charter::kRevokedNode), cas_[1].IdOf("nairobi").Format(), 7});
  EXPECT_EQ(Counting(pinned, charter_)->Find(nairobi), nullptr);
  EXPECT_EQ(Counting(pinned, charter_)->entries.size(), 2U);
  charter_.members[2].suspended = true;
  EXPECT_EQ(Counting(pinned, charter_)->Find(kigali), nullptr);
  charter_.members.pop_back();
  EXPECT_EQ(Counting(pinned, charter_)->Find(kigali), nullptr);
  EXPECT_EQ(Counting(pinned, charter_)->entries.size(), 1U);
}

TEST_F(CharterRegistryTest, WhatIsServedComesWithItsCas) {
  rpc::RegistryView view{.version = 3, .entries = {}, .cas = {}};
  for (const secagg::VouchedEntry& one : entries_)
    view.entries.push_back({one.identity.Format(), one.entry.Encode(), one.signature});
  EXPECT_EQ(CheckServed(view, charter_).status().error(), errors::kCertChain.id);
  for (const crypto::Certificate& ca : certificates_) view.cas.push_back(ca.pem());
  const auto served = CheckServed(view, charter_);
  ASSERT_TRUE(served.ok()) << Describe(served.status());
  EXPECT_EQ(served->registry, *CheckRegistry(3, entries_, certificates_, charter_));
  view.cas.push_back("no PEM");
  EXPECT_TRUE(CheckServed(view, charter_).ok()) << "what nobody needs does no harm";
}

}  // namespace
}  // namespace accord::node
