#include "charter/charter.h"

#include <functional>

#include "tests/unit/charter/fixture.h"

namespace accord::charter {
namespace {

TEST(SafeThresholdTest, TwoSetsShareAnHonestMember) {
  EXPECT_EQ(SafeThreshold(5, 1), 4U);
  for (std::uint32_t f = 0; f < 20; ++f) EXPECT_EQ(SafeThreshold(3 * f + 1, f), 2 * f + 1);
  for (std::uint32_t n = 1; n <= 200; ++n) {
    const std::uint32_t f = DefaultFaulty(n), k = SafeThreshold(n, f);
    EXPECT_GT(2 * k - n, f) << "what two sets of k have in common is more than may lie";
    EXPECT_LE(2 * (k - 1), n + f) << "and no smaller k does";
    EXPECT_LE(k, n - f) << "those who do not lie are enough";
  }
}

TEST(CharterTest, ComesBackWhole) {
  Charter charter = CharterOf();
  charter.version = 2;
  charter.prev = crypto::Sha256::Of("one");
  charter.members[1].suspended = true;
  charter.members[2].model_key.reset();
  charter.quorum.job = charter.quorum.amend = charter.quorum.add_member = charter.quorum.witness = 3;
  charter.quorum.remove_member = 3;
  charter.accepted_f = 0;
  charter.contribution_scores = true;
  charter.revoked = {{"node", "spiffe://ke.fed.example/node/n1", 17}};
  const auto parsed = ParseCharter(Encode(charter));
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  EXPECT_EQ(*parsed, charter);
}

TEST(CharterTest, OnePersonMayBeAFederation) { EXPECT_TRUE(Check(CharterOf({"me"})).ok()); }

std::string Fault(const std::function<void(Charter&)>& spoil) {
  Charter charter = CharterOf();
  spoil(charter);
  const Status status = Check(charter);
  EXPECT_EQ(status.error(), "charter.invalid");
  EXPECT_EQ(ParseCharter(Encode(charter)).ok(), false) << "a reader says the same";
  return status.message();
}
void ExpectFault(const std::string& words, const std::function<void(Charter&)>& spoil) {
  EXPECT_NE(Fault(spoil).find(words), std::string::npos) << Fault(spoil);
}

TEST(CharterTest, RefusesQuorumsThatAreNotSafe) {
  for (std::uint32_t Quorum::*const which :
       {&Quorum::job, &Quorum::amend, &Quorum::add_member, &Quorum::witness}) {
    ExpectFault("it takes 4", [which](Charter& c) { c.quorum.*which = 3; });
    ExpectFault("can never be reached", [which](Charter& c) { c.quorum.*which = 6; });
  }
  ExpectFault("remove_member has to be from 4 to 4", [](Charter& c) { c.quorum.remove_member = 3; });
  ExpectFault("emergency_suspend", [](Charter& c) { c.quorum.emergency_suspend = 0; });
  Charter accepts = CharterOf();
  accepts.accepted_f = 0;
  accepts.quorum = {3, 3, 3, 3, 1, 3};
  EXPECT_TRUE(Check(accepts).ok()) << "members may say that they accept it";
}

TEST(CharterTest, WhoeverIsThereTwiceWouldCountTwice) {
  ExpectFault("is there twice", [](Charter& c) { c.members[1].id = "be"; });
  ExpectFault("shares its trust domain",
              [](Charter& c) { c.members[1].trust_domain = c.members[0].trust_domain; });
  ExpectFault("a CA that is there twice", [](Charter& c) { c.members[1].ca_keys = c.members[0].ca_keys; });
  ExpectFault("a key that is there twice", [](Charter& c) { c.members[1].gov_keys = c.members[0].gov_keys; });
  ExpectFault("witness key that is there twice",
              [](Charter& c) { c.members[1].witness = c.members[0].witness; });
  ExpectFault("witness key that is there twice", [](Charter& c) {
    c.members[1].witness = ledger::WitnessKey("fed.example/x", KeyOf("log").PublicKey());
  });
}

TEST(CharterTest, RefusesWhatMakesNoSense) {
  ExpectFault("federation_id", [](Charter& c) { c.federation = "A B"; });
  ExpectFault("prev", [](Charter& c) { c.version = 2; });
  ExpectFault("prev", [](Charter& c) { c.prev = Digest{}; });
  ExpectFault("ends before", [](Charter& c) { c.not_after = c.not_before; });
  ExpectFault("the log's key", [](Charter& c) { c.log_origin = "other.example/log"; });
  ExpectFault("no key to vote with", [](Charter& c) { c.members[0].gov_keys.clear(); });
  ExpectFault("a witness's", [](Charter& c) { c.members[0].gov_keys = {*c.members[0].witness}; });
  ExpectFault("no cosignature key", [](Charter& c) { c.members[0].witness = c.members[0].gov_keys[0]; });
  ExpectFault("a witness without a key", [](Charter& c) { c.members[0].witness.reset(); });
  ExpectFault("trust domain", [](Charter& c) { c.members[0].trust_domain = "spiffe://x"; });
  ExpectFault("pins no CA", [](Charter& c) { c.members[0].ca_keys.clear(); });
  ExpectFault("nobody may overrule", [](Charter& c) { c.data_holder_consent = false; });
  ExpectFault("vote_window_s", [](Charter& c) { c.vote_window = 0; });
  ExpectFault("max_clock_skew_s", [](Charter& c) { c.max_clock_skew = 100'000; });
  ExpectFault("min_group", [](Charter& c) { c.min_group = 0; });
}

TEST(CharterTest, SignaturesOfOneMemberCountOnce) {
  Charter charter = CharterOf();
  charter.members[0].gov_keys.push_back(
      ledger::LogKey("fed.example/gov/be-2", KeyOf("gov be 2").PublicKey()));
  ledger::Envelope envelope = Signed(charter, {"be", "ke", "ke"});
  Sign(envelope, KeyOf("gov be 2"), "fed.example/gov/be-2");
  Sign(envelope, KeyOf("a stranger"), "fed.example/gov/pe");
  EXPECT_EQ(VotersThatSigned(envelope, charter), (std::set<std::string>{"be", "ke"}));
  charter.members[1].suspended = true;
  EXPECT_EQ(VotersThatSigned(envelope, charter), std::set<std::string>{"be"});
  charter.members[0].rights.erase(Right::kVote);
  EXPECT_TRUE(VotersThatSigned(envelope, charter).empty());
}

}  // namespace
}  // namespace accord::charter
