// The job machine from proposal to its last round.
#include "job/job.h"

#include "tests/unit/job/fixture.h"

namespace accord::job {
namespace {

TEST(JobTest, RunsItsRoundsThenEvaluatesThenIsFinished) {
  Job job;
  job.Begin();
  EXPECT_EQ(job.Asked(), Dump(std::vector<Effect>{AskCandidates{}}));
  EXPECT_EQ(job.open().plan.purpose, round::Purpose::kTrain);
  job.WholeRound();
  EXPECT_EQ(job.open().plan.round, RoundId{2});
  EXPECT_EQ(job.open().plan.model_hash, Hash(101)) << "goes on from the model that was committed";
  job.WholeRound();
  EXPECT_EQ(job.open().plan.round, RoundId{3});
  EXPECT_EQ(job.open().plan.purpose, round::Purpose::kEvaluate);
  job.WholeRound();
  EXPECT_EQ(job.phase(), Phase::kFinished);
  EXPECT_EQ(job.progress().committed, 2U);
  EXPECT_TRUE(job.progress().evaluated);
  EXPECT_EQ(job.progress().ended, job.now);
  EXPECT_EQ(job.Asked(), Dump(std::vector<Effect>{RoundEffect{{3}, round::Discard{{0}}}, Ended{}}));
  ASSERT_EQ(HistoryOf(job.state).size(), 3U);
  const RoundSummary& first = HistoryOf(job.state)[0];
  EXPECT_TRUE(first.committed);
  EXPECT_EQ(first.attempts, 1U);
  EXPECT_EQ(first.cohort, 3U);
  EXPECT_EQ(first.survivors, 3U);
  EXPECT_EQ(first.words, 12U);
  EXPECT_EQ(first.model_hash, Hash(101));
  EXPECT_EQ(first.metrics.size(), 1U);
}

TEST(JobTest, WithoutMetricsThereIsNoEvaluation) {
  Plan plan = TestPlan();
  plan.final_evaluation = false;
  Job job(plan);
  job.Begin().WholeRound().WholeRound();
  EXPECT_EQ(job.phase(), Phase::kFinished);
}

TEST(JobTest, EventsBeforeTheStartComeInTheirOrder) {
  Job job;
  EXPECT_EQ(job.Fate(Start{Hash(1)}), Rejects(round::Reason::kWrongPhase));
  EXPECT_EQ(job.Fate(Enqueue{}), Rejects(round::Reason::kWrongPhase));
  EXPECT_EQ(job.Fate(Pause{}), Rejects(round::Reason::kWrongPhase));
  job.Do(Approve{});
  EXPECT_EQ(job.Fate(Approve{}), Rejects(round::Reason::kWrongPhase));
  job.Do(Enqueue{});
  EXPECT_EQ(job.Fate(InRound{{1}, round::Candidates{kAll}}), Rejects(round::Reason::kWrongPhase));
  job.Do(Start{Hash(1)});
  EXPECT_EQ(job.Fate(Start{Hash(2)}), Rejects(round::Reason::kWrongPhase));
  EXPECT_EQ(job.progress().started, job.now);
}

std::vector<Job> JobsInEveryOpenPhase() {
  return {Job(),
          Job().Do(Approve{}),
          Job().Do(Approve{}).Do(Enqueue{}),
          Job().Begin(),
          Job().Begin().Gather().Train(),
          Job().Begin().Gather().Do(Pause{})};
}

TEST(JobTest, CanBeCancelledAnywhereAndThenNeverChanges) {
  for (Job job : JobsInEveryOpenPhase()) {
    job.Do(Cancel{});
    EXPECT_EQ(job.phase(), Phase::kCancelled);
    EXPECT_EQ(ReasonOf(job.state), Reason::kByOperator);
    EXPECT_EQ(job.Asked(), Dump(std::vector<Effect>{Ended{}}));
    EXPECT_EQ(job.progress().ended, job.now);
    for (const Event& event : std::vector<Event>{Approve{}, Enqueue{}, Start{}, InRound{{1}, round::Tick{}},
                                                 Pause{}, Resume{}, Cancel{}, Fail{}})
      EXPECT_EQ(job.Fate(event), Discards(round::Reason::kOver));
  }
}

TEST(JobTest, CanFailAnywhere) {
  for (Job job : JobsInEveryOpenPhase()) {
    job.Do(Fail{Reason::kModelLost});
    EXPECT_EQ(job.phase(), Phase::kFailed);
    EXPECT_EQ(ReasonOf(job.state), Reason::kModelLost);
    EXPECT_TRUE(IsTerminal(job.state));
  }
}

TEST(JobTest, EventsOfOtherRoundsDoNotCount) {
  Job job;
  job.Begin().WholeRound().Gather();
  EXPECT_EQ(job.Fate(InRound{{1}, round::Trained{kA}}), Discards(round::Reason::kLate));
  EXPECT_EQ(job.Fate(InRound{{3}, round::Trained{kA}}), Rejects(round::Reason::kWrongPhase));
  EXPECT_EQ(job.Fate(InRound{{2}, round::Trained{kStranger}}), Rejects(round::Reason::kNotInCohort))
      << "the round's own reason is passed on";
}

TEST(JobTest, AFailedRoundIsTriedAgainUnderItsNumberWithHigherAttempts) {
  Job job;
  job.Begin().Gather().Train().After(200).In(round::Tick{}).After(200).In(round::Tick{});
  EXPECT_EQ(job.open().plan.round, RoundId{1});
  EXPECT_EQ(job.open().plan.first_attempt, AttemptId{2}) << "0 and 1 are used up";
  EXPECT_EQ(HistoryOf(job.state).back().reason, round::Reason::kTooFewUploads);
  EXPECT_EQ(HistoryOf(job.state).back().attempts, 2U);
  EXPECT_EQ(HistoryOf(job.state).back().model_hash, Hash(1)) << "the model did not change";
  job.WholeRound();
  EXPECT_EQ(job.open().plan.round, RoundId{2});
  EXPECT_EQ(job.open().plan.first_attempt, AttemptId{0});
}

TEST(JobTest, AMaskedRoundThatBeganNoAttemptUsesNoNumberUp) {
  Plan plan = TestPlan();
  plan.mode = SecureMode::kMalicious;
  Job job(plan);
  job.Begin().FailedRound();
  EXPECT_EQ(job.open().plan.first_attempt, AttemptId{0});
  EXPECT_EQ(HistoryOf(job.state).back().attempts, 0U);
}

// Nodes were told it with their training, and may have encoded for it.
TEST(JobTest, AnUnmaskedRoundThatEndsInTrainingUsesTheNumberUp) {
  Job job;
  job.Begin().FailedRound();
  EXPECT_EQ(job.open().plan.first_attempt, AttemptId{1});
  EXPECT_EQ(HistoryOf(job.state).back().attempts, 1U);
}

TEST(JobTest, PausesAfterThreeFailedRoundsInARowAndWaitsForAPerson) {
  Job job;
  job.Begin().FailedRound().FailedRound().FailedRound();
  EXPECT_EQ(job.phase(), Phase::kPaused);
  EXPECT_EQ(ReasonOf(job.state), Reason::kRoundsFailing);
  EXPECT_EQ(job.Fate(InRound{{}, round::Candidates{kAll}}), Discards(round::Reason::kLate));
  job.Do(Resume{}).FailedRound().FailedRound();
  EXPECT_EQ(job.phase(), Phase::kRunning) << "the count began anew";
}

TEST(JobTest, NoAttemptIsBegunThatNoNodeWouldAnswer) {
  Plan plan = TestPlan();
  plan.mode = SecureMode::kMalicious;
  plan.exchange_wait = Millis(50);
  plan.attempts = 5;
  plan.tries = 10;
  Job job(plan);
  job.Begin();
  const auto fail = [&] {
    job.In(round::Candidates{kAll, Hash(40)}).Train();
    while (job.phase() == Phase::kRunning && round::AttemptOf(job.open().state) != nullptr) {
      job.now = *DeadlineOf(job.state);
      job.In(round::Tick{});
    }
  };
  fail();
  EXPECT_EQ(job.open().plan.first_attempt, AttemptId{5});
  EXPECT_EQ(job.open().plan.attempts, 3U) << "the eighth is the last";
  fail();
  EXPECT_EQ(ReasonOf(job.state), Reason::kAttemptsSpent);
  job.Do(Resume{});
  EXPECT_EQ(job.open().plan.attempts, 5U) << "a person says that the nodes allow more";
}

TEST(JobTest, ACommitForgetsTheFailuresBeforeIt) {
  Job job;
  job.Begin().FailedRound().FailedRound().WholeRound().FailedRound().FailedRound();
  EXPECT_EQ(job.phase(), Phase::kRunning);
}

TEST(JobTest, FailsWhenSumsStayInvalidOrMostNodesDisagree) {
  Job invalid;
  invalid.Begin().Gather().Train().Upload().In(round::SumFailed{{0}});
  EXPECT_EQ(invalid.phase(), Phase::kRunning) << "once may be chance";
  invalid.Upload().In(round::SumFailed{{1}});
  EXPECT_EQ(ReasonOf(invalid.state), Reason::kSumInvalid);
  EXPECT_EQ(invalid.phase(), Phase::kFailed);

  Job mismatch;
  mismatch.Begin().Gather().Train().Upload().Sum();
  for (const NodeId node : kAll) mismatch.In(round::Verified{node, {0}, Hash(66)});
  EXPECT_EQ(ReasonOf(mismatch.state), Reason::kModelMismatch);
  EXPECT_EQ(mismatch.progress().model_hash, Hash(1)) << "the last good model stays";
}

TEST(JobTest, ARestartIssuesAgainWhatTheOpenRoundAwaits) {
  const auto outstanding = [](const Job& job) { return Dump(Outstanding(job.state)); };
  const auto same = [](std::vector<Effect> effects) { return Dump(effects); };
  EXPECT_EQ(outstanding(Job()), same({}));
  EXPECT_EQ(outstanding(Job().Begin()), same({AskCandidates{}}));
  EXPECT_EQ(outstanding(Job().Begin().Gather()), same({RoundEffect{{1}, round::Tell{kAll}}}));
  EXPECT_EQ(outstanding(Job().Begin().Gather().Train().Upload()),
            same({RoundEffect{{1}, round::TakeSum{{0}, kAll, kAll}}}));
  EXPECT_EQ(outstanding(Job().Begin().Gather().Do(Pause{})), same({}));
  EXPECT_EQ(outstanding(Job().Do(Cancel{})), same({Ended{}}));
}

TEST(JobTest, TheDeadlineIsTheOpenRounds) {
  Job job;
  EXPECT_EQ(DeadlineOf(job.state), std::nullopt);
  job.Begin();
  EXPECT_EQ(DeadlineOf(job.state), job.now + Millis(1000));
  job.Do(Pause{});
  EXPECT_EQ(DeadlineOf(job.state), std::nullopt);
  EXPECT_EQ(RoundOf(job.state), nullptr);
}

TEST(JobTest, NamesAreDistinct) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Phase::kCancelled); ++i) names.insert(Name(static_cast<Phase>(i)));
  EXPECT_EQ(names.size(), 8U);
  names.clear();
  for (int i = 0; i <= static_cast<int>(Reason::kAttemptsSpent); ++i)
    names.insert(Name(static_cast<Reason>(i)));
  EXPECT_EQ(names.size(), 11U);
}

