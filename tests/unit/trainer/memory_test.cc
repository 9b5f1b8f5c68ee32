#include "trainer/memory.h"

#include <gtest/gtest.h>

#include "base/errors.h"
#include "model/layout.h"

namespace accord::trainer {
namespace {

class TrainingBytesTest : public ::testing::Test {
 protected:
  // 3 x 2 + 3 + 2 x 3 + 2 = 17 parameters.
  TrainingBytesTest() {
    job_.model = model::Resolve({.kind = "mlp", .input = {2}, .classes = 2, .hidden = {3}}).value();
    job_.inner.momentum = 0.9;
  }
  std::uint64_t Floats() const {
    const ModelLayout layout = model::BuildLayout(job_.model).value();
    return TrainingBytes(job_, layout, model::MakePartition(job_).value()).value() / sizeof(float);
  }
  JobSpec job_;
};

TEST_F(TrainingBytesTest, CountsWeightsGradientAndTheOptimizersVectors) {
  EXPECT_EQ(Floats(), 3 * 17U);
  job_.inner.momentum = 0.0;
  EXPECT_EQ(Floats(), 2 * 17U);
  job_.inner.optimizer = OptimizerKind::kAdamW;
  EXPECT_EQ(Floats(), 5 * 17U) << "two moments and a denominator";
  job_.inner.proximal = 0.1;
  EXPECT_EQ(Floats(), 6 * 17U) << "and where the round began";
}

TEST_F(TrainingBytesTest, CountsTheFrozenModelAndTheAdaptedMatricesOnceMore) {
  job_.adapter = {.kind = AdapterKind::kLora, .rank = 1, .projections = {"layers.0"}, .base = "sha256:"};
  // A [1, 2] and B [3, 1]; W [3, 2] as it was.
  EXPECT_EQ(Floats(), 2 * 17U + 6 + 2 * 5 + 3 * 5);
  job_.adapter.projections = {"layers.0", "layers.1"};
  EXPECT_EQ(Floats(), 2 * 17U + 12 + 2 * 10 + 3 * 10);
  job_.adapter.kind = AdapterKind::kFfaLora;  // B alone is trained
  EXPECT_EQ(Floats(), 2 * 17U + 12 + 2 * 10 + 3 * 5);
}

TEST_F(TrainingBytesTest, CountsWhatStaysAtTheNode) {
  job_.personal = {.kind = PersonalKind::kFedPer, .tensors = {"layers.1"}};
  EXPECT_EQ(Floats(), 3 * 17U + 2 * 8);
  job_.personal = {.kind = PersonalKind::kDitto, .lambda = 0.1, .local_steps = 1};
  EXPECT_EQ(Floats(), 3 * 17U + 2 * 17 + 17) << "its own model and momentum, and where the round began";
}

TEST(CheckFitsTest, NamesWhatIsThereAndWhatItTakes) {
  EXPECT_TRUE(CheckFits("it", 100, 100).ok());
  const Status status = CheckFits("it", 3 << 20, 1 << 20);
  EXPECT_EQ(status.error(), errors::kTrainerMemory.id);
  EXPECT_EQ(status.message(), "it takes at least 3.0 MiB, this machine has 1.0 MiB");
  EXPECT_EQ(CheckFits("it", ~0ULL).error(), errors::kTrainerMemory.id) << "of the machine itself";
}

}  // namespace
}  // namespace accord::trainer
