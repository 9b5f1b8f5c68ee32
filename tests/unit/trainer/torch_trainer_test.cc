#include "trainer/torch_trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "model/layout.h"
#include "tests/unit/trainer/fixture.h"

namespace accord::trainer {
namespace {

using TorchTrainerTest = TinyJobTest;

TEST_F(TorchTrainerTest, HasTheLayoutOfThePlan) {
  const ModelLayout expected = model::BuildLayout(job_.model).value();
  const std::unique_ptr<Trainer> trainer = Make();
  ASSERT_EQ(trainer->Layout().size, expected.size);
  for (std::size_t i = 0; i < expected.tensors.size(); ++i) {
    EXPECT_EQ(trainer->Layout().tensors[i].name, expected.tensors[i].name);
  }
}

TEST_F(TorchTrainerTest, LearnsWhatCanBeLearned) {
  job_.inner.local_epochs = 40;
  const std::unique_ptr<Trainer> trainer = Make();
  const auto before = trainer->Evaluate(Start(*trainer), {});
  const auto after = trainer->Evaluate(Train(*trainer), {});
  ASSERT_TRUE(before.ok() && after.ok());
  EXPECT_EQ(before->examples, kExamples);
  EXPECT_NEAR(before->loss_sum, kExamples * std::log(3.0), 0.2 * kExamples);
  EXPECT_LT(before->correct, kExamples * 6 / 10);
  EXPECT_EQ(after->correct, kExamples);
  EXPECT_LT(after->loss_sum, 0.1 * before->loss_sum);
}

TEST_F(TorchTrainerTest, GivesEqualBitsAgainWithOneThread) {
  const std::unique_ptr<Trainer> trainer = Make();
  const std::vector<float> first = Train(*trainer);
  ASSERT_TRUE(trainer->Evaluate(first, {}).ok());
  (void)Train(*trainer, {.round = 2});
  EXPECT_EQ(Train(*trainer), first);  // nothing of round 2 is left
  EXPECT_EQ(Train(*Make()), first);
}

TEST_F(TorchTrainerTest, RoundAndSeedsChangeTheOrderOfExamples) {
  const std::vector<float> first = Train(*Make());
  EXPECT_NE(Train(*Make(), {.round = 2}), first);
  TorchOptions other = OneThread();
  other.shuffle_seed = 1;
  EXPECT_NE(Train(*Make(other)), first);
}

TEST_F(TorchTrainerTest, CountsEpochsWithTheirShortLastBatch) {
  const std::unique_ptr<Trainer> trainer = Make();
  const std::vector<float> start = Start(*trainer);
  std::vector<float> result(start.size());
  std::vector<std::pair<std::uint64_t, std::uint64_t>> told;
  const auto outcome =
      trainer->Train({.round = 1, .weights = start, .result = result, .progress = [&](auto done, auto total) {
                        told.emplace_back(done, total);
                      }});
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->examples, kExamples);
  EXPECT_EQ(outcome->steps, 8U);
  ASSERT_EQ(told.size(), 8U);
  for (std::uint64_t i = 0; i < 8; ++i) EXPECT_EQ(told[i], std::pair(i + 1, std::uint64_t{8}));
}

TEST_F(TorchTrainerTest, TellsProgressAtMostOncePerIntervalAndAtTheEnd) {
  TorchOptions options = OneThread();
  options.progress_interval = std::chrono::hours(1);
  std::vector<std::uint64_t> told;
  (void)Train(*Make(options), {.progress = [&](auto done, auto) { told.push_back(done); }});
  EXPECT_EQ(told, std::vector<std::uint64_t>{8});
}

TEST_F(TorchTrainerTest, ARoundOfNoStepsGivesTheWeightsBack) {
  job_.inner.has_local_steps = true;
  job_.inner.local_steps = 0;
  const std::unique_ptr<Trainer> trainer = Make();
  EXPECT_EQ(Train(*trainer), Start(*trainer));
}

TEST_F(TorchTrainerTest, TakesAsManyStepsAsAsked) {
  job_.inner.has_local_steps = true;
  job_.inner.local_steps = 11;
  std::uint64_t last = 0;
  (void)Train(*Make(), {.progress = [&](auto done, auto) { last = done; }});
  EXPECT_EQ(last, 11U);
}

TEST_F(TorchTrainerTest, ASlowNodeTakesTheFirstOfTheRoundsSteps) {
  job_.inner.has_local_steps = true;
  job_.inner.local_steps = 11;
  const std::unique_ptr<Trainer> trainer = Make();
  const std::vector<float> start = Start(*trainer);
  const auto weights_after = [&](std::uint64_t steps) {
    std::vector<float> result(start.size());
    std::uint64_t last = 0, total = 0;
    const auto outcome = trainer->Train(
        {.round = 1, .steps = steps, .weights = start, .result = result, .progress = [&](auto done, auto of) {
           last = done, total = of;
         }});
    EXPECT_TRUE(outcome.ok()) << Describe(outcome.status());
    EXPECT_EQ(outcome->steps, last);
    EXPECT_EQ(outcome->steps, total) << "what people see is what is to be done";
    EXPECT_GT(outcome->step_time.value().count(), 0);
    return std::pair(outcome->steps, result);
  };
  const auto [few, early] = weights_after(4);
  EXPECT_EQ(few, 4U);
  EXPECT_EQ(weights_after(400).first, 11U) << "never more than the plan's";
  job_.inner.local_steps = 4;  // at a constant rate four steps are four steps
  EXPECT_EQ(early, Train(*Make()));
}

TEST_F(TorchTrainerTest, TheRateFollowsTheScheduleOfTheRound) {
  const std::vector<float> plain = Train(*Make(), {.round = 3});
  job_.inner.lr = 0.1 * 0.5;
  const std::vector<float> halved = Train(*Make(), {.round = 3});
  job_.inner.lr = 0.1;
  job_.inner.schedule = {.kind = ScheduleKind::kStep, .step_rounds = 2, .gamma = 0.5};
  EXPECT_EQ(Train(*Make(), {.round = 3}), halved);
  EXPECT_NE(halved, plain);
}

TEST_F(TorchTrainerTest, StopsBeforeTheNextStep) {
  const std::unique_ptr<Trainer> trainer = Make();
  const std::vector<float> start = Start(*trainer);
  std::vector<float> result(start.size());
  std::stop_source stop;
  std::uint64_t last = 0;
  const auto progress = [&](std::uint64_t done, std::uint64_t) {
    last = done;
    if (done == 3) stop.request_stop();
  };
  const auto outcome = trainer->Train(
      {.round = 1, .weights = start, .result = result, .progress = progress, .stop = stop.get_token()});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.status().error(), errors::kTaskStopped.id);
  EXPECT_EQ(last, 3U);
  EXPECT_EQ(trainer->Evaluate(start, stop.get_token()).status().error(), errors::kTaskStopped.id);
}

