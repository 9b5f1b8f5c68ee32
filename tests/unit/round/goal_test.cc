// Over-selection: a round that begins with more nodes than it wants, and does not wait for the slowest.
#include "tests/unit/round/fixture.h"

namespace accord::round {
namespace {

const NodeId kD = Node(4), kE = Node(5);
const NodeSet kFive{kA, kB, kC, kD, kE};

Plan GoalPlan() {
  Plan plan = TestPlan();
  plan.goal = 2;
  plan.max_nodes = 3;
  return plan;
}

TEST(GoalTest, NodesTakeTurnsWhenMoreAreReadyThanARoundBeginsWith) {
  std::map<NodeId, int> turns;
  Plan plan = GoalPlan();
  for (std::uint64_t round = 1; round <= 5; ++round) {
    plan.round = {round};
    Round open(plan);
    open.Do(Candidates{kFive});
    EXPECT_EQ(open.As<Train>().members.cohort.size(), 3U);
    for (const NodeId& node : open.As<Train>().members.cohort) ++turns[node];
  }
  for (const NodeId& node : kFive) EXPECT_EQ(turns[node], 3) << node.Hex();
}

// Nodes that never deliver and never say so, as those that are ahead after a restore.
TEST(GoalTest, ARoundThatFailedIsTriedWithOthers) {
  std::set<NodeSet> cohorts;
  Plan plan = GoalPlan();
  plan.max_nodes = 2;
  for (plan.failures = 0; plan.failures < 100; ++plan.failures) {
    Round open(plan);
    open.Do(Candidates{kFive});
    cohorts.insert(open.As<Train>().members.cohort);
  }
  EXPECT_EQ(cohorts.size(), 10U) << "each pair of five, whoever is left out by whom";
}

TEST(GoalTest, ARoundWithoutALimitTakesAllAndWaitsForAll) {
  Round round;
  round.Do(Candidates{kFive});
  EXPECT_EQ(round.As<Train>().members.cohort, kFive);
  const TimePoint deadline = *DeadlineOf(round.state);
  for (const NodeId& node : {kA, kB, kC, kD}) round.Do(Trained{node});
  EXPECT_EQ(DeadlineOf(round.state), deadline);
}

TEST(GoalTest, ASignedSetComesWholeWhateverTheLimit) {
  Plan plan = MaskedPlan();
  plan.max_nodes = 2;
  plan.bound = kAll;
  Round round(plan);
  round.Do(Candidates{kFive});
  EXPECT_EQ(round.As<Train>().members.cohort, kAll);
}

TEST(GoalTest, TrainingClosesSoonAfterItIsReached) {
  Round round(GoalPlan());
  round.Do(Candidates{kAll}).After(80).Do(Trained{kA});
  EXPECT_EQ(DeadlineOf(round.state), At(1'001'000));
  round.After(80).Do(Trained{kB});
  EXPECT_EQ(DeadlineOf(round.state), round.now + Millis(20)) << "an eighth of the time that it took";
  EXPECT_NE(Explain(round.plan, round.state).sentence.find("2 updates that it wants"), std::string::npos);
  EXPECT_EQ(round.After(19).Fate(Tick{}), Discards(Reason::kNone));
  round.After(1).Do(Tick{});
  ASSERT_EQ(round.phase(), Phase::kCollect);
  EXPECT_EQ(round.As<Collect>().attempt.cohort, (NodeSet{kA, kB}));
  EXPECT_FALSE(DutyOf(round.state, kC));
  round.Do(UploadOf(kA))
      .Do(UploadOf(kB))
      .Do(Summed{{4}, TestOutcome()})
      .Do(VerifiedBy(kA))
      .Do(VerifiedBy(kB));
  EXPECT_TRUE(round.As<Closed>().committed);
}

TEST(GoalTest, WhoComesInTheGraceIsIn) {
  Round round(GoalPlan());
  round.Do(Candidates{kAll}).After(80).Do(Trained{kA}).Do(Trained{kB}).After(5).Do(Trained{kC});
  ASSERT_EQ(round.phase(), Phase::kCollect);
  EXPECT_EQ(round.As<Collect>().attempt.cohort, kAll);
}

TEST(GoalTest, WhoIsLateMayJoinALaterAttempt) {
  Round round(GoalPlan());
  round.Do(Candidates{kAll}).Do(Trained{kA}).Do(Trained{kB}).Do(Tick{});
  ASSERT_EQ(round.phase(), Phase::kCollect);
  round.Do(Trained{kC}).After(200).Do(Tick{});
  EXPECT_EQ(round.As<Collect>().attempt.id, AttemptId{5});
  EXPECT_EQ(round.As<Collect>().attempt.cohort, kAll);
}

TEST(GoalTest, UnmaskedUploadsCloseSoonAfterItIsReached) {
  Round round(GoalPlan());
  round.Do(Candidates{kAll});
  for (const NodeId& node : kAll) round.Do(Trained{node});
  ASSERT_EQ(round.phase(), Phase::kCollect);
  round.After(40).Do(UploadOf(kA)).Do(UploadOf(kB));
  EXPECT_EQ(DeadlineOf(round.state), round.now + Millis(5));
  round.After(5).Do(Tick{});
  ASSERT_EQ(round.phase(), Phase::kUnmask);
  EXPECT_EQ(round.Fate(UploadOf(kC)), Discards(Reason::kLate));
  EXPECT_EQ(round.Effects<TakeSum>()[0].survivors, (NodeSet{kA, kB}));
}

TEST(GoalTest, UpdatesThatComeWithTheWordCountForIt) {
  Round round(GoalPlan());
  round.Do(Candidates{kAll}).After(80).Do(UploadOf(kA)).Do(UploadOf(kB));
  EXPECT_EQ(DeadlineOf(round.state), round.now + Millis(10));
  round.After(10).Do(Tick{});
  EXPECT_EQ(round.phase(), Phase::kUnmask);
}

// The masking cohort is fixed with the goal in p2; who is missing then costs shares.
TEST(GoalTest, MaskedUploadsAreAllAwaited) {
  Plan plan = MaskedPlan();
  plan.goal = 3;
  Round round(plan);
  const NodeSet four{kA, kB, kC, kD};
  round.Do(Candidates{four, Hash(40)});
  for (const NodeId& node : four) round.Do(Trained{node});
  for (const NodeId& node : four) round.Do(Advertised{node, {4}});
  for (const NodeId& node : four) round.Do(Shared{node, {4}});
  round.Do(SharesStored{{4}, Hash(30)});
  const TimePoint deadline = *DeadlineOf(round.state);
  round.After(10);
  for (const NodeId& node : kAll) round.Do(Uploaded{node, {4}, Hash(node.bytes[0]), {1}});
  EXPECT_EQ(round.phase(), Phase::kCollect);
  EXPECT_EQ(DeadlineOf(round.state), deadline);
}

TEST(TickTest, OutOfAJournalEndsThePhaseWhateverTheDeadlineIsToday) {
  Round round = InTrain();
  round.Do(Trained{kA}).Do(Trained{kB}).Do(Tick{.due = true});
  EXPECT_EQ(round.phase(), Phase::kCollect);
}

}  // namespace
}  // namespace accord::round
