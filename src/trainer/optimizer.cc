#include "trainer/optimizer.h"

#include <ATen/ATen.h>

#include <cmath>
#include <utility>

namespace accord::trainer {
namespace {

std::size_t StateVectors(const InnerSpec& inner) {
  if (inner.optimizer == OptimizerKind::kSgd) return inner.momentum != 0.0 ? 1 : 0;
  return 2;
}

}  // namespace

std::uint64_t Optimizer::Vectors(const InnerSpec& inner) {
  return StateVectors(inner) + (inner.optimizer == OptimizerKind::kSgd ? 0 : 1);
}

Optimizer::Optimizer(const InnerSpec& inner, at::Tensor weights, at::Tensor gradients)
    : inner_(inner), weights_(std::move(weights)), gradients_(std::move(gradients)) {
  for (std::size_t i = 0; i < StateVectors(inner); ++i) state_.push_back(at::zeros_like(weights_));
  if (inner.optimizer != OptimizerKind::kSgd) scratch_ = at::empty_like(weights_);
}

void Optimizer::Reset() {
  for (at::Tensor& vector : state_) vector.zero_();
  steps_ = 0;
}

void Optimizer::Limit(const at::Tensor& start, const Part& shared) {
  const at::NoGradGuard no_grad;
  if (inner_.proximal > 0.0) shared.AddDifference(gradients_, inner_.proximal, weights_, start);
  if (inner_.clip_norm <= 0.0) return;
  const double norm = at::linalg_vector_norm(gradients_).item<double>();
  const double factor = inner_.clip_norm / (norm + 1e-6);
  if (!(factor >= 1.0)) gradients_.mul_(factor);  // a NaN spreads, and the update is refused
}

void Optimizer::Step(double rate) {
  const at::NoGradGuard no_grad;
  ++steps_;
  if (inner_.optimizer == OptimizerKind::kAdamW) {
    weights_.mul_(1.0 - rate * inner_.weight_decay);
  } else if (inner_.weight_decay != 0.0) {
    gradients_.add_(weights_, inner_.weight_decay);
  }
  if (inner_.optimizer == OptimizerKind::kSgd) {
    StepSgd(rate);
  } else {
    StepAdam(rate);
  }
}

void Optimizer::StepSgd(double rate) {
  if (state_.empty()) {
    weights_.add_(gradients_, -rate);
    return;
  }
  // PyTorch's first step copies the gradient; from a state of zero this is the same.
  state_[0].mul_(inner_.momentum).add_(gradients_);
  weights_.add_(state_[0], -rate);
}

void Optimizer::StepAdam(double rate) {
  const double t = static_cast<double>(steps_);
  const double correction1 = 1.0 - std::pow(inner_.beta1, t);
  const double correction2 = 1.0 - std::pow(inner_.beta2, t);
  state_[0].mul_(inner_.beta1).add_(gradients_, 1.0 - inner_.beta1);
  state_[1].mul_(inner_.beta2).addcmul_(gradients_, gradients_, 1.0 - inner_.beta2);
  at::sqrt_out(scratch_, state_[1]);
  scratch_.div_(std::sqrt(correction2)).add_(inner_.epsilon);
  weights_.addcdiv_(state_[0], scratch_, -rate / correction1);
}

}  // namespace accord::trainer