TEST_F(TorchTrainerTest, LeavesDivergenceToTheCaller) {
  job_.inner.lr = 1e30;
  const std::vector<float> result = Train(*Make());
  EXPECT_TRUE(std::ranges::any_of(result, [](float x) { return !std::isfinite(x); }));
}

TEST_F(TorchTrainerTest, AnExceptionOfTheCallerIsNamed) {
  const std::unique_ptr<Trainer> trainer = Make();
  const std::vector<float> start = Start(*trainer);
  std::vector<float> result(start.size());
  const auto outcome =
      trainer->Train({.round = 1, .weights = start, .result = result, .progress = [](auto, auto) {
                        throw std::runtime_error("display gone");
                      }});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.status().error(), errors::kTrainerFailed.id);
}

TEST_F(TorchTrainerTest, AnEmptyHoldOutIsNoExamples) {
  data_.eval_path.clear();
  data_.eval_labels.clear();
  const std::unique_ptr<Trainer> trainer = Make();
  const auto outcome = trainer->Evaluate(Start(*trainer), {});
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->examples, 0U);
  EXPECT_EQ(outcome->loss_sum, 0.0);
}

// One gradient step of a logistic regression, by hand: w - lr * mean((sigmoid(0) - y) x).
TEST_F(TorchTrainerTest, TrainsABinaryTableByHandsFigures) {
  WriteBytes(directory_ / "t.csv", AsBytes("x,y\n-1,0\n1,1\n-1,0\n1,0\n"));
  data_ = {.id = "table", .format = "csv", .path = directory_ / "t.csv", .holdout = 0.0, .target = "y"};
  data_.eval_path = data_.path;
  job_.model = {.kind = "mlp", .input = {1}, .classes = 1};
  job_.inner.local_epochs = 1;
  const std::unique_ptr<Trainer> trainer = Make();
  const std::vector<float> start(2);
  std::vector<float> result(2);
  ASSERT_TRUE(trainer->Train({.round = 1, .weights = start, .result = result}).ok());
  // layers.0.bias, layers.0.weight; residuals .5, -.5, .5, .5
  EXPECT_NEAR(result[0], -0.1 * 0.25, 1e-6);
  EXPECT_NEAR(result[1], 0.1 * 0.25, 1e-6);
  const auto outcome = trainer->Evaluate(std::vector<float>{0.0F, 1.0F}, {});
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->correct, 3U);
  EXPECT_NEAR(outcome->loss_sum, 3 * std::log1p(std::exp(-1.0)) + std::log1p(std::exp(1.0)), 1e-5);
}

