// Rounds of a job that streams against the same local steps one by one, with what strategy::DueAt says
// between them; repeated, missed, interrupted, and begun ahead.
#include <filesystem>
#include <limits>

#include "model/layout.h"
#include "strategy/schedule.h"
#include "strategy/streaming.h"
#include "tests/unit/trainer/text_fixture.h"

namespace accord::trainer {
namespace {

constexpr std::uint64_t kRounds = 5;

class StreamingTrainerTest : public TextJobTest {
 protected:
  StreamingTrainerTest() {
    job_.inner.keep_state = true;
    job_.inner.local_steps = 8;
    job_.streaming = {.fragments = 2};
  }

  std::filesystem::path RoundDir(std::uint64_t round) const {
    return directory_ / ("round-" + std::to_string(round));
  }
  // Half of what the lab moved its fragment by: an outer step of one lab.
  std::vector<float> Stepped(const std::vector<float>& global, const std::vector<float>& local,
                             std::uint32_t fragment) const {
    std::vector<float> next = global;
    for (const auto& range : strategy::ElementsOf(layout_.tensors, fragment, job_.streaming.fragments)) {
      for (std::uint64_t i = range.first; i < range.first + range.count; ++i)
        next[i] = global[i] + 0.5F * (local[i] - global[i]);
    }
    return next;
  }
  // The lab's weights after each round, each by a trainer of its own, as after a restart.
  std::vector<std::vector<float>> Rounds() {
    std::vector<std::vector<float>> locals;
    global_ = Start(*Make());
    for (std::uint64_t round = 1; round <= kRounds; ++round) {
      before_last_ = global_;
      locals.push_back(Round(*Make(), round, global_));
      global_ = Stepped(global_, locals.back(), *strategy::RoundOf(job_, round).update);
    }
    return locals;
  }
  // The same, step by step: a round of one local step is one.
  std::vector<std::vector<float>> OneByOne() {
    const strategy::Streaming plan = strategy::StreamingOf(job_);
    const std::uint64_t last = strategy::StepsBefore(job_, kRounds + 1);
    JobSpec job = job_;
    job_.inner.local_steps = 1;
    job_.streaming = {};
    const auto trainer = Make();
    std::filesystem::remove_all(State());
    std::vector<std::vector<float>> locals;
    std::vector<float> local = Start(*trainer), global = local, taken;
    std::swap(job, job_);
    for (std::uint64_t step = 1; step <= last; ++step) {
      local = Round(*trainer, step, local);
      const strategy::StreamingDue due = strategy::DueAt(plan, step);
      if (due.update) taken = Stepped(global, local, *due.update);
      if (due.update) locals.push_back(local);
      if (due.value) Take(*due.value, taken, global, local);
    }
    std::filesystem::remove_all(State());
    last_global_ = taken;
    return locals;
  }
  // The new value of a fragment counts: locally with its share.
  void Take(std::uint32_t fragment, const std::vector<float>& taken, std::vector<float>& global,
            std::vector<float>& local) const {
    global = taken;
    for (const auto& range : strategy::ElementsOf(layout_.tensors, fragment, job_.streaming.fragments)) {
      strategy::Meet(job_.streaming.alpha, std::span(global).subspan(range.first, range.count),
                     std::span(local).subspan(range.first, range.count));
    }
  }

