// p7 commit and p8 closed: who must agree on the new model, and what happens when they do not.
#include "tests/unit/round/fixture.h"

namespace accord::round {
namespace {

Verified Other(NodeId node) { return {node, {4}, Hash(66)}; }

TEST(CommitTest, IsCommittedWhenAllSurvivorsComputeTheSameModel) {
  Round round = InCommit();
  EXPECT_EQ(round.Effects<Tell>()[0].nodes, kAll);
  round.Do(VerifiedBy(kA)).Do(VerifiedBy(kB));
  EXPECT_EQ(round.Fate(VerifiedBy(kA)), Discards(Reason::kDuplicate));
  EXPECT_EQ(round.Fate(Other(kA)), Discards(Reason::kDuplicate)) << "it has agreed already";
  round.Do(VerifiedBy(kC));
  EXPECT_TRUE(round.As<Closed>().committed);
  EXPECT_EQ(round.As<Closed>().survivors, kAll);
  EXPECT_EQ(Dump(round.As<Closed>().outcome), Dump(TestOutcome()));
  EXPECT_EQ(Dump(round.effects), Dump(std::vector<Effect>{Discard{{4}}}));
}

TEST(CommitTest, TheDeadlineDecidesWithWhoHasAgreed) {
  Round enough = InCommit();
  enough.Do(VerifiedBy(kA)).Do(VerifiedBy(kB)).After(299);
  EXPECT_EQ(enough.Fate(Tick{}), Discards(Reason::kNone));
  enough.After(1).Do(Tick{});
  EXPECT_TRUE(enough.As<Closed>().committed);
  Round too_few = InCommit();
  too_few.Do(VerifiedBy(kA)).After(300).Do(Tick{});
  EXPECT_EQ(too_few.As<Closed>().reason, Reason::kTooFewVerified);
}

TEST(CommitTest, OneNodeWithAnotherModelIsOutAndTheRestCommits) {
  Round round = InCommit();
  round.Do(VerifiedBy(kA)).Do(Other(kB));
  EXPECT_EQ(round.As<Commit>().members.dropped.at(kB), Reason::kMismatch);
  EXPECT_EQ(round.Fate(VerifiedBy(kB)), Rejects(Reason::kMismatch)) << "no second answer";
  round.Do(VerifiedBy(kC));
  EXPECT_TRUE(round.As<Closed>().committed);
}

TEST(CommitTest, OneNodeCannotClaimThatTheCoordinatorIsWrong) {
  Plan plan = TestPlan();
  plan.min_survivors = 3;
  Round round = InCommit(plan);
  round.Do(Other(kB)).Do(VerifiedBy(kA)).Do(VerifiedBy(kC));
  EXPECT_EQ(round.As<Closed>().reason, Reason::kTooFewVerified) << "the round is tried again";
}

TEST(CommitTest, MostNodesWithAnotherModelEndItAsAMismatch) {
  Round round = InCommit();
  round.Do(Other(kA)).Do(Other(kB)).Do(VerifiedBy(kC));
  EXPECT_EQ(round.As<Closed>().reason, Reason::kMismatch);
}

TEST(CommitTest, WhoRefusesIsNotAwaited) {
  Round round = InCommit();
  round.Do(VerifiedBy(kA));
  EXPECT_EQ(round.Fate(Dropped{kA, Reason::kStopped}), Discards(Reason::kLate)) << "it has agreed already";
  round.Do(Dropped{kB, Reason::kRefused}).Do(VerifiedBy(kC));
  EXPECT_TRUE(round.As<Closed>().committed);
}

TEST(CommitTest, TheWordOfACohortMemberThatIsNoSurvivorDoesNotCount) {
  Round round = InCollect();
  round.Do(UploadOf(kA)).Do(UploadOf(kB)).After(200).Do(Tick{}).Do(Summed{{4}, TestOutcome()});
  EXPECT_EQ(round.Fate(VerifiedBy(kC)), Discards(Reason::kLate));
  round.Do(Dropped{kC, Reason::kRefused}).Do(VerifiedBy(kA)).Do(VerifiedBy(kB));
  EXPECT_EQ(round.As<Closed>().survivors, (NodeSet{kA, kB}));
}

TEST(CommitTest, WordsOfOtherAttemptsDoNotCount) {
  const Round round = InCommit();
  EXPECT_EQ(round.Fate(VerifiedBy(kA, {3})), Discards(Reason::kWrongAttempt));
  EXPECT_EQ(round.Fate(VerifiedBy(kA, {5})), Rejects(Reason::kWrongAttempt));
  EXPECT_EQ(round.Fate(VerifiedBy(kStranger)), Rejects(Reason::kNotInCohort));
}

TEST(CommitTest, ASumThatARestartFindsGoneIsTakenInANewAttempt) {
  Round round = InCommit();
  EXPECT_EQ(round.Fate(SumFailed{{3}}), Discards(Reason::kWrongAttempt));
  round.Do(VerifiedBy(kA)).Do(SumFailed{{4}});
  EXPECT_EQ(round.As<Collect>().attempt.id, AttemptId{5});
  EXPECT_EQ(round.As<Collect>().attempt.cohort, kAll);
}

TEST(ClosedTest, NothingChangesAClosedRound) {
  const Round round = InClosed();
  EXPECT_EQ(round.Fate(VerifiedBy(kA)), Discards(Reason::kOver));
  EXPECT_EQ(round.Fate(Cancel{}), Discards(Reason::kOver));
  EXPECT_EQ(round.Fate(Tick{}), Discards(Reason::kOver));
  EXPECT_EQ(DeadlineOf(round.state), std::nullopt);
  EXPECT_TRUE(Outstanding(round.plan, round.state).empty());
}

TEST(EvaluateTest, AnEvaluationRoundPassesTheSamePhases) {
  Plan plan = TestPlan();
  plan.purpose = Purpose::kEvaluate;
  EXPECT_TRUE(InClosed(plan).As<Closed>().committed);
}

}  // namespace
}  // namespace accord::round
