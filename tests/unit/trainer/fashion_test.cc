// The demo's cnn learns from a slice of real images within seconds.
#include "tests/unit/trainer/fixture.h"

namespace accord::trainer {
namespace {

TEST(FashionTrainingTest, LearnsClothesFromThreeThousandImages) {
  const std::filesystem::path root = "/usr/share/datasets/fashion-mnist";
  if (!std::filesystem::exists(root))
    GTEST_SKIP() << "no " << root << " (Debian package dataset-fashion-mnist)";
  JobSpec job;
  job.seed = 7;
  job.model = {.kind = "cnn", .input = {28, 28}, .classes = 10};
  job.inner.lr = 0.05;
  job.inner.momentum = 0.9;
  job.inner.has_local_steps = true;
  job.inner.local_steps = 200;
  job.round.count = 1;
  const auto trainer = MakeTorchTrainerFactory({.threads = 1, .device = Device::kCpu})
                           .value()
                           ->Create(job, {.id = "fashion",
                                          .format = "idx",
                                          .path = root / "t10k-images-idx3-ubyte.gz",
                                          .labels = root / "t10k-labels-idx1-ubyte.gz",
                                          .holdout = 0.1});
  ASSERT_TRUE(trainer.ok()) << Describe(trainer.status());
  std::vector<float> start((*trainer)->Layout().size), result(start.size());
  model::InitialWeights((*trainer)->Layout(), job.seed, start);
  ASSERT_TRUE((*trainer)->Train({.round = 1, .weights = start, .result = result}).ok());
  const EvalOutcome before = (*trainer)->Evaluate(start, {}).value();
  const EvalOutcome after = (*trainer)->Evaluate(result, {}).value();
  RecordProperty("correct_of_1000", static_cast<int>(after.correct));
  EXPECT_EQ(after.examples, 1000U);
  EXPECT_LT(before.correct, 300U);
  EXPECT_GT(after.correct, 650U);
}

}  // namespace
}  // namespace accord::trainer