TEST(JobPlan, WaitsForTransfersByTheirBytesButNeverLongerThanAPersonAllows) {
  JobSpec spec;
  spec.round = {.count = 5, .min_nodes = 4, .min_survivors = 3, .max_wait = Millis(7'200'000), .attempts = 2};
  spec.eval.metrics = {Metric::kLoss};
  const Plan small = PlanOf(spec, 1000);
  EXPECT_EQ(small.rounds, 5U);
  EXPECT_EQ(small.min_nodes, 4U);
  EXPECT_EQ(small.min_survivors, 3U);
  EXPECT_EQ(small.attempts, 2U);
  EXPECT_EQ(small.max_wait, Millis(7'200'000));
  EXPECT_TRUE(small.final_evaluation);
  EXPECT_GE(small.transfer_wait, Millis(60'000));
  EXPECT_GT(PlanOf(spec, 10'000'000).transfer_wait, small.transfer_wait);
  EXPECT_EQ(PlanOf(spec, 1ULL << 36).transfer_wait, spec.round.max_wait);
  EXPECT_EQ(small.exchange_wait, Millis(60'000));
  spec.round.min_wait = Millis(90'000);
  EXPECT_EQ(PlanOf(spec, 1000).exchange_wait, Millis(90'000)) << "nor shorter";
  EXPECT_EQ(PlanOf(spec, 1000).min_wait, Millis(90'000));
  spec.round.max_wait = Millis(10);
  EXPECT_EQ(PlanOf(spec, 1000).min_wait, Millis(10)) << "max_wait holds where the two are at odds";
  EXPECT_EQ(PlanOf(spec, 1000).transfer_wait, Millis(10));
  spec.eval.metrics.clear();
  EXPECT_FALSE(PlanOf(spec, 1000).final_evaluation);
}

}  // namespace
}  // namespace accord::job
