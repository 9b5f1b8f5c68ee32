// What a node checks before it trains, and the attacks of governance.md section 4 on it.
#include "charter/admission.h"

#include <functional>

#include "tests/unit/charter/scene.h"

namespace accord::charter {
namespace {

struct AdmissionTest : ::testing::Test, Scene {};

TEST_F(AdmissionTest, AProposalThatPassedIsAdmitted) {
  const JobBundle bundle = Bundle();
  const auto admitted = Admitted_(bundle);
  ASSERT_TRUE(admitted.ok()) << admitted.status().message();
  EXPECT_EQ(admitted->job, Proposed().Id());
  EXPECT_EQ(admitted->present.charter, charter);
  EXPECT_EQ(admitted->tally.approvals.size(), 4U);
  EXPECT_EQ(admitted->checkpoint.size, log.leaves.size());
}

TEST_F(AdmissionTest, TheCheckThatFailedHasANumber) {
  const auto check = [&](const JobBundle& bundle, UnixSeconds now = kNow) {
    std::uint32_t number = 0;
    (void)Admit(pinned, bundle, AsBytes(plan), now, &number);
    return number;
  };
  EXPECT_EQ(check(Bundle()), 7U);
  EXPECT_EQ(check({}), 1U);
  EXPECT_EQ(check(Bundle(), charter.not_after + 301), 2U);
  EXPECT_EQ(check(Bundle(), proposal.not_after + 301), 2U);
  plan = "another";
  EXPECT_EQ(check(Bundle()), 4U);
  plan = "plan";
  reject = {"pe"};
  EXPECT_EQ(check(Bundle()), 4U);
  reject = {"np"};
  EXPECT_EQ(check(Bundle()), 5U) << "it approved, too";
  reject = {};
  approve = {"be", "np", "pe", "rw"};
  EXPECT_EQ(check(Bundle()), 6U);
  approve = {"be", "ke", "np", "rw"};
  witnesses = {"be"};
  EXPECT_EQ(check(Bundle()), 7U);
  witnesses = {"be", "ke", "np", "rw"};
  proposal.proposer = "nobody";
  EXPECT_EQ(check(Bundle()), 3U);
}

// 13: what is missing counts as a refusal, never as "not supported".
TEST_F(AdmissionTest, WhatIsLeftOutIsARefusal) {
  const JobBundle whole = Bundle();
  const auto without = [&](const std::function<void(JobBundle&)>& strip) {
    JobBundle bundle = whole;
    strip(bundle);
    return Error(bundle);
  };
  EXPECT_EQ(without([](JobBundle& b) { b.charters.clear(); }), "bundle.missing");
  EXPECT_EQ(without([](JobBundle& b) { b.proposal = {}; }), "bundle.missing");
  EXPECT_EQ(without([](JobBundle& b) { b.votes.clear(); }), "bundle.missing");
  EXPECT_EQ(without([](JobBundle& b) { b.checkpoint.clear(); }), "bundle.missing");
  EXPECT_EQ(without([](JobBundle& b) { b.votes.pop_back(); }), "proposal.votes");
  EXPECT_EQ(without([](JobBundle& b) { b.votes[0].inclusion.clear(); }), "log.proof");
  EXPECT_EQ(without([](JobBundle& b) { b.consistency.clear(); }), "log.proof");
}

// 14, 15
TEST_F(AdmissionTest, NoOtherPlanAndNoOtherNation) {
  const JobBundle bundle = Bundle();
  plan += " with one more epoch";
  EXPECT_EQ(Error(bundle), "proposal.plan");
  plan = "plan";
  approve = {"be", "np", "pe", "rw"};
  EXPECT_EQ(Error(Bundle()), "proposal.own_vote");
  pinned.member = "be";
  EXPECT_EQ(Error(Bundle()), "") << "its data are not named";
}

TEST_F(AdmissionTest, ARejectionIsOne) {
  reject = {"pe"};
  EXPECT_EQ(Error(Bundle()), "proposal.rejected");
}

// 11
TEST_F(AdmissionTest, OutsideItsTimeNothingRuns) {
  const JobBundle bundle = Bundle();
  EXPECT_EQ(Error(bundle, charter.not_after + 301), "charter.expired");
  EXPECT_EQ(Error(bundle, charter.not_before - 301), "charter.not_yet");
  EXPECT_EQ(Error(bundle, proposal.not_after + 301), "proposal.refused");
}

// 12, 3: an older charter, also a valid one, is no charter for who has seen a newer.
TEST_F(AdmissionTest, TheCharterNeverGoesBack) {
  const JobBundle old = Bundle();
  pinned.version = 2;
  pinned.version_hash = crypto::Sha256::Of("two");
  EXPECT_EQ(Error(old), "charter.rollback");
  pinned.version = 1;
  EXPECT_EQ(Error(old), "charter.rollback") << "another first version";
  pinned.version_hash = charters[0].Id();
  EXPECT_EQ(Error(old), "");
  pinned.genesis.bytes[0] ^= 1;
  EXPECT_EQ(Error(old), "charter.genesis");
}

TEST_F(AdmissionTest, AnApprovedJobOutlivesAnAmendment) {
  Charter next = charter;
  next.version = 2;
  next.prev = charters[0].Id();
  charters.push_back(Signed(next, All(next)));
  charter = next;
  const JobBundle bundle = Bundle();
  EXPECT_EQ(Error(bundle), "") << Admitted_(bundle).status().message();
  proposal.charter = crypto::Sha256::Of("elsewhere");
  EXPECT_EQ(Error(Bundle()), "proposal.refused");
}

// 2
TEST_F(AdmissionTest, TooFewWitnessesAreNone) {
  witnesses = {"be", "ke", "np"};
  EXPECT_EQ(Error(Bundle()), "log.quorum");
  witnesses = {"be", "ke", "np", "np"};
  EXPECT_EQ(Error(Bundle()), "log.quorum") << "one of them twice";
  witnesses = {};
  EXPECT_EQ(Error(Bundle()), "log.quorum");
}

// 2: the log signed both. That nobody cosigned this one makes it no less of a proof.
TEST_F(AdmissionTest, AForkThatFewCosignedIsASplitView) {
  for (const auto& few : {std::vector<std::string>{}, {"be", "np", "rw"}}) {
    witnesses = few;
    const JobBundle bundle = Bundle();
    const Pinned before = pinned;
    pinned.head.root.bytes[5] ^= 1;
    EXPECT_EQ(Error(bundle), "log.split");
    pinned = before;
    EXPECT_EQ(Error(bundle), "log.quorum");
  }
}

// 11: with the clock put back, what is out of date would look in date.
TEST_F(AdmissionTest, AClockBehindTheWitnessesIsNotBelieved) {
  const JobBundle bundle = Bundle();
  EXPECT_EQ(Error(bundle, kNow - 300), "") << "clocks differ a little";
  EXPECT_EQ(Error(bundle, kNow - 301), "clock.behind");
  // One witness alone does not put the clock of others forward.
  const std::string text = ledger::Note::Parse(bundle.checkpoint)->text;
  ledger::Note note = *ledger::Note::Parse(bundle.checkpoint);
  note.signatures.back() =
      ledger::SignAsWitness("fed.example/witness/rw", KeyOf("witness rw"), kNow + 9 * kDay, text);
  JobBundle ahead = bundle;
  ahead.checkpoint = note.Format();
  EXPECT_EQ(Error(ahead), "");
}

// 12: a node that trained nothing yet has cosigned the log all the same.
TEST_F(AdmissionTest, AnOldCharterIsNotShownUnderTheHeadThatWasCosigned) {
  const JobBundle old = Bundle();
  Charter next = charter;
  next.version = 2;
  next.prev = charters[0].Id();
  log.Append(EncodeEnvelope(Signed(next, All(next))));
  pinned.head = log.Head();
  ASSERT_EQ(pinned.version, 0U);
  EXPECT_EQ(Error(old), "log.rollback");
}

TEST_F(AdmissionTest, OnlyTheChartersLogCounts) {
  JobBundle bundle = Bundle();
  ledger::Note note = *ledger::Note::Parse(bundle.checkpoint);
  note.signatures[0] = ledger::SignAsLog(charter.log_origin, KeyOf("another log"), note.text);
  bundle.checkpoint = note.Format();
  EXPECT_EQ(Error(bundle), "note.unsigned");
}

// 1
TEST_F(AdmissionTest, ALogThatContradictsTheNodesHeadIsASplitView) {
  const JobBundle bundle = Bundle();
  pinned.head.root.bytes[5] ^= 1;
  EXPECT_EQ(Error(bundle), "log.split");
  pinned.head = log.Head();
  pinned.head.root.bytes[5] ^= 1;
  EXPECT_EQ(Error(bundle), "log.split") << "two roots at one size";
}

// 3
TEST_F(AdmissionTest, ALogThatGoesBackIsRefused) {
  const JobBundle bundle = Bundle();
  log.Append("later");
  pinned.head = log.Head();
  EXPECT_EQ(Error(bundle), "log.rollback");
}

TEST_F(AdmissionTest, WhatIsLoggedIsExactlyWhatCounts) {
  JobBundle bundle = Bundle();
  bundle.votes[1].entry.insert(1, " ");  // the same vote in other bytes
  EXPECT_EQ(Error(bundle), "log.proof");
  bundle = Bundle();
  std::swap(bundle.votes[0].inclusion, bundle.votes[1].inclusion);
  EXPECT_EQ(Error(bundle), "log.proof");
  bundle = Bundle();
  bundle.proposal.index = bundle.votes[0].index;
  EXPECT_EQ(Error(bundle), "log.proof");
}

// One bit anywhere, and it is refused or is what it was.
TEST_F(AdmissionTest, NoFlippedBitPasses) {
  const JobBundle whole = Bundle();
  const auto entries = [](JobBundle& b) {
    std::vector<std::string*> texts{&b.checkpoint, &b.proposal.entry};
    for (LoggedEntry& one : b.charters) texts.push_back(&one.entry);
    for (LoggedEntry& one : b.votes) texts.push_back(&one.entry);
    return texts;
  };
  JobBundle bundle = whole;
  for (std::string* const text : entries(bundle)) {
    for (std::size_t i = 0; i < text->size(); i += 7) {
      (*text)[i] = static_cast<char>((*text)[i] ^ (1 << i % 7));
      EXPECT_NE(Error(bundle), "") << "byte " << i << " of " << *text;
      (*text)[i] = static_cast<char>((*text)[i] ^ (1 << i % 7));
    }
  }
}

}  // namespace
}  // namespace accord::charter
