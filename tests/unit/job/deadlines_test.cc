// The waits of rounds: from what the rounds before them took, and within what a person allows.
#include "job/deadlines.h"

#include "job/codec.h"
#include "tests/unit/job/fixture.h"

namespace accord::job {
namespace {

// Between a tenth of a second and ten.
Plan WaitPlan() {
  Plan plan = TestPlan();
  plan.min_wait = Millis(100);
  plan.max_wait = Millis(10'000);
  plan.transfer_wait = Millis(700);
  plan.exchange_wait = Millis(300);
  plan.upload_bytes = 80 << 20;
  return plan;
}
RoundSummary Round(std::uint64_t number, std::int64_t trained,
                   round::Purpose purpose = round::Purpose::kTrain) {
  return {.round = {number}, .purpose = purpose, .took = {.train = Millis(trained)}};
}
Progress After(std::vector<RoundSummary> rounds, std::uint64_t committed = 0) {
  Progress progress;
  progress.committed = committed;
  progress.history = std::make_shared<const std::vector<RoundSummary>>(std::move(rounds));
  return progress;
}
Progress After(std::initializer_list<Took> rounds) {
  std::vector<RoundSummary> history;
  for (const Took& took : rounds) history.push_back({.round = {1}, .took = took});
  return After(std::move(history));
}

TEST(WaitsTest, BeforeAnythingIsMeasuredAreThoseOfTheLinkAndMaxWait) {
  const Waits waits = WaitsOf(WaitPlan(), {});
  EXPECT_EQ(waits.gather.length, Millis(10'000));
  EXPECT_EQ(waits.train.length, Millis(10'000));
  EXPECT_EQ(waits.exchange.length, Millis(300));
  EXPECT_EQ(waits.collect.length, Millis(700));
  EXPECT_EQ(waits.commit.length, Millis(700));
}

TEST(WaitsTest, AreTwiceWhatTheSlowestOfTheLastThreeRoundsTook) {
  const auto train = [](std::int64_t ms) { return Took{.train = Millis(ms)}; };
  EXPECT_EQ(WaitsOf(WaitPlan(), After({train(400)})).train.length, Millis(800));
  EXPECT_EQ(WaitsOf(WaitPlan(), After({train(4000), train(400), train(500), train(300)})).train.length,
            Millis(1000))
      << "the fourth from the end is forgotten";
  EXPECT_EQ(WaitsOf(WaitPlan(), After({train(400), {}, {}, {}, {}})).train.length, Millis(800))
      << "rounds that did not come to it say nothing";
  const Waits waits = WaitsOf(WaitPlan(), After({{Millis(1), Millis(1000), Millis(2000), Millis(3000)}}));
  EXPECT_EQ(waits.exchange.length, Millis(2000));
  EXPECT_EQ(waits.collect.length, Millis(4000)) << "longer than on the stated link, if so it was";
  EXPECT_EQ(waits.commit.length, Millis(6000));
  EXPECT_EQ(waits.gather.length, Millis(10'000)) << "nobody knows when nodes come";
}

TEST(WaitsTest, StayWithinWhatAPersonAllows) {
  EXPECT_EQ(WaitsOf(WaitPlan(), After({{.train = Millis(1)}})).train.length, Millis(100));
  EXPECT_EQ(WaitsOf(WaitPlan(), After({{.train = Millis(9000)}})).train.length, Millis(10'000));
}

TEST(WaitsTest, OfTrainingFollowFromRoundsOfTheSameKind) {
  Plan plan = WaitPlan();
  plan.rounds = 4;
  plan.synchronous = 2;
  const auto wait = [&](const Progress& progress) { return WaitsOf(plan, progress).train.length; };
  const std::vector<RoundSummary> warm = {Round(1, 50), Round(2, 60)};
  EXPECT_EQ(wait(After({warm[0]}, 1)), Millis(100)) << "one step, as before";
  EXPECT_EQ(wait(After(warm, 2)), Millis(10'000)) << "the first whole round may take any number of steps";
  const std::vector<RoundSummary> whole = {warm[0], warm[1], Round(3, 2000), Round(4, 3000)};
  EXPECT_EQ(wait(After(whole, 3)), Millis(6000));
  EXPECT_EQ(wait(After(whole, 4)), Millis(10'000)) << "the evaluation is over other data";
  const auto failed = [&](Progress progress) {
    std::vector<RoundSummary> history = *progress.history;
    history.push_back(Round(5, 800, round::Purpose::kEvaluate));
    return After(std::move(history), progress.committed);
  };
  EXPECT_EQ(wait(failed(After(whole, 4))), Millis(1600));
}

TEST(WaitsTest, AnUploadStallsAfterTheWaitForOneChunk) {
  Plan plan = WaitPlan();
  plan.max_wait = Millis(7'200'000);
  EXPECT_EQ(StallWait(plan, {Millis(700'000), {}}), Millis(62'000)) << "a minute, and 512 KiB at 256 KiB/s";
  EXPECT_EQ(StallWait(plan, {Millis(7'200'000), Millis(6'000'000)}), Millis(74'534))
      << "161 chunks, twice that";
  EXPECT_EQ(StallWait(plan, {Millis(5'000), {}}), Millis(5'000)) << "never longer than the phase";
  plan.min_wait = Millis(300'000);
  EXPECT_EQ(StallWait(plan, {Millis(700'000), {}}), Millis(300'000));
}

TEST(WaitsTest, SayWhatTheyFollowFrom) {
  const Plan plan = WaitPlan();
  const auto why = [&](std::int64_t took) {
    return WaitReason(plan, WaitsOf(plan, After({{.train = Millis(took)}})), round::Phase::kTrain);
  };
  EXPECT_EQ(why(4100), "2 x the 5s that the slowest of the last rounds took for it");
  EXPECT_EQ(why(20),
            "2 x the 20ms that the slowest of the last rounds took for it, but at least min_wait = 100ms");
  EXPECT_EQ(why(7000),
            "2 x the 7s that the slowest of the last rounds took for it, but at most max_wait = 10s");
  const Waits first = WaitsOf(plan, {});
  EXPECT_EQ(WaitReason(plan, first, round::Phase::kTrain),
            "max_wait: no round of this kind was measured yet");
  EXPECT_EQ(WaitReason(plan, first, round::Phase::kCollect),
            "1m and the time of 80.0 MiB at 256.0 KiB/s, since nothing was measured yet");
  EXPECT_EQ(WaitReason(plan, first, round::Phase::kClosed), "");
}

// ---------------------------------------------------------------- measuring, in the job machine

const Took& LastTook(const Job& job) { return HistoryOf(job.state).back().took; }

TEST(PaceTest, IsTheTimeUntilTheLastAnswerOfEachPhase) {
  Job job(WaitPlan());
  job.Begin().After(5000).Gather();
  job.After(300).In(round::Trained{kA}).After(100).In(round::Trained{kB}).In(round::Trained{kC});
  job.After(50).Upload().After(7).Sum().After(20).Verify();
  EXPECT_EQ(Dump(LastTook(job)), Dump(Took{Millis(400), Millis(0), Millis(50), Millis(20)}));
  EXPECT_EQ(job.open().plan.train_wait, Millis(800));
  EXPECT_EQ(job.open().plan.collect_wait, Millis(100)) << "min_wait";
  EXPECT_EQ(job.open().plan.gather_wait, Millis(10'000));
}

TEST(PaceTest, LeavesOutWhoHasStoppedForGood) {
  Job job(WaitPlan());
  job.Begin().Gather().After(300).In(round::Trained{kA}).In(round::Trained{kB});
  job.After(9700).In(round::Tick{});
  EXPECT_EQ(round::PhaseOf(job.open().state), round::Phase::kCollect);
  EXPECT_EQ(job.open().pace.took.train, Millis(300));
  job.After(200).In(round::Trained{kC});
  EXPECT_EQ(job.open().pace.took.train, Millis(10'200)) << "but a late one has shown how long it takes";
}

TEST(PaceTest, APhaseThatFailedAtItsDeadlineTookAtLeastSoLong) {
  Job job(WaitPlan());
  job.Begin().WholeRound();
  EXPECT_EQ(job.open().plan.train_wait, Millis(100)) << "it took no time that could be measured";
  job.Gather().After(100).In(round::Tick{});
  EXPECT_EQ(HistoryOf(job.state).back().reason, round::Reason::kTooFewTrained);
  EXPECT_EQ(job.open().plan.train_wait, Millis(200));
  job.Gather().After(200).In(round::Tick{});
  EXPECT_EQ(job.open().plan.train_wait, Millis(400)) << "so a job whose nodes became slower recovers";
}

TEST(PaceTest, AFailedAttemptTookAtLeastSoLong) {
  Job job(WaitPlan());
  job.Begin().Gather().Train().After(700).In(round::Tick{});
  EXPECT_EQ(job.open().pace.took.collect, Millis(700));
  job.After(10).Upload();
  EXPECT_EQ(job.open().pace.took.collect, Millis(700));
}

TEST(PaceTest, TimeAwayAndPausesDoNotCount) {
  Job job(WaitPlan());
  job.Begin().Gather().After(100).Do(Pause{}).After(50'000).Do(Resume{}).After(100).Train();
  EXPECT_EQ(job.open().pace.took.train, Millis(200));
  job.After(9000).In(round::Restarted{Millis(8970)}).Upload();
  EXPECT_EQ(job.open().pace.took.collect, Millis(30));
}

TEST(PaceTest, OfMaskedRoundsHasTheLongestExchange) {
  Plan plan = WaitPlan();
  plan.mode = SecureMode::kMalicious;
  Job job(plan);
  job.Begin().In(round::Candidates{kAll, Hash(40)}).After(30).Train().After(40);
  for (const NodeId node : kAll) job.In(round::Advertised{node, {0}});
  job.After(60);
  for (const NodeId node : kAll) job.In(round::Shared{node, {0}});
  EXPECT_EQ(Dump(job.open().pace.took), Dump(Took{Millis(30), Millis(60), Millis(0), Millis(0)}));
}

TEST(PaceTest, FollowsFromTheJournalAlone) {
  Job job(WaitPlan());
  job.Begin().Gather().After(400).Train().Upload().Sum().Verify();
  const Record tick{job.now, Event{InRound{{2}, round::Tick{}}}};
  const auto again = Decode(Encode(tick));
  ASSERT_TRUE(again.ok());
  job.Gather();
  EXPECT_EQ(job.Fate(InRound{{2}, round::Tick{}}), Discards(round::Reason::kNone)) << "not yet";
  job.Do(std::get<Event>(again->content));
  EXPECT_EQ(HistoryOf(job.state).back().reason, round::Reason::kTooFewTrained)
      << "a tick out of a journal had its deadline behind it, by the rules of its version";
}

// ---------------------------------------------------------------- over-selection

TEST(GoalTest, IsOfTrainingRoundsAndNotOfTheEvaluation) {
  Plan plan = WaitPlan();
  plan.rounds = 1;
  plan.goal = 2;
  plan.over_selection = 1;
  Job job(plan);
  job.Begin();
  EXPECT_EQ(job.open().plan.goal, 2U);
  EXPECT_EQ(job.open().plan.max_nodes, 3U);
  job.WholeRound();
  EXPECT_EQ(job.open().plan.purpose, round::Purpose::kEvaluate);
  EXPECT_EQ(job.open().plan.goal, 0U);
  EXPECT_EQ(job.open().plan.max_nodes, 0U);
}

TEST(GoalTest, ARoundKnowsHowOftenItFailed) {
  Plan plan = WaitPlan();
  plan.goal = 2;
  plan.over_selection = 1;
  Job job(plan);
  job.Begin();
  EXPECT_EQ(job.open().plan.failures, 0U);
  job.Gather().After(10'000).In(round::Tick{});
  EXPECT_EQ(job.open().plan.round, RoundId{1});
  EXPECT_EQ(job.open().plan.failures, 1U);
  job.WholeRound();
  EXPECT_EQ(job.open().plan.failures, 0U);
}

TEST(GoalTest, IsNotOfARoundThatASignedSetBinds) {
  Plan plan = WaitPlan();
  plan.mode = SecureMode::kMalicious;
  plan.goal = 3;
  plan.attempts = 1;
  Job job(plan);
  job.Begin().In(round::Candidates{kAll, Hash(40)}).Train();
  for (const NodeId node : kAll) job.In(round::Advertised{node, {0}});
  for (const NodeId node : kAll) job.In(round::Shared{node, {0}});
  job.In(round::SharesStored{{0}, Hash(30)}).Upload();
  job.now = *DeadlineOf(job.state);
  job.In(round::Tick{});
  ASSERT_EQ(job.open().plan.bound, kAll);
  EXPECT_EQ(job.open().plan.goal, 0U);
}

}  // namespace
}  // namespace accord::job
