#include "charter/chain.h"

#include "tests/unit/charter/fixture.h"

namespace accord::charter {
namespace {

// Versions of one charter, each signed as a test says.
struct Versions {
  std::vector<ledger::Envelope> envelopes;
  Charter newest = CharterOf();
  Digest genesis;

  Versions() {
    envelopes.push_back(Signed(newest, All(newest)));
    genesis = envelopes[0].Id();
  }
  Charter Next() const {
    Charter next = newest;
    ++next.version;
    next.prev = envelopes.back().Id();
    return next;
  }
  Versions& Add(const Charter& next, const std::vector<std::string>& signers) {
    newest = next;
    envelopes.push_back(Signed(next, signers));
    return *this;
  }
  [[nodiscard]] std::string Error() const { return VerifyChain(envelopes, genesis).status().error(); }
  // What comes of one more version.
  [[nodiscard]] std::string ErrorOf(const Charter& next, const std::vector<std::string>& signers) const {
    Versions copy = *this;
    return copy.Add(next, signers).Error();
  }
};
struct ChainTest : ::testing::Test, Versions {};

TEST_F(ChainTest, BeginsWithWhatIsPinned) {
  EXPECT_EQ(Error(), "");
  genesis.bytes[0] ^= 1;
  EXPECT_EQ(Error(), "charter.genesis");
  EXPECT_EQ(VerifyChain({}, genesis).status().error(), "charter.chain");
}

TEST_F(ChainTest, AllMembersSignTheFirst) {
  envelopes[0] = Signed(newest, {"be", "ke", "np", "pe"});
  EXPECT_EQ(Error(), "charter.signatures");
  envelopes[0] = Signed("application/vnd.accord.vote.v1+json", Encode(newest), All(newest));
  EXPECT_EQ(Error(), "charter.chain");
}

TEST_F(ChainTest, EachVersionFollowsTheOneBefore) {
  const std::vector<std::string> all = All(newest);
  EXPECT_EQ(ErrorOf(Next(), all), "");
  Charter next = Next();
  next.version = 3;
  EXPECT_EQ(ErrorOf(next, all), "charter.chain") << "one is left out";
  next = Next();
  next.prev = crypto::Sha256::Of("another");
  EXPECT_EQ(ErrorOf(next, all), "charter.chain");
  next = Next();
  next.federation = "other";
  EXPECT_EQ(ErrorOf(next, all), "charter.chain");
  next = Next();
  next.log_origin = "fed.example/log2";
  next.log = ledger::LogKey("fed.example/log2", KeyOf("log").PublicKey());
  EXPECT_EQ(ErrorOf(next, all), "charter.chain") << "a new log could forget";
}

TEST_F(ChainTest, AsManyAsAnAmendmentTakesSignIt) {
  EXPECT_EQ(ErrorOf(Next(), {"be", "ke", "np", "pe"}), "");
  EXPECT_EQ(ErrorOf(Next(), {"be", "ke", "np"}), "charter.signatures");
  Charter unsafe = Next();
  unsafe.quorum.job = 2;
  EXPECT_EQ(ErrorOf(unsafe, All(newest)), "charter.invalid") << "whoever signs it";
}

// The new members of a charter are those who would profit from deciding alone.
TEST_F(ChainTest, OldAndNewMembersBothSign) {
  Charter next = Next();
  for (const char* id : {"aa", "bb", "cc", "dd"}) next.members.push_back(MemberOf(id));
  next.quorum = {6, 6, 6, 6, 1, 6};
  EXPECT_EQ(ErrorOf(next, {"aa", "bb", "cc", "dd", "be", "ke"}), "charter.signatures");
  EXPECT_EQ(ErrorOf(next, {"be", "ke", "np", "pe"}), "charter.signatures") << "six of its own";
  EXPECT_EQ(ErrorOf(next, {"aa", "bb", "be", "ke", "np", "pe"}), "");
}

TEST_F(ChainTest, WhoIsRemovedHasNoSayInIt) {
  Charter next = Next();
  next.members.erase(next.members.begin());  // be
  next.quorum = {3, 3, 3, 3, 1, 3};
  EXPECT_EQ(ErrorOf(next, {"be", "ke", "np", "pe"}), "charter.signatures");
  EXPECT_EQ(ErrorOf(next, {"ke", "np", "pe", "rw"}), "");
}

TEST_F(ChainTest, AKeyThatIsLostIsReplacedByTheOthers) {
  Charter next = Next();
  next.members[0].gov_keys = {ledger::LogKey("fed.example/gov/be-new", KeyOf("new").PublicKey())};
  EXPECT_EQ(ErrorOf(next, {"ke", "np", "pe", "rw"}), "");
}

// Who stole a key may sign with it what it wants.
TEST_F(ChainTest, ARevokedKeyAmendsNothing) {
  Charter next = Next();
  next.revoked = {{std::string(kRevokedGovKey), KeyIdOf(GovVkeyOf("be")), 3}};
  EXPECT_EQ(ErrorOf(next, {"be", "ke", "np", "pe"}), "charter.signatures") << "its own version says so";
  Add(next, {"be", "ke", "np", "pe", "rw"});
  ASSERT_EQ(Error(), "");
  EXPECT_EQ(ErrorOf(Next(), {"be", "ke", "np", "pe"}), "charter.signatures");
  EXPECT_EQ(ErrorOf(Next(), {"ke", "np", "pe", "rw"}), "");
}

// ---------------------------------------------------------------- emergencies

struct EmergencyTest : ChainTest {
  Charter Suspension() const {
    Charter next = Next();
    next.members[4].suspended = true;  // rw
    next.not_before = kNow;
    next.not_after = kNow + 14 * kDay;
    next.quorum = newest.quorum;
    return next;
  }
};

TEST_F(EmergencyTest, FewMaySuspendForAWhile) {
  Add(Suspension(), {"ke"});
  const auto chain = VerifyChain(envelopes, genesis);
  ASSERT_TRUE(chain.ok()) << chain.status().message();
  EXPECT_TRUE(chain->back().emergency);
  EXPECT_EQ(*InForce(*chain, kNow + kDay), &chain->back());
  EXPECT_EQ(*InForce(*chain, kNow + 15 * kDay), &chain->front()) << "nobody ratified it";
}

TEST_F(EmergencyTest, AndNothingElse) {
  Charter longer = Suspension();
  longer.not_after = kNow + 15 * kDay;
  EXPECT_EQ(ErrorOf(longer, {"ke"}), "charter.signatures");
  Charter more = Suspension();
  more.quorum.emergency_suspend = 2;
  EXPECT_EQ(ErrorOf(more, {"ke"}), "charter.signatures");
  Charter right = Suspension();
  right.members[0].rights.erase(Right::kData);
  EXPECT_EQ(ErrorOf(right, {"ke"}), "charter.signatures");
  Charter nobody = Next();
  nobody.not_after = kNow + 14 * kDay;
  EXPECT_EQ(ErrorOf(nobody, {"ke"}), "charter.signatures") << "a shorter life is no suspension";
  nobody.not_before = kNow;
  EXPECT_EQ(ErrorOf(nobody, {"ke"}), "charter.signatures") << "nor one of two weeks";
}

TEST_F(EmergencyTest, WhoAsksForTooMuchLearnsHowFewWouldDo) {
  const auto why = [&](const Charter& next) {
    Versions copy = *this;
    copy.Add(next, {"ke"});
    return std::string(VerifyChain(copy.envelopes, genesis).status().message());
  };
  Charter longer = Suspension();
  longer.not_after = kNow + 15 * kDay;
  EXPECT_EQ(
      why(longer),
      "version 2 of the charter needs 4 members of the version before, or 1 if it ends within 14 days of "
      "its beginning, and has: ke");
  longer.reject_wins = false;
  EXPECT_EQ(why(longer), "version 2 of the charter needs 4 members of the version before, and has: ke");
  EXPECT_EQ(why(Next()), "version 2 of the charter needs 4 members of the version before, and has: ke");
}

TEST_F(EmergencyTest, OneDoesNotFollowAnother) {
  newest = CharterOf({"be", "ke", "np", "pe", "rw", "tz", "zm"});
  envelopes = {Signed(newest, All(newest))};
  genesis = envelopes[0].Id();
  Add(Suspension(), {"ke"});
  ASSERT_EQ(Error(), "");
  Charter again = Next();
  again.members[3].suspended = true;
  EXPECT_EQ(ErrorOf(again, {"ke"}), "charter.signatures") << "else one member could suspend all, one by one";
}

TEST_F(EmergencyTest, MembersRatifyOrEndIt) {
  Add(Suspension(), {"ke"});
  Charter lasting = Next();
  lasting.not_after = kNow + 365 * kDay;
  EXPECT_EQ(ErrorOf(lasting, {"be", "ke", "np", "pe"}), "");
  Charter ended = Next();
  ended.members[4].suspended = false;
  ended.not_after = kNow + 365 * kDay;
  EXPECT_EQ(ErrorOf(ended, {"be", "np", "pe", "rw"}), "") << "the suspended one has its say in that";
  EXPECT_EQ(ErrorOf(ended, {"be", "np", "rw"}), "charter.signatures");
}

// ---------------------------------------------------------------- time

TEST_F(ChainTest, ACharterHoldsInItsTime) {
  const auto chain = VerifyChain(envelopes, genesis);
  const Charter& charter = chain->front().charter;
  EXPECT_EQ(*InForce(*chain, charter.not_before), &chain->front());
  EXPECT_EQ(*InForce(*chain, charter.not_before - 300), &chain->front()) << "clocks differ a little";
  EXPECT_EQ(InForce(*chain, charter.not_before - 301).status().error(), "charter.not_yet");
  EXPECT_EQ(*InForce(*chain, charter.not_after + 300), &chain->front());
  EXPECT_EQ(InForce(*chain, charter.not_after + 301).status().error(), "charter.expired");
}

TEST_F(ChainTest, AnAmendmentRenewsAnExpiredOne) {
  Charter next = Next();
  next.not_before = newest.not_after + kDay;
  next.not_after = next.not_before + kDay;
  Add(next, {"be", "ke", "np", "pe"});
  const auto chain = VerifyChain(envelopes, genesis);
  EXPECT_TRUE(InForce(*chain, next.not_before).ok());
}

}  // namespace
}  // namespace accord::charter
