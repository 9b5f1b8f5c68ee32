#include "trainer/optimizer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>

#include <memory>

#include "model/layout.h"

namespace accord::trainer {
namespace {

const std::vector<std::vector<float>> kGradients = {
    {.1F, -.2F, .05F}, {.05F, .1F, -.02F}, {-.03F, .04F, .01F}};

at::Tensor Start() { return at::tensor({1.0F, -2.0F, 0.5F}); }

// The weights after each of three steps with kGradients.
std::vector<at::Tensor> Ours(const InnerSpec& inner) {
  const at::Tensor weights = Start();
  const at::Tensor gradients = at::zeros_like(weights);
  Optimizer optimizer(inner, weights, gradients);
  std::vector<at::Tensor> after;
  for (const std::vector<float>& gradient : kGradients) {
    gradients.copy_(at::tensor(gradient));
    optimizer.Step(inner.lr);
    after.push_back(weights.clone());
  }
  return after;
}

template <class Torch, class Options>
std::vector<at::Tensor> Theirs(const Options& options) {
  at::Tensor weights = Start().set_requires_grad(true);
  Torch optimizer(std::vector<at::Tensor>{weights}, options);
  std::vector<at::Tensor> after;
  for (const std::vector<float>& gradient : kGradients) {
    weights.mutable_grad() = at::tensor(gradient);
    optimizer.step();
    after.push_back(weights.detach().clone());
  }
  return after;
}

void ExpectClose(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(a[i].allclose(b[i], 1e-6, 1e-7)) << a[i] << b[i];
}

TEST(OptimizerTest, SgdIsPyTorchs) {
  for (const double momentum : {0.0, 0.9}) {
    for (const double decay : {0.0, 0.1}) {
      const InnerSpec inner{.lr = 0.05, .momentum = momentum, .weight_decay = decay};
      ExpectClose(Ours(inner), Theirs<torch::optim::SGD>(
                                   torch::optim::SGDOptions(0.05).momentum(momentum).weight_decay(decay)));
    }
  }
}

TEST(OptimizerTest, AdamIsPyTorchs) {
  for (const double decay : {0.0, 0.1}) {
    const InnerSpec inner{
        .optimizer = OptimizerKind::kAdam, .lr = 0.01, .beta2 = 0.95, .weight_decay = decay};
    ExpectClose(Ours(inner), Theirs<torch::optim::Adam>(
                                 torch::optim::AdamOptions(0.01).betas({0.9, 0.95}).weight_decay(decay)));
  }
}

TEST(OptimizerTest, AdamWIsPyTorchs) {
  const InnerSpec inner{.optimizer = OptimizerKind::kAdamW, .lr = 0.01, .epsilon = 1e-3, .weight_decay = 0.1};
  ExpectClose(Ours(inner),
              Theirs<torch::optim::AdamW>(torch::optim::AdamWOptions(0.01).eps(1e-3).weight_decay(0.1)));
}

// Computed in binary64 outside this project.
TEST(OptimizerTest, AdamWGivesTheReferenceValues) {
  const InnerSpec inner{.optimizer = OptimizerKind::kAdamW, .lr = 4e-4, .beta2 = 0.95, .weight_decay = 0.1};
  const std::vector<std::vector<double>> expected = {{.999560000040, -1.999520000020, .499580000080},
                                                     {.999144300461, -1.999332671448, .499420498284},
                                                     {.998888549248, -1.999215979849, .499245636643}};
  const std::vector<at::Tensor> after = Ours(inner);
  for (std::size_t step = 0; step < 3; ++step) {
    for (int i = 0; i < 3; ++i) {
      EXPECT_NEAR(after[step][i].item<double>(), expected[step][static_cast<std::size_t>(i)], 2e-7);
    }
  }
}

TEST(OptimizerTest, ResetForgetsStateAndSteps) {
  const InnerSpec inner{.optimizer = OptimizerKind::kAdam, .lr = 0.01};
  const at::Tensor weights = Start();
  const at::Tensor gradients = at::tensor(kGradients[0]);
  Optimizer optimizer(inner, weights, gradients);
  for (int i = 0; i < 3; ++i) optimizer.Step(0.01);
  optimizer.Reset();
  weights.copy_(Start());
  optimizer.Step(0.01);
  EXPECT_TRUE(weights.equal(Ours(inner)[0]));
}

TEST(OptimizerTest, GoesOnFromItsStateAndStepNumber) {
  const InnerSpec inner{.optimizer = OptimizerKind::kAdamW, .lr = 0.01, .weight_decay = 0.1};
  const at::Tensor weights = Start(), gradients = at::zeros_like(weights);
  Optimizer first(inner, weights, gradients);
  gradients.copy_(at::tensor(kGradients[0]));
  first.Step(0.01);
  Optimizer second(inner, weights, gradients);
  for (std::size_t i = 0; i < first.State().size(); ++i) second.State()[i].copy_(first.State()[i]);
  second.SetSteps(1);
  gradients.copy_(at::tensor(kGradients[1]));
  second.Step(0.01);
  EXPECT_TRUE(weights.equal(Ours(inner)[1]));
}

TEST(OptimizerLimitTest, CutsTheWholeGradientAndAddsTheProximalTermWhereItIsShared) {
  const ModelLayout layout =
      model::MakeLayout({{.name = "a", .shape = {1}}, {.name = "b", .shape = {1}}}).value();
  const Part all(layout, layout);
  const at::Tensor weights = at::tensor({1.0F, 2.0F}), gradients = at::tensor({3.0F, 0.0F});
  Optimizer cut({.clip_norm = 1.0}, weights, gradients);
  cut.Limit({}, all);
  EXPECT_NEAR(gradients.norm().item<double>(), 1.0, 1e-6);
  Optimizer below({.clip_norm = 2.0}, weights, gradients);
  below.Limit({}, all);
  EXPECT_NEAR(gradients.norm().item<double>(), 1.0, 1e-6);
  Optimizer proximal({.proximal = 0.5}, weights, gradients.zero_());
  proximal.Limit(at::tensor({1.0F, 6.0F}), all);
  EXPECT_TRUE(gradients.equal(at::tensor({0.0F, -2.0F})));
  gradients.zero_();
  const Part first(layout, model::MakeLayout({{.name = "a", .shape = {1}}}).value());
  proximal.Limit(at::tensor({5.0F, 6.0F}), first);
  EXPECT_TRUE(gradients.equal(at::tensor({-2.0F, 0.0F})));
}

}  // namespace
}  // namespace accord::trainer
