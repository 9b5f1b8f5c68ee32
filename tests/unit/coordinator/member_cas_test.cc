// Whose certificates the coordinator believes (governance.md h, tests 17 and 18).
#include "coordinator/member_cas.h"

#include <gtest/gtest.h>

#include "base/errors.h"
#include "tests/unit/charter/fixture.h"
#include "tests/unit/node/member_ca.h"

namespace accord::coordinator {
namespace {

constexpr TimePoint kToday{std::chrono::seconds(charter::kNow)};

class MemberCasTest : public ::testing::Test {
 protected:
  MemberCasTest() {
    charter_.members[0].ca_keys = {ke_.certificate.info().spki_hash};
    charter_.members[1].ca_keys = {rw_.certificate.info().spki_hash};
  }
  [[nodiscard]] std::string Error(const crypto::Certificate& leaf, const std::string& chain) const {
    const Status status = cas_.CheckLeaf(leaf.pem(), chain, kToday);
    return status.ok() ? "" : std::string(status.error());
  }
  [[nodiscard]] std::string Error(const secagg::VouchedEntry& vouched, const MemberCa& ca) const {
    const Status status = cas_.CheckEntry(vouched, ca.certificate, kToday);
    return status.ok() ? "" : std::string(status.error());
  }

  const MemberCa own_{"fed.example"}, ke_{"ke.fed.example"}, rw_{"rw.fed.example"};
  const std::string ke_chain_ = ke_.certificate.pem();
  charter::Charter charter_ = charter::CharterOf({"ke", "rw"});
  MemberCas cas_{own_.certificate};
};

TEST_F(MemberCasTest, ItsOwnCaIsGoodForItsOwnTrustDomain) {
  EXPECT_EQ(Error(own_.Leaf(own_.IdOf("ada", crypto::Role::kOperator), kToday), ""), "");
  EXPECT_EQ(Error(MemberCa("fed.example").Leaf(own_.IdOf("ada"), kToday), ""), errors::kCertChain.id);
}

TEST_F(MemberCasTest, AMembersNodeComesWithTheCaThatTheCharterHas) {
  const crypto::Certificate leaf = ke_.Leaf(ke_.IdOf("nairobi"), kToday);
  EXPECT_EQ(Error(leaf, ke_chain_), errors::kAuthTrustDomain.id) << "before there is a charter";
  ASSERT_TRUE(cas_.Use(charter_));
  EXPECT_EQ(Error(leaf, ke_chain_), "");
  EXPECT_EQ(Error(leaf, rw_.certificate.pem() + ke_chain_), "") << "among others";
  EXPECT_EQ(Error(leaf, ""), errors::kCertMalformed.id);
  EXPECT_EQ(Error(leaf, rw_.certificate.pem()), errors::kCertChain.id);
  const MemberCa false_ke("ke.fed.example");
  EXPECT_EQ(Error(false_ke.Leaf(ke_.IdOf("nairobi"), kToday), false_ke.certificate.pem()),
            errors::kCertChain.id);
  EXPECT_EQ(Error(false_ke.Leaf(ke_.IdOf("nairobi"), kToday), ke_chain_), errors::kCertChain.id);
  const MemberCa nobody("zz.example");
  EXPECT_EQ(Error(nobody.Leaf(nobody.IdOf("x"), kToday), nobody.certificate.pem()),
            errors::kAuthTrustDomain.id);
}

TEST_F(MemberCasTest, AMembersCaMakesNoOperators) {
  ASSERT_TRUE(cas_.Use(charter_));
  for (const auto role : {crypto::Role::kOperator, crypto::Role::kResearcher, crypto::Role::kCoordinator})
    EXPECT_EQ(Error(ke_.Leaf(ke_.IdOf("mallory", role), kToday), ke_chain_), errors::kAuthTrustDomain.id);
}

TEST_F(MemberCasTest, WhomANewerCharterSuspendedOrRevokedIsOutAtOnce) {
  ASSERT_TRUE(cas_.Use(charter_));
  EXPECT_FALSE(cas_.Use(charter_)) << "nothing new";
  const crypto::SpiffeId nairobi = ke_.IdOf("nairobi");
  EXPECT_TRUE(cas_.Check(nairobi).ok());
  charter_.version = 2;
  charter_.revoked.push_back({std::string(charter::kRevokedNode), nairobi.Format(), 9});
  ASSERT_TRUE(cas_.Use(charter_));
  EXPECT_EQ(cas_.Check(nairobi).error(), errors::kAuthRevoked.id);
  EXPECT_EQ(Error(ke_.Leaf(nairobi, kToday), ke_chain_), errors::kAuthRevoked.id);
  EXPECT_TRUE(cas_.Check(ke_.IdOf("mombasa")).ok()) << "another node of the same member";
  charter_.version = 3;
  charter_.members[0].suspended = true;
  ASSERT_TRUE(cas_.Use(charter_));
  EXPECT_EQ(cas_.Check(ke_.IdOf("mombasa")).error(), errors::kAuthRevoked.id);
}

TEST_F(MemberCasTest, UnderACharterTheCoordinatorsCaMakesNoNodes) {
  const crypto::SpiffeId berlin = own_.IdOf("berlin");
  EXPECT_TRUE(cas_.Check(berlin).ok());
  ASSERT_TRUE(cas_.Use(charter_));
  EXPECT_EQ(cas_.Check(berlin).error(), errors::kAuthTrustDomain.id);
  EXPECT_TRUE(cas_.Check(own_.IdOf("ada", crypto::Role::kOperator)).ok()) << "people";
  charter_.version = 2;
  charter_.members[0].trust_domain =
      own_.trust_domain;  // one person's federation: it is its member's CA, too
  ASSERT_TRUE(cas_.Use(charter_));
  EXPECT_TRUE(cas_.Check(berlin).ok());
}

TEST_F(MemberCasTest, ACaThatTheCharterReplacedTakesItsEntriesWithIt) {
  ASSERT_TRUE(cas_.Use(charter_));
  const auto key = crypto::Ed25519Key::Generate().PublicKey();
  const MemberCa next("ke.fed.example");
  const std::vector both{ke_.certificate, next.certificate};
  const secagg::VouchedEntry old = ke_.Vouch("nairobi", "ke", key), fresh = next.Vouch("nairobi", "ke", key);
  EXPECT_TRUE(cas_.Counts(old, both));
  EXPECT_FALSE(cas_.Counts(fresh, both));
  EXPECT_FALSE(cas_.Counts(old, {})) << "its CA has to be there";
  charter_.version = 2;
  charter_.members[0].ca_keys = {next.certificate.info().spki_hash};
  ASSERT_TRUE(cas_.Use(charter_));
  EXPECT_FALSE(cas_.Counts(old, both));
  EXPECT_TRUE(cas_.Counts(fresh, both));
  EXPECT_EQ(Error(ke_.Leaf(ke_.IdOf("nairobi"), kToday), ke_chain_), errors::kCertChain.id);
  charter_.version = 1;
  charter_.members[0].ca_keys = {ke_.certificate.info().spki_hash};
  EXPECT_FALSE(cas_.Use(charter_)) << "never back";
}

TEST_F(MemberCasTest, AnEntryIsItsMembersWord) {
  ASSERT_TRUE(cas_.Use(charter_));
  const auto key = crypto::Ed25519Key::Generate().PublicKey();
  EXPECT_EQ(Error(ke_.Vouch("nairobi", "ke", key), ke_), "");
  EXPECT_EQ(Error(ke_.Vouch("nairobi", "rw", key), ke_), errors::kRegistryUntrusted.id);
  EXPECT_EQ(Error(ke_.Vouch("nairobi", "ke", key, charter::kNow), ke_), errors::kRegistryUntrusted.id)
      << "over";
  EXPECT_EQ(Error(ke_.Vouch("nairobi", "ke", key), rw_), errors::kCertChain.id);
  EXPECT_EQ(Error(rw_.Vouch("nairobi", "ke", key), ke_), errors::kCertChain.id);
}

}  // namespace
}  // namespace accord::coordinator
