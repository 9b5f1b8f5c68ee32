// Language models behind the seam: rounds over a small text, interrupted, repeated and carried on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/trainer/text_fixture.h"

namespace accord::trainer {
namespace {

class TextTrainerTest : public TextJobTest {};

double BitsPerByte(const EvalOutcome& outcome) {
  return outcome.loss_sum / std::log(2.0) / static_cast<double>(outcome.bytes);
}

TEST_F(TextTrainerTest, LearnsAndIsCountedInBitsPerByte) {
  job_.inner.local_steps = 60;
  const auto trainer = Make();
  const std::vector<float> start = Start(*trainer);
  const EvalOutcome before = trainer->Evaluate(start, {}).value();
  EXPECT_EQ(before.bytes, kEvalBytes);
  EXPECT_EQ(before.examples, kEvalBytes);  // a byte is a token, and <s> is given
  EXPECT_NEAR(BitsPerByte(before), std::log2(259.0), 0.2);
  const EvalOutcome after = trainer->Evaluate(Round(*trainer, 1, start), {}).value();
  EXPECT_LT(BitsPerByte(after), 4.0);
  EXPECT_GT(after.correct, before.correct);
}

TEST_F(TextTrainerTest, ExamplesAreTheWindowsOfTheText) {
  const auto trainer = Make();
  const std::vector<float> start = Start(*trainer);
  std::vector<float> result(start.size());
  const auto outcome = trainer->Train({.round = 1, .weights = start, .result = result});
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->examples, (kTextBytes + 31) / 32);
  EXPECT_EQ(outcome->steps, 6U);
}

TEST_F(TextTrainerTest, RefusesABatchWhoseActivationsNoMachineHolds) {
  std::ofstream(directory_ / "train.txt") << std::string(300'000, 'x');
  job_.model.llama.hidden_size = 2;  // thin and deep: the weights are 7 million, the activations 4 TB
  job_.model.llama.num_attention_heads = 1;
  job_.model.llama.intermediate_size = 1'200;
  job_.model.llama.num_hidden_layers = 1'024;
  job_.inner.batch = 1'000'000;
  const auto factory = MakeTorchTrainerFactory({.threads = 1, .cache = directory_ / "cache"}).value();
  const Status refused = factory->Create(job_, data_).status();
  EXPECT_EQ(refused.error(), errors::kTrainerMemory.id);
  EXPECT_THAT(refused.message(), ::testing::HasSubstr("9375 examples of 32 tokens at once"));
  job_.inner.batch = 2;
  const Status taken = factory->Create(job_, data_).status();
  EXPECT_TRUE(taken.ok()) << Describe(taken);
}

TEST_F(TextTrainerTest, SynchronousRoundsTakeOneStep) {
  job_.round.synchronous = 2;
  const auto trainer = Make();
  const std::vector<float> start = Start(*trainer);
  for (const auto& [round, steps] : {std::pair{1U, 1U}, {2U, 1U}, {3U, 6U}}) {
    std::uint64_t taken = 0;
    (void)Round(*trainer, round, start, {.progress = [&](auto done, auto) { taken = done; }});
    EXPECT_EQ(taken, steps) << round;
  }
}

TEST_F(TextTrainerTest, AccumulationAndCheckpointingChangeNothing) {
  job_.inner.local_steps = 1;
  const auto run = [&] {
    const auto trainer = Make();
    return Round(*trainer, 1, Start(*trainer));
  };
  const std::vector<float> plain = run();
  job_.inner.checkpointing = true;
  EXPECT_EQ(run(), plain);
  job_.inner.optimizer = OptimizerKind::kSgd;
  job_.inner.lr = 1.0;
  const std::vector<float> whole = run();
  job_.inner.accumulate = 3;  // of 5 windows: parts of 1, 2 and 2
  const std::vector<float> parts = run();
  EXPECT_NE(whole, plain);
  for (std::size_t i = 0; i < whole.size(); ++i) ASSERT_NEAR(parts[i], whole[i], 1e-6);
}

TEST_F(TextTrainerTest, RoundsWalkTheTextOnFromEachOther) {
  // One round of 12 steps takes the windows of two rounds of 6: with plain SGD and no clip it is the same
  // walk.
  job_.inner.optimizer = OptimizerKind::kSgd;
  job_.inner.clip_norm = 0.0;
  std::vector<float> halves = Start(*Make());
  for (const std::uint64_t round : {1, 2}) halves = Round(*Make(), round, halves);
  job_.inner.local_steps = 12;
  EXPECT_EQ(Round(*Make(), 1, Start(*Make())), halves);
}

TEST_F(TextTrainerTest, AfterAStopTheResultIsTheSameBits) {
  const std::vector<float> start = Start(*Make()), undisturbed = Round(*Make(), 2, start);
  std::vector<float> result(start.size());
  std::stop_source stop;
  const auto outcome = Make()->Train({.round = 2,
                                      .weights = start,
                                      .result = result,
                                      .checkpoint = directory_ / "round",
                                      .progress =
                                          [&](std::uint64_t done, std::uint64_t) {
                                            if (done == 4) stop.request_stop();
                                          },
                                      .stop = stop.get_token()});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.status().error(), errors::kTaskStopped.id);
  std::uint64_t steps = 0;
  EXPECT_EQ(Round(*Make(), 2, start,
                  {.checkpoint = directory_ / "round", .progress = [&](auto, auto) { ++steps; }}),
            undisturbed);
  EXPECT_EQ(steps, 2U);
}

TEST_F(TextTrainerTest, KeptStateMakesTwoRoundsOne) {
  job_.inner.keep_state = true;
  std::vector<float> halves = Start(*Make());
  for (const std::uint64_t round : {1, 2}) halves = Round(*Make(), round, halves);
  job_.inner.keep_state = false;
  std::vector<float> reset = Start(*Make());
  for (const std::uint64_t round : {1, 2}) reset = Round(*Make(), round, reset);
  EXPECT_NE(reset, halves);
  job_.inner.local_steps = 12;
  EXPECT_EQ(Round(*Make(), 1, Start(*Make())), halves);
}

TEST_F(TextTrainerTest, ARepeatedRoundBeginsWithTheSameState) {
  job_.inner.keep_state = true;
  std::vector<float> weights = Start(*Make());
  for (const std::uint64_t round : {1, 2}) weights = Round(*Make(), round, weights);
  const std::vector<float> once = Round(*Make(), 3, weights);
  EXPECT_THAT(StateFiles(), ::testing::UnorderedElementsAre("optimizer-2.state", "optimizer-3.state"));
  EXPECT_EQ(Round(*Make(), 3, weights), once);
  EXPECT_EQ(Round(*Make(), 5, weights), Round(*Make(), 5, weights));  // round 4 was missed
}

TEST_F(TextTrainerTest, AStopInAKeptRoundGoesOnAtTheSameBits) {
  job_.inner.keep_state = true;
  const std::vector<float> first = Round(*Make(), 1, Start(*Make()));
  const std::vector<float> undisturbed = Round(*Make(), 2, first);
  std::vector<float> result(first.size());
  std::stop_source stop;
  stop.request_stop();
  // At once, before its first step: the checkpoint holds the kept state as it was loaded.
  ASSERT_FALSE(Make()
                   ->Train({.round = 2,
                            .weights = first,
                            .result = result,
                            .checkpoint = directory_ / "round",
                            .state = State(),
                            .stop = stop.get_token()})
                   .ok());
  EXPECT_EQ(Round(*Make(), 2, first, {.checkpoint = directory_ / "round"}), undisturbed);
}

TEST_F(TextTrainerTest, AnUnfitStateIsStartedAnew) {
  job_.inner.keep_state = true;
  const std::vector<float> start = Start(*Make());
  const std::vector<float> first = Round(*Make(), 1, start);
  const std::vector<float> anew = Round(*Make(), 1, start);
  EXPECT_EQ(anew, first);
  std::filesystem::resize_file(State() / "optimizer-1.state", 100);
  const std::vector<float> damaged = Round(*Make(), 2, first);
  std::filesystem::remove_all(State());
  EXPECT_EQ(Round(*Make(), 2, first), damaged);
  job_.inner.beta2 = 0.9;  // the state of another plan
  const std::vector<float> foreign = Round(*Make(), 3, first);
  std::filesystem::remove_all(State());
  EXPECT_EQ(Round(*Make(), 3, first), foreign);
}

TEST_F(TextTrainerTest, TheProximalTermHoldsTheWeightsBack) {
  job_.inner.optimizer = OptimizerKind::kSgd;
  job_.inner.lr = 0.1;
  const std::vector<float> start = Start(*Make()), free = Round(*Make(), 1, start);
  job_.inner.proximal = 5.0;
  const std::vector<float> held = Round(*Make(), 1, start);
  double far = 0.0, near = 0.0;
  for (std::size_t i = 0; i < start.size(); ++i) {
    far += std::pow(free[i] - start[i], 2);
    near += std::pow(held[i] - start[i], 2);
  }
  EXPECT_LT(near, 0.8 * far);
  EXPECT_GT(near, 0.0);
}

TEST_F(TextTrainerTest, Bf16Learns) {
  job_.inner.precision = Precision::kBf16;
  job_.inner.local_steps = 40;
  const auto trainer = Make();
  EXPECT_LT(BitsPerByte(trainer->Evaluate(Round(*trainer, 1, Start(*trainer)), {}).value()), 5.0);
}

TEST_F(TextTrainerTest, ANodeWithoutAHoldoutReportsNothing) {
  data_.eval_path.clear();
  const auto trainer = Make();
  const EvalOutcome outcome = trainer->Evaluate(Start(*trainer), {}).value();
  EXPECT_EQ(outcome.examples, 0U);
  EXPECT_EQ(outcome.bytes, 0U);
}

TEST_F(TextTrainerTest, TextThatDoesNotFitTheJobIsRefusedByName) {
  const auto error = [&](const TorchOptions& options) {
    return MakeTorchTrainerFactory(options).value()->Create(job_, data_).status().error();
  };
  job_.text.context = 33;
  EXPECT_EQ(error({.threads = 1, .cache = directory_ / "cache"}), errors::kJobInvalid.id);
  job_.text.context = 32;
  std::ofstream(directory_ / "train.txt") << "short";
  EXPECT_EQ(error({.threads = 1, .cache = directory_ / "cache"}), errors::kDataContext.id);
}

}  // namespace
}  // namespace accord::trainer
