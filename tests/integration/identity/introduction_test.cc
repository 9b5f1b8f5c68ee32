// Nodes of members with CAs of their own, before the coordinator (governance.md h): who gets into the
// registry, and who does not.
#include <gtest/gtest.h>

#include <string>

#include "base/errors.h"
#include "tests/integration/identity/two_members.h"

namespace accord::coordinator::testing {
namespace {

using IntroductionTest = TwoMembersTest;

TEST_F(IntroductionTest, AMembersNodeIsTakenIntoTheRegistryOnce) {
  const auto nairobi = ke_.Vouch("nairobi", "ke", Key(), kEnds);
  ASSERT_EQ(Introduce(nairobi, ke_), "") << last_.message();
  ASSERT_NE(Entry(nairobi.identity), nullptr);
  EXPECT_EQ(*Entry(nairobi.identity), nairobi.entry);
  EXPECT_TRUE(coordinator_.identity->CheckIdentity(nairobi.identity.Format()).ok());
  const std::uint64_t version = Registry().version;
  EXPECT_EQ(Introduce(nairobi, ke_), "") << "said again, at every connection";
  EXPECT_EQ(Registry().version, version);
  EXPECT_EQ(coordinator_.Tokens(), 0);
}

TEST_F(IntroductionTest, ANodeWithEverNewKeysLeavesOneRow) {
  for (std::uint64_t i = 0; i < 50; ++i)
    ASSERT_EQ(Introduce(ke_.Vouch("nairobi", "ke", Key(), kEnds + i), ke_), "") << last_.message();
  EXPECT_EQ(coordinator_.Tokens(), 0);
  EXPECT_EQ(coordinator_.members->List()->size(), 1U);
  EXPECT_EQ(Registry().entries.size(), 1U);
}

// The key was stolen, and its member has the node join anew.
TEST_F(IntroductionTest, AKeyThatWasReplacedDoesNotComeBack) {
  const auto stolen = ke_.Vouch("nairobi", "ke", Key(), kEnds);
  const auto fresh = ke_.Vouch("nairobi", "ke", Key(), kEnds + 1);
  ASSERT_EQ(Introduce(stolen, ke_), "");
  ASSERT_EQ(Introduce(fresh, ke_), "");
  EXPECT_EQ(Introduce(stolen, ke_), errors::kRegistryReplaced.id);
  EXPECT_NE(last_.message().find("nairobi"), std::string::npos);
  EXPECT_FALSE(last_.hint().empty());
  EXPECT_EQ(*Entry(fresh.identity), fresh.entry);
  const auto same_end = ke_.Vouch("nairobi", "ke", Key(), kEnds + 1);
  EXPECT_EQ(Introduce(same_end, ke_), errors::kRegistryReplaced.id) << "nobody can say which is newer";
}

TEST_F(IntroductionTest, ASuspendedNameStaysOutWithWhateverKey) {
  const auto nairobi = ke_.Vouch("nairobi", "ke", Key(), kEnds);
  ASSERT_EQ(Introduce(nairobi, ke_), "");
  ASSERT_TRUE(coordinator_.identity->Suspend(nairobi.identity.Format(), true).ok());
  EXPECT_EQ(coordinator_.cut.at(nairobi.identity.Format()).error(), errors::kAuthRevoked.id);
  EXPECT_EQ(Introduce(nairobi, ke_), errors::kAuthRevoked.id);
  EXPECT_EQ(Introduce(ke_.Vouch("nairobi", "ke", Key(), kEnds + 1), ke_), errors::kAuthRevoked.id);
  EXPECT_EQ(Entry(nairobi.identity), nullptr);
  ASSERT_TRUE(coordinator_.identity->Suspend(nairobi.identity.Format(), false).ok());
  EXPECT_EQ(Introduce(nairobi, ke_), "");
}

// Jobs and people speak of nodes by name.
TEST_F(IntroductionTest, ANameIsOneNodes) {
  ASSERT_EQ(Introduce(ke_.Vouch("node-1", "ke", Key(), kEnds), ke_), "");
  const auto other = rw_.Vouch("node-1", "rw", Key(), kEnds);
  EXPECT_EQ(Introduce(other, rw_), errors::kMemberInvite.id);
  EXPECT_NE(last_.message().find("spiffe://ke.fed.example/node/node-1"), std::string::npos);
  EXPECT_EQ(Entry(other.identity), nullptr);
}

TEST_F(IntroductionTest, NobodyElsesWordCounts) {
  const MemberCa forged("ke.fed.example"), nobody("zz.example"), own("fed.example");
  const auto nairobi = ke_.Vouch("nairobi", "ke", Key(), kEnds);
  EXPECT_EQ(Introduce(forged.Vouch("nairobi", "ke", Key()), forged), errors::kCertChain.id);
  EXPECT_EQ(Introduce(forged.Vouch("nairobi", "ke", Key()), ke_), errors::kRegistryUntrusted.id);
  EXPECT_EQ(Introduce(nairobi, rw_), errors::kCertChain.id);
  EXPECT_EQ(Introduce(rw_.Vouch("nairobi", "ke", Key()), ke_), errors::kCertChain.id);
  EXPECT_EQ(Introduce(nobody.Vouch("x", "zz", Key()), nobody), errors::kAuthTrustDomain.id);
  EXPECT_EQ(Introduce(own.Vouch("x", "ke", Key()), own), errors::kRegistryUntrusted.id);
  EXPECT_EQ(Introduce(ke_.Vouch("nairobi", "rw", Key()), ke_), errors::kRegistryUntrusted.id);
  EXPECT_EQ(Introduce(ke_.Vouch("nairobi", "ke", Key(), 1), ke_), errors::kRegistryUntrusted.id) << "over";
  const auto leaf = ke_.Leaf(ke_.IdOf("nairobi"), coordinator_.clock.now);
  EXPECT_EQ(Introduce(nairobi, leaf.pem()), errors::kCertChain.id) << "no CA";
  EXPECT_EQ(Introduce(nairobi, "no PEM"), errors::kCertMalformed.id);
  EXPECT_EQ(Introduce(nairobi, ke_.certificate.pem(), "spiffe://ke.fed.example/node/mombasa"),
            errors::kRegistryUntrusted.id)
      << "with another's entry";
  EXPECT_TRUE(coordinator_.members->List()->empty());
}

TEST_F(IntroductionTest, ACaThatTheMemberRotatedBringsItsNodesAnew) {
  const auto old = ke_.Vouch("nairobi", "ke", Key(), kEnds);
  ASSERT_EQ(Introduce(old, ke_), "");
  const MemberCa next("ke.fed.example");
  charter_.version = 2;
  charter_.members[0].ca_keys = {next.certificate.info().spki_hash};
  coordinator_.identity->Use(charter_);
  const std::string id = old.identity.Format();
  EXPECT_EQ(coordinator_.cut.at(id).error(), errors::kAuthRevoked.id) << "its live connections are ended";
  EXPECT_EQ(Entry(old.identity), nullptr);
  EXPECT_EQ(coordinator_.identity->CheckIdentity(id).error(), errors::kAuthRevoked.id);
  EXPECT_EQ(Introduce(old, ke_), errors::kCertChain.id);
  const auto anew = next.Vouch("nairobi", "ke", Key(), kEnds + 1);
  ASSERT_EQ(Introduce(anew, next), "") << last_.message();
  EXPECT_EQ(*Entry(anew.identity), anew.entry);
  EXPECT_TRUE(coordinator_.identity->CheckIdentity(id).ok());
}

// What a member's CA signs of a node that joins: of two entries the newer ends later.
TEST(EntryTest, ANodeThatJoinsAnewGetsAnEntryThatReplacesTheOlder) {
  Desk ca("ke.fed.example", "ke");
  const auto entry = [&](const crypto::Ed25519Key& key) {
    const auto answer = ca.Enrol("nairobi", crypto::P256Key::Generate(), key);
    EXPECT_TRUE(answer.ok()) << Describe(answer.status());
    return secagg::VouchedEntry::Parse(answer->registry_entry)->entry;
  };
  const crypto::Ed25519Key one = crypto::Ed25519Key::Generate(), two = crypto::Ed25519Key::Generate();
  const auto first = entry(one), second = entry(two);
  EXPECT_TRUE(second.Replaces(first)) << "also within the second";
  EXPECT_EQ(entry(two), second) << "the same key is no reason for the labs to pin anew";
  ca.clock.now -= std::chrono::hours(24);
  EXPECT_TRUE(entry(one).Replaces(second)) << "also by a clock that was set back";
  ca.clock.now += std::chrono::hours(48);
  const auto later = entry(two);
  EXPECT_GE(later.not_after, first.not_after + 24 * 3'600 - 1);
}

}  // namespace
}  // namespace accord::coordinator::testing
