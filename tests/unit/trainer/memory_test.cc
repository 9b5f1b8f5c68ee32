#include "trainer/memory.h"

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/errors.h"
#include "model/layout.h"
#include "tests/unit/trainer/llama_fixture.h"

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

TEST(LargestPartTest, IsTheBatchOrTheExamplesInItsParts) {
  EXPECT_EQ(LargestPart({.batch = 10}, 1'000, 1), 10U);
  EXPECT_EQ(LargestPart({.batch = 10}, 7, 1), 7U) << "there are no more";
  EXPECT_EQ(LargestPart({.batch = 10, .accumulate = 3}, 1'000, 1), 4U) << "3, 3 and 4";
  EXPECT_EQ(LargestPart({.batch = 10, .accumulate = 99}, 1'000, 1), 1U);
  EXPECT_EQ(LargestPart({.batch = 10}, 1'000, 4), 3U) << "2, 3, 2 and 3";
  EXPECT_EQ(LargestPart({.batch = 10, .accumulate = 4}, 1'000, 2), 3U) << "each of two has five in two parts";
  EXPECT_EQ(LargestPart({.batch = 10}, 0, 1), 0U);
}

// What the tensors of this thread hold on the processor, as libtorch tells its profiler.
class Meter final : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, std::int64_t size, std::int64_t, std::int64_t, c10::Device) override {
    now_ += size;
    most_ = std::max(most_, now_);
  }
  [[nodiscard]] bool memoryProfilingEnabled() const override { return true; }
  [[nodiscard]] std::int64_t now() const { return now_; }
  [[nodiscard]] std::int64_t most() const { return most_; }

 private:
  std::int64_t now_ = 0, most_ = 0;
};

TEST(ActivationBytesTest, AreWhatAStepHolds) {
  const SmallLlama small({.vocab_size = 97,
                          .hidden_size = 64,
                          .intermediate_size = 200,
                          .num_hidden_layers = 5,
                          .num_attention_heads = 4,
                          .num_key_value_heads = 2,
                          .max_position_embeddings = 64});
  constexpr std::int64_t kWindows = 7, kContext = 50;
  const std::vector<std::int32_t> tokens = small.Tokens(kWindows, kContext);
  for (const Precision precision : {Precision::kF32, Precision::kBf16}) {
    for (const bool checkpointing : {false, true}) {
      const auto meter = std::make_shared<Meter>();
      const c10::DebugInfoGuard metered(c10::DebugInfoKind::PROFILER_STATE, meter);
      Llama model = small.Make({.precision = precision, .checkpointing = checkpointing});
      (void)model.gradients();
      const std::int64_t before = meter->now();
      (void)model.AddGradient({.tokens = tokens, .windows = kWindows, .context = kContext}, 1.0);
      auto held = static_cast<double>(meter->most() - before);
      if (precision == Precision::kBf16) held -= 2.0 * static_cast<double>(small.layout.size);  // rounded
      const auto told = static_cast<double>(ActivationBytes(
          small.spec.llama, {.precision = precision, .checkpointing = checkpointing}, kWindows, kContext));
      SCOPED_TRACE((precision == Precision::kBf16 ? "bf16" : "f32") +
                   std::string(checkpointing ? ", checkpointing" : ""));
      EXPECT_LE(told, held) << "what fits is not refused";
      // What oneDNN's kernels want besides differs with the processor: most with AMX, for bf16.
      EXPECT_GT(told, 0.7 * held);
    }
  }
}

TEST(ActivationBytesTest, OfMoreThanAnyMachineHasAreStillANumber) {
  const LlamaSpec spec = model::Resolve({.kind = "llama", .llama = {.preset = "110m"}}).value().llama;
  EXPECT_GT(ActivationBytes(spec, {}, 4'096, 2'048), 3ULL << 40);
  EXPECT_EQ(ActivationBytes(spec, {}, 1ULL << 40, 1ULL << 40), ~0ULL);
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
