// SGD, Adam and AdamW with PyTorch's semantics (torch.optim), over flat buffers: a few whole-buffer
// operations a step instead of several per tensor. Used by the trainer; internal, knows ATen.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "accord/job_spec.h"
#include "trainer/aten.h"
#include "trainer/part.h"

namespace accord::trainer {

class Optimizer {
 public:
  // How many vectors of the model's size `inner` keeps besides weights and gradients, scratch included.
  [[nodiscard]] static std::uint64_t Vectors(const InnerSpec& inner);

  // `weights` and `gradients` are flat, of one size, and shared with the caller.
  Optimizer(const InnerSpec& inner, at::Tensor weights, at::Tensor gradients);

  // As after construction: state zero, no step taken.
  void Reset();
  // What the plan adds to the gradients and takes from them: proximal * (weights - start) of the tensors that
  // are `shared` (FedProx, Li et al. 2020: the pull is towards the common model, so a tensor of which there
  // is no common one is not pulled; `start` may be undefined where proximal is 0), then the cut of their L2
  // norm to clip_norm as torch.nn.utils.clip_grad_norm_ does it.
  void Limit(const at::Tensor& start, const Part& shared);
  // One update of the weights at this rate. The gradients may be changed (weight decay is added to them).
  void Step(double rate);
  // The gradients become zero; once before each backward pass.
  void ZeroGradients() { gradients_.zero_(); }

  // What a checkpoint must keep: the state vectors (SGD: momentum, if any; Adam: both moments) and the
  // number of steps.
  [[nodiscard]] std::span<at::Tensor> State() { return state_; }
  void SetSteps(std::uint64_t steps) { steps_ = steps; }
  [[nodiscard]] std::uint64_t steps() const { return steps_; }

 private:
  void StepSgd(double rate);
  void StepAdam(double rate);

  InnerSpec inner_;
  at::Tensor weights_, gradients_;
  std::vector<at::Tensor> state_;
  at::Tensor scratch_;  // Adam: the denominator
  std::uint64_t steps_ = 0;
};

}  // namespace accord::trainer
