// What shells ask of a state: duties, what a restart issues again, and sentences for people.
#include "tests/unit/round/fixture.h"

namespace accord::round {
namespace {

template <class D>
bool Has(const std::optional<Duty>& duty) {
  return duty && std::holds_alternative<D>(*duty);
}

TEST(RoundDuty, FollowsTheRound) {
  Round round;
  EXPECT_EQ(DutyOf(round.state, kA), std::nullopt);
  round.Do(Candidates{kAll}).Do(Trained{kB});
  ASSERT_TRUE(Has<TrainDuty>(DutyOf(round.state, kA)));
  EXPECT_EQ(std::get<TrainDuty>(*DutyOf(round.state, kA)).deadline, round.now + Millis(1000));
  EXPECT_EQ(DutyOf(round.state, kB), std::nullopt) << "it has finished";
  EXPECT_EQ(DutyOf(round.state, kStranger), std::nullopt);

  round.Do(Trained{kA}).Do(Trained{kC}).Do(UploadOf(kB));
  ASSERT_TRUE(Has<CollectDuty>(DutyOf(round.state, kA)));
  EXPECT_EQ(std::get<CollectDuty>(*DutyOf(round.state, kA)).attempt.cohort, kAll);
  EXPECT_EQ(DutyOf(round.state, kB), std::nullopt);
  EXPECT_EQ(DutyOf(round.state, kStranger), std::nullopt);

  round.Do(UploadOf(kA)).Do(UploadOf(kC));
  EXPECT_EQ(DutyOf(round.state, kA), std::nullopt) << "the sum is the coordinator's own work";

  round.Do(Summed{{4}, TestOutcome()}).Do(VerifiedBy(kB));
  ASSERT_TRUE(Has<CommitDuty>(DutyOf(round.state, kA)));
  EXPECT_EQ(std::get<CommitDuty>(*DutyOf(round.state, kA)).outcome.sum, TestOutcome().sum);
  EXPECT_EQ(DutyOf(round.state, kB), std::nullopt);
  EXPECT_EQ(DutyOf(InClosed().state, kA), std::nullopt);
}

TEST(RoundDuty, WhoDroppedOutHasNone) {
  Plan plan = TestPlan();
  plan.min_survivors = 1;
  Round train = InTrain(plan);
  train.Do(Dropped{kA, Reason::kDeclined});
  EXPECT_EQ(DutyOf(train.state, kA), std::nullopt);
  Round collect = InCollect(plan);
  collect.Do(Dropped{kA, Reason::kDeclined});
  EXPECT_EQ(DutyOf(collect.state, kA), std::nullopt);
  Round commit = InCommit(plan);
  commit.Do(Dropped{kA, Reason::kRefused});
  EXPECT_EQ(DutyOf(commit.state, kA), std::nullopt);
}

TEST(RoundDuty, AMemberThatIsNoSurvivorStillGetsTheNewModel) {
  Round round = InCollect();
  round.Do(UploadOf(kA)).Do(UploadOf(kB)).After(200).Do(Tick{}).Do(Summed{{4}, TestOutcome()});
  EXPECT_TRUE(Has<CommitDuty>(DutyOf(round.state, kC)));
}

TEST(RoundOutstanding, IsWhatThePhaseBeganWith) {
  const auto outstanding = [](const Round& round) { return Dump(Outstanding(round.plan, round.state)); };
  const auto same = [](std::vector<Effect> effects) { return Dump(effects); };
  EXPECT_EQ(outstanding(Round()), same({}));
  EXPECT_EQ(outstanding(InTrain()), same({Tell{kAll}}));
  EXPECT_EQ(outstanding(InCollect()), same({Tell{kAll}}));
  EXPECT_EQ(outstanding(InUnmask()), same({TakeSum{{4}, kAll, kAll}}));
  EXPECT_EQ(outstanding(InCommit()), same({Tell{kAll}}));
  EXPECT_EQ(outstanding(InClosed()), same({}));
}

TEST(RoundOutstanding, LeavesOutWhoDroppedOut) {
  Round round = InTrain();
  round.Do(Dropped{kA, Reason::kDeclined});
  EXPECT_EQ(Dump(Outstanding(round.plan, round.state)), Dump(std::vector<Effect>{Tell{{kB, kC}}}));
}

TEST(RoundDeadline, IsThereWhereverNodesAreAwaited) {
  EXPECT_TRUE(DeadlineOf(Round().state));
  EXPECT_TRUE(DeadlineOf(InTrain().state));
  EXPECT_TRUE(DeadlineOf(InCollect().state));
  EXPECT_FALSE(DeadlineOf(InUnmask().state));
  EXPECT_TRUE(DeadlineOf(InCommit().state));
  EXPECT_FALSE(DeadlineOf(InClosed().state));
}

TEST(RoundExplain, SaysWhoIsAwaitedForWhatAndWhatHappensAtTheDeadline) {
  const auto says = [](const Round& round) { return Explain(round.plan, round.state).sentence; };
  Round round;
  EXPECT_EQ(says(round),
            "waiting until 3 nodes are connected and willing; at the deadline the job pauses until they are");
  round.Do(Candidates{kAll}).Do(Trained{kA});
  EXPECT_EQ(says(round),
            "waiting for 2 nodes to finish training; at the deadline the round goes on if 2 have finished (1 "
            "so far)");
  EXPECT_EQ(Explain(round.plan, round.state).awaited, (NodeSet{kB, kC}));
  round.Do(Trained{kB}).Do(Trained{kC}).Do(UploadOf(kA)).Do(UploadOf(kB));
  EXPECT_EQ(
      says(round),
      "waiting for the updates of 1 node; at the deadline the round goes on if 2 are complete (2 so far)");
  EXPECT_EQ(Explain(round.plan, round.state).awaited, NodeSet{kC});
  round.Do(UploadOf(kC));
  EXPECT_EQ(says(round), "adding the updates and making the outer step");
  round.Do(Summed{{4}, TestOutcome()});
  EXPECT_EQ(says(round),
            "waiting for 3 nodes to check the new model; at the deadline it stands if 2 agree (0 so far)");
  EXPECT_EQ(says(InClosed()), "committed");
  EXPECT_EQ(says(Round().After(100).Do(Tick{})), "given up: round.no_quorum");
}

TEST(RoundExplain, AwaitsExactlyThoseWhoHaveADutyAmongSurvivors) {
  for (const Round& round : {InTrain(), InCollect(), InCommit()}) {
    const NodeSet awaited = Explain(round.plan, round.state).awaited;
    for (const NodeId node : {kA, kB, kC, kStranger})
      EXPECT_EQ(awaited.contains(node), DutyOf(round.state, node).has_value()) << Dump(node);
  }
}

}  // namespace
}  // namespace accord::round
