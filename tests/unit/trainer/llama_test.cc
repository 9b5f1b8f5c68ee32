#include "trainer/llama.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/trainer/llama_fixture.h"

namespace accord::trainer {
namespace {

class LlamaTest : public ::testing::Test {
 protected:
  static constexpr std::int64_t kWindows = 3, kContext = 70;

  LlamaTest() : model_(TinyLlama()), tokens_(model_.Tokens(kWindows, kContext)) {}

  TokenBatch Batch() const { return {.tokens = tokens_, .windows = kWindows, .context = kContext}; }
  TokenBatch Window(std::int64_t i) const {
    return {.tokens = std::span(tokens_).subspan(static_cast<std::size_t>(i * (kContext + 1)), kContext + 1),
            .windows = 1,
            .context = kContext};
  }
  at::Tensor Gradients(const Llama::Options& options = {}) const {
    Llama llama = model_.Make(options);
    llama.AddGradient(Batch(), 1.0 / (kWindows * kContext));
    return llama.gradients().clone();
  }

  SmallLlama model_;
  std::vector<std::int32_t> tokens_;
};

double RelativeError(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).norm() / b.norm()).item<double>();
}

TEST_F(LlamaTest, LossIsThatOfTheLogits) {
  Llama llama = model_.Make();
  const at::Tensor all = at::from_blob(tokens_.data(), {kWindows, kContext + 1}, at::kInt).to(at::kLong);
  const at::Tensor targets = all.narrow(1, 1, kContext).flatten();
  const at::Tensor logits = llama.Logits(Batch());
  const TokenLoss loss = llama.Loss(Batch());
  EXPECT_NEAR(loss.nll, at::cross_entropy_loss(logits, targets, {}, at::Reduction::Sum).item<double>(), 1e-2);
  EXPECT_EQ(loss.counted, kWindows * kContext);
  EXPECT_EQ(loss.correct, logits.argmax(1).eq(targets).sum().item<std::int64_t>());
}

TEST_F(LlamaTest, WhatDoesNotCountIsNoLoss) {
  Llama llama = model_.Make();
  double nll = 0.0;
  for (const std::int64_t i : {0, 1}) nll += llama.Loss(Window(i)).nll;
  TokenBatch all = Batch();
  all.uncounted = kContext;  // the whole last window
  const TokenLoss loss = llama.Loss(all);
  EXPECT_NEAR(loss.nll, nll, 1e-2);
  EXPECT_EQ(loss.counted, 2 * kContext);
}

TEST_F(LlamaTest, DoesNotLookAhead) {
  Llama llama = model_.Make();
  const at::Tensor before = llama.Logits(Window(0)).narrow(0, 0, 66).clone();
  tokens_[66] = (tokens_[66] + 1) % 19;
  const at::Tensor after = llama.Logits(Window(0));
  EXPECT_TRUE(after.narrow(0, 0, 66).equal(before));
}

TEST_F(LlamaTest, GradientsAreAddedUp) {
  Llama llama = model_.Make();
  for (std::int64_t i = 0; i < kWindows; ++i) llama.AddGradient(Window(i), 1.0 / (kWindows * kContext));
  EXPECT_LT(RelativeError(llama.gradients(), Gradients()), 1e-5);
}

TEST_F(LlamaTest, ActivationsComputedAgainGiveTheSameGradients) {
  EXPECT_TRUE(Gradients({.checkpointing = true}).equal(Gradients()));
  EXPECT_TRUE(Gradients({.precision = Precision::kBf16, .checkpointing = true})
                  .equal(Gradients({.precision = Precision::kBf16})));
}

TEST_F(LlamaTest, Bf16GivesNearlyTheSameGradients) {
  const double error = RelativeError(Gradients({.precision = Precision::kBf16}), Gradients());
  EXPECT_LT(error, 0.05);
  EXPECT_GT(error, 1e-5);
}

TEST_F(LlamaTest, TwoThreadsGiveNearlyTheSameGradients) {
  // Large enough that the loops are split.
  LlamaSpec spec = TinyLlama();
  spec.hidden_size = 96;
  spec.intermediate_size = 256;
  const SmallLlama model(spec);
  const std::vector<std::int32_t> tokens = model.Tokens(8, 160);
  const auto gradients = [&](int threads) {
    at::set_num_threads(threads);
    Llama llama = model.Make();
    llama.AddGradient({.tokens = tokens, .windows = 8, .context = 160}, 1e-3);
    return llama.gradients().clone();
  };
  const at::Tensor one = gradients(1), two = gradients(2);
  at::set_num_threads(1);
  EXPECT_LT(RelativeError(two, one), 1e-4);
}

TEST_F(LlamaTest, AStepAgainstTheGradientLowersTheLoss) {
  Llama llama = model_.Make();
  const TokenLoss before = llama.AddGradient(Batch(), 1.0 / (kWindows * kContext));
  llama.weights().sub_(llama.gradients(), 0.01);
  EXPECT_LT(llama.Loss(Batch()).nll, before.nll);
}

TEST_F(LlamaTest, BatchesOfOtherShapesTakeTurns) {
  Llama llama = model_.Make();
  const double first = llama.Loss(Batch()).nll;
  (void)llama.Loss(Window(0));
  EXPECT_EQ(llama.Loss(Batch()).nll, first);
}

TEST(CrossEntropyTest, PaddingHasNeitherLossNorGradient) {
  std::vector<float> logits{1.0F, 2.0F, 3.0F, 4.0F};
  const std::vector<std::int32_t> targets{-1, 0};
  const TokenLoss loss =
      CrossEntropy({.rows = 2, .width = 2, .epsilon = 0}, targets.data(), 1.0F, logits.data());
  EXPECT_EQ(loss.counted, 1);
  EXPECT_NEAR(loss.nll, std::log1p(std::exp(1.0)), 1e-6);
  EXPECT_EQ(logits[0], 0.0F);
  EXPECT_EQ(logits[1], 0.0F);
  EXPECT_NEAR(logits[3], 1.0 / (1.0 + std::exp(-1.0)), 1e-6);
  EXPECT_NEAR(logits[2], -logits[3], 1e-6);
}

TEST(CrossEntropyTest, HoldsFarOut) {
  std::vector<float> logits{-3000.0F, 3000.0F, 0.0F};
  const std::vector<std::int32_t> targets{1};
  const TokenLoss loss =
      CrossEntropy({.rows = 1, .width = 3, .epsilon = 0}, targets.data(), 0.0F, logits.data());
  EXPECT_NEAR(loss.nll, 0.0, 1e-6);
  EXPECT_EQ(loss.correct, 1);
}

}  // namespace
}  // namespace accord::trainer
