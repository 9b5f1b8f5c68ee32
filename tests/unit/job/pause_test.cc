// Pauses: by a person, for a lack of nodes, for a full disk; what is heard in them, and how they end.
#include "tests/unit/job/fixture.h"

namespace accord::job {
namespace {

TEST(PauseTest, KeepsTheRoundAsItStoodAndMovesItsDeadline) {
  Job job;
  job.Begin().Gather();
  const TimePoint deadline = *DeadlineOf(job.state);
  job.After(300).Do(Pause{});
  EXPECT_EQ(ReasonOf(job.state), Reason::kByOperator);
  EXPECT_EQ(job.Fate(InRound{{1}, round::Trained{kA}}), Discards(round::Reason::kLate));
  EXPECT_EQ(job.Fate(InRound{{1}, round::Tick{}}), Discards(round::Reason::kLate));
  EXPECT_EQ(job.Fate(InRound{{1}, round::Restarted{Millis(9)}}), Discards(round::Reason::kLate))
      << "the whole pause is added when it ends";
  job.After(5000).Do(Resume{});
  EXPECT_EQ(DeadlineOf(job.state), deadline + Millis(5000));
  EXPECT_EQ(job.Asked(), Dump(std::vector<Effect>{RoundEffect{{1}, round::Tell{kAll}}}));
  EXPECT_EQ(job.Fate(Resume{}), Discards(round::Reason::kDuplicate));
}

TEST(PauseTest, AClockSetBackInThePauseTakesNothingFromTheDeadline) {
  Job job;
  job.Begin().Gather();
  const TimePoint deadline = *DeadlineOf(job.state);
  job.Do(Pause{}).After(-5000).Do(Resume{});
  EXPECT_EQ(DeadlineOf(job.state), deadline);
}

TEST(PauseTest, ASumUnderWayIsTakenAgain) {
  Job job;
  job.Begin().Gather().Train().Upload().Do(Pause{});
  EXPECT_EQ(job.Fate(InRound{{1}, round::Summed{{0}, {}}}), Discards(round::Reason::kLate));
  job.Do(Resume{});
  EXPECT_EQ(job.Asked(), Dump(std::vector<Effect>{RoundEffect{{1}, round::TakeSum{{0}, kAll, kAll}}}));
  job.Sum().Verify();
  EXPECT_EQ(job.progress().committed, 1U);
}

TEST(PauseTest, WithoutQuorumEndsByItselfWhenEnoughNodesAreBack) {
  Job job;
  job.Begin().After(1000).In(round::Tick{});
  EXPECT_EQ(job.phase(), Phase::kPaused);
  EXPECT_EQ(ReasonOf(job.state), Reason::kNoQuorum);
  EXPECT_EQ(job.Fate(InRound{{}, round::Candidates{{kA, kB}}}), Discards(round::Reason::kLate));
  job.After(86'400'000).Do(InRound{{}, round::Candidates{kAll}});
  EXPECT_EQ(job.phase(), Phase::kRunning);
  EXPECT_EQ(job.Asked(), Dump(std::vector<Effect>{AskCandidates{}}));
  EXPECT_EQ(DeadlineOf(job.state), job.now + Millis(1000)) << "a full wait from now on";
}

TEST(PauseTest, NightsWithoutNodesAreNoFailuresOfTheJob) {
  Job job;
  job.Begin();
  for (int night = 0; night < 10; ++night) {
    job.After(1000).In(round::Tick{});
    ASSERT_EQ(ReasonOf(job.state), Reason::kNoQuorum);
    job.Do(InRound{{}, round::Candidates{kAll}});
  }
  EXPECT_EQ(job.open().plan.first_attempt, AttemptId{0}) << "nor do they use attempts up";
  job.FailedRound();
  EXPECT_EQ(job.phase(), Phase::kRunning);
}

// Three nodes that trained; all have signed the survivor set, and the attempts of the round are used up.
Job WithSignedSet() {
  Plan plan = TestPlan();
  plan.mode = SecureMode::kMalicious;
  plan.exchange_wait = Millis(50);
  plan.attempts = 1;
  plan.tries = 1;
  Job job(plan);
  job.Begin().In(round::Candidates{kAll, Hash(40)}).Train();
  for (const NodeId node : kAll) job.In(round::Advertised{node, {0}});
  for (const NodeId node : kAll) job.In(round::Shared{node, {0}});
  job.In(round::SharesStored{{0}, Hash(30)}).Upload();
  return job.After(50).In(round::Tick{}).Do(Resume{});
}

TEST(PauseTest, ForNodesThatASignedSetBindsEndsWhenAllOfThemAreBack) {
  Job job = WithSignedSet();
  EXPECT_EQ(job.open().plan.bound, kAll);
  job.After(1000).In(round::Tick{});
  EXPECT_EQ(ReasonOf(job.state), Reason::kBoundMissing);
  const round::NodeSet others{kA, kB, kStranger, round::Node(5)};
  EXPECT_EQ(job.Fate(InRound{{}, round::Candidates{others}}), Discards(round::Reason::kLate));
  job.Do(InRound{{}, round::Candidates{kAll}});
  EXPECT_EQ(job.phase(), Phase::kRunning);
}

TEST(PauseTest, APersonMayForgetWhomASignedSetBinds) {
  Job job = WithSignedSet();
  EXPECT_EQ(job.Fate(Resume{.free = true}), Discards(round::Reason::kDuplicate)) << "not while it runs";
  job.After(1000).In(round::Tick{}).Do(Resume{.free = true});
  EXPECT_TRUE(job.open().plan.bound.empty());

  Job held = WithSignedSet();
  held.Do(Pause{});
  EXPECT_EQ(held.Fate(Resume{.free = true}), Rejects(round::Reason::kWrongPhase)) << "its round is open";
}

TEST(PauseTest, APersonsPauseOutlivesTheReasonThatWouldEndByItself) {
  Job job;
  job.Begin().After(1000).In(round::Tick{}).Do(Pause{Reason::kByOperator});
  EXPECT_EQ(ReasonOf(job.state), Reason::kByOperator);
  EXPECT_EQ(job.Fate(InRound{{}, round::Candidates{kAll}}), Discards(round::Reason::kLate));
  EXPECT_EQ(job.Fate(Pause{Reason::kDiskFull}), Discards(round::Reason::kDuplicate));
  EXPECT_EQ(job.Fate(Pause{Reason::kByOperator}), Discards(round::Reason::kDuplicate));
  job.Do(Resume{});
  EXPECT_EQ(job.phase(), Phase::kRunning);
}

TEST(PauseTest, ForAFullDiskGoesOnWhereItStood) {
  Job job;
  job.Begin().Gather().Train().Do(Pause{Reason::kDiskFull});
  EXPECT_EQ(ReasonOf(job.state), Reason::kDiskFull);
  job.After(50).Do(Resume{}).Upload().Sum().Verify();
  EXPECT_EQ(job.progress().committed, 1U);
}

TEST(PauseTest, HearsWhatARestartLost) {
  Job job;
  job.Begin().Gather().Train().Upload().Do(Pause{}).Do(InRound{{1}, round::UploadsLost{{kA}}});
  EXPECT_EQ(job.Asked(), "[]") << "told when the pause ends";
  job.Do(Resume{});
  EXPECT_EQ(job.Asked(), Dump(std::vector<Effect>{RoundEffect{{1}, round::Tell{kAll}}}));
  job.In(round::Uploaded{kA, {0}, Hash(1)});
  EXPECT_EQ(round::PhaseOf(job.open().state), round::Phase::kUnmask);
}

// Of two that left, one was awaited and one had sent its update: the update is not counted.
TEST(PauseTest, TheUpdateOfANodeThatLeftInItIsNotCounted) {
  for (const auto& [silent, sender, stays] : {std::tuple(kA, kB, kC), std::tuple(kB, kA, kC)}) {
    Job job;
    job.Begin().Gather();
    for (const NodeId node : {sender, stays}) job.In(round::Uploaded{node, {0}, Hash(1)});
    job.Do(Pause{});
    for (const NodeId node : {silent, sender})
      job.Do(InRound{{1}, round::Dropped{node, round::Reason::kStopped}});
    job.Do(Resume{});
    EXPECT_EQ(round::PhaseOf(job.open().state), round::Phase::kGather) << "one update is too few: anew";
  }
}

TEST(PauseTest, ANodeThatDropsOutInItIsNotAwaitedAfterIt) {
  Job job;
  job.Begin().Gather().In(round::Trained{kA}).In(round::Trained{kB}).Do(Pause{});
  job.Do(InRound{{1}, round::Dropped{kC, round::Reason::kStopped}});
  EXPECT_EQ(job.Fate(InRound{{1}, round::Dropped{kC, round::Reason::kStopped}}),
            Discards(round::Reason::kDuplicate));
  EXPECT_EQ(job.Fate(InRound{{1}, round::Dropped{kStranger, round::Reason::kStopped}}),
            Discards(round::Reason::kNotInCohort));
  EXPECT_EQ(job.phase(), Phase::kPaused);
  job.Do(Resume{});
  EXPECT_EQ(round::PhaseOf(job.open().state), round::Phase::kCollect);
  EXPECT_EQ(job.Asked(), Dump(std::vector<Effect>{RoundEffect{{1}, round::Tell{{kA, kB}}}}));
}

TEST(PauseTest, ARoundThatAllLeftInItIsGivenUpWhenItEnds) {
  Job job;
  job.Begin().Gather().Train().Do(Pause{});
  for (const NodeId node : kAll) job.Do(InRound{{1}, round::Dropped{node, round::Reason::kStopped}});
  job.After(77).Do(Resume{});
  ASSERT_EQ(job.phase(), Phase::kRunning);
  EXPECT_EQ(HistoryOf(job.state).back().reason, round::Reason::kTooFewUploads);
  EXPECT_EQ(round::PhaseOf(job.open().state), round::Phase::kGather);
  EXPECT_EQ(DeadlineOf(job.state), job.now + Millis(1000));
  EXPECT_EQ(job.Asked(), Dump(std::vector<Effect>{RoundEffect{{1}, round::Discard{{0}}}, AskCandidates{}}));
}

}  // namespace
}  // namespace accord::job