  const ModelLayout layout_ = model::BuildLayout(job_.model).value();
  std::vector<float> global_, before_last_, last_global_;
};

TEST_F(StreamingTrainerTest, RoundsAreTheStepsWithWhatIsDueBetweenThem) {
  for (const StreamingSpec& streaming : {StreamingSpec{.fragments = 2},
                                         {.fragments = 2, .alpha = 0.5},
                                         {.fragments = 2, .delay = 1},
                                         {.fragments = 2, .delay = 3, .alpha = 0.5},
                                         {.fragments = 1, .delay = 2},
                                         {.fragments = 1, .alpha = 0.25}}) {
    SCOPED_TRACE(std::to_string(streaming.fragments) + " " + std::to_string(streaming.delay) + " " +
                 std::to_string(streaming.alpha));
    job_.streaming = streaming;
    const auto expected = OneByOne();
    const auto found = Rounds();
    ASSERT_EQ(found.size(), kRounds);
    EXPECT_EQ(found, expected);
    EXPECT_EQ(global_, last_global_);
    std::filesystem::remove_all(State());
  }
}

TEST_F(StreamingTrainerTest, OneFragmentIsTheRoundOfAWholeModel) {
  job_.streaming.fragments = 1;
  const auto streamed = Rounds();
  EXPECT_FALSE(std::filesystem::exists(State() / "local-5.state")) << "nothing to go on from";
  std::filesystem::remove_all(State());
  job_.streaming = {};
  EXPECT_EQ(Rounds(), streamed);
}

TEST_F(StreamingTrainerTest, ARepeatedRoundBeginsAsItDid) {
  const auto locals = Rounds();
  const std::vector<float> global(global_.size(), 0.125F);
  const auto sixth = Round(*Make(), 6, global);
  EXPECT_EQ(Round(*Make(), 6, global), sixth);
  EXPECT_TRUE(std::filesystem::exists(State() / "local-5.state"));
  EXPECT_FALSE(std::filesystem::exists(State() / "local-4.state"));
}

TEST_F(StreamingTrainerTest, WhoMissedTheRoundBeforeBeginsWithTheGlobalModel) {
  Rounds();
  const std::vector<float> global(global_.size(), 0.125F);
  const auto optimizer = State() / "optimizer-5.state";
  const auto kept = directory_ / "kept";
  std::filesystem::copy_file(optimizer, kept);
  const auto missed = Round(*Make(), 7, global);
  std::filesystem::remove_all(State());
  std::filesystem::create_directories(State());
  std::filesystem::copy_file(kept, optimizer);
  EXPECT_EQ(Round(*Make(), 7, global), missed) << "as one that has no weights of its own";
}

TEST_F(StreamingTrainerTest, WhoJoinsADelayedJobBeginsWhereTheOthersMeet) {
  job_.streaming.delay = 3;
  const std::vector<float> global = Start(*Make());
  std::uint64_t steps = 0;
  (void)Round(*Make(), 4, global, {.progress = [&](auto, auto) { ++steps; }});
  EXPECT_EQ(steps, 1U) << "of the four between two fragments";
}

TEST_F(StreamingTrainerTest, DamagedWeightsAreAsNone) {
  Rounds();
  const std::vector<float> global(global_.size(), 0.125F);
  std::filesystem::resize_file(State() / "local-5.state", 100);
  const auto damaged = Round(*Make(), 6, global);
  std::filesystem::remove(State() / "local-5.state");
  std::filesystem::remove(State() / "local-6.state");
  EXPECT_EQ(Round(*Make(), 6, global), damaged);
}

TEST_F(StreamingTrainerTest, WeightsThatAreNotFiniteAreNotGoneOnFrom) {
  const std::vector<float> global(Make()->Layout().size, std::numeric_limits<float>::quiet_NaN());
  (void)Round(*Make(), 1, global);
  EXPECT_FALSE(std::filesystem::exists(State() / "local-1.state"));
}

TEST_F(StreamingTrainerTest, StepsTakenAheadAreThoseOfTheRound) {
  job_.streaming = {.fragments = 2, .delay = 3, .alpha = 0.5};
  const auto expected = Rounds();
  std::filesystem::remove_all(State());
  std::vector<std::vector<float>> found;
  global_ = Start(*Make());
  std::vector<std::uint64_t> steps;
  for (std::uint64_t round = 1; round <= kRounds; ++round) {
    const TrainRequest ahead{.round = round, .checkpoint = RoundDir(round), .state = State()};
    EXPECT_TRUE(Make()->TrainAhead(ahead).ok());
    std::uint64_t taken = 0;
    found.push_back(Round(*Make(), round, global_,
                          {.checkpoint = RoundDir(round), .progress = [&](auto, auto) { ++taken; }}));
    steps.push_back(taken);
    global_ = Stepped(global_, found.back(), *strategy::RoundOf(job_, round).update);
  }
  EXPECT_EQ(found, expected);
  EXPECT_EQ(steps, (std::vector<std::uint64_t>{1, 1, 1, 1, 1})) << "three of the four were taken ahead";
}

TEST_F(StreamingTrainerTest, StoppedAheadOrInTheRoundItGoesOn) {
  job_.streaming = {.fragments = 2, .delay = 2, .alpha = 0.5};
  const auto expected = Rounds();  // as it was before round 5: local-4
  std::filesystem::remove(State() / "local-5.state");
  std::filesystem::remove(State() / "optimizer-5.state");
  std::stop_source ahead;
  const auto stopped = Make()->TrainAhead({.round = 5,
                                           .checkpoint = RoundDir(5),
                                           .state = State(),
                                           .progress = [&](auto, auto) { ahead.request_stop(); },
                                           .stop = ahead.get_token()});
  EXPECT_EQ(stopped.error(), errors::kTaskStopped.id);
  for (std::uint64_t call = 1; call <= 2; ++call) {
    std::stop_source stop;
    std::vector<float> result(global_.size());
    const auto cut = Make()->Train({.round = 5,
                                    .weights = before_last_,
                                    .result = result,
                                    .checkpoint = RoundDir(5),
                                    .state = State(),
                                    .progress = [&](auto, auto) { stop.request_stop(); },
                                    .stop = stop.get_token()});
    EXPECT_EQ(cut.status().error(), errors::kTaskStopped.id) << call;
  }
  EXPECT_EQ(Round(*Make(), 5, before_last_, {.checkpoint = RoundDir(5)}), expected.back());
}

}  // namespace
}  // namespace accord::trainer