class TorchFactoryTest : public TinyJobTest {
 protected:
  void ExpectRefused(const ErrorInfo& error) {
    const auto made = Create();
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.status().error(), error.id) << made.status().message();
  }
};

TEST_F(TorchFactoryTest, RefusesWhatDoesNotFitByName) {
  const JobSpec job = job_;
  job_.model.kind = "transformer";
  ExpectRefused(errors::kModelUnknown);
  job_ = job;
  job_.model.input = {9, 8};
  ExpectRefused(errors::kDataShape);
  job_ = job;
  job_.model.classes = 2;
  ExpectRefused(errors::kDataLabel);
  job_ = job;
  job_.model.channels = {2, 2, 2, 2};
  ExpectRefused(errors::kModelShape);
  job_ = job;
  job_.inner.batch = 0;
  ExpectRefused(errors::kJobInvalid);
  job_ = job;
  job_.inner.lr = std::numeric_limits<double>::quiet_NaN();
  ExpectRefused(errors::kJobInvalid);
  job_ = job;
  data_.path = directory_ / "none";
  ExpectRefused(errors::kDataMissing);
}

TEST_F(TorchFactoryTest, RefusesAModelLargerThanTheMachine) {
  job_.model = {.kind = "mlp", .input = {1U << 17}, .classes = 2, .hidden = {1U << 18}};
  ExpectRefused(errors::kTrainerMemory);
  job_.model.input = {1'000'000};
  job_.model.hidden = {1'000'000};
  ExpectRefused(errors::kModelTooLarge);
}

TEST_F(TorchFactoryTest, NamesAMissingDevice) {
  const auto factory = MakeTorchTrainerFactory({.device = Device::kCuda});
  if (factory.ok()) GTEST_SKIP() << "this machine has a CUDA device";
  EXPECT_EQ(factory.status().error(), errors::kTrainerDevice.id);
}

TEST_F(TorchFactoryTest, DescribesItself) {
  const auto factory = MakeTorchTrainerFactory({.threads = 2, .device = Device::kCpu}).value();
  EXPECT_NE(factory->Describe().find("libtorch "), std::string::npos);
  EXPECT_NE(factory->Describe().find("cpu, 2 threads, "), std::string::npos);
  EXPECT_EQ(factory->Warnings().size(), factory->Describe().ends_with("reference BLAS") ? 1U : 0U);
}

TEST_F(TorchFactoryTest, TakesAllThreadsOfTheMachineUnlessTold) {
  const auto factory = MakeTorchTrainerFactory({.device = Device::kCpu}).value();
  EXPECT_EQ(factory->Describe().find(" 0 threads"), std::string::npos);
}

}  // namespace
}  // namespace accord::trainer
