// Ditto (Li, Hu, Beirami, Smith 2021): beside its share of the common training a node trains a whole model of
// its own, v <- v - lr (grad F(v) + lambda (v - w)), where w is the common model of the round. It begins as
// the first common model that the node sees, and stays at the node. Used by the trainer on its thread;
// internal, knows ATen.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "accord/job_spec.h"
#include "trainer/aten.h"
#include "trainer/kept_state.h"
#include "trainer/optimizer.h"

namespace accord::trainer {

// The common model's optimizer once more, as the plan has it, with a state of its own; its proximal term is
// Ditto's pull. Memory beside the common training's: v and that state.
class Ditto {
 public:
  // The plan's optimizer, pulled by Ditto's lambda.
  [[nodiscard]] static InnerSpec InnerOf(const JobSpec& job);
  // `weights` and `gradients` are the learner's, shared with the caller; `plan` as KeptState.
  Ditto(const JobSpec& job, std::uint32_t plan, at::Tensor weights, at::Tensor gradients);

  // Writes v as after the greatest round below `round` into the weights, or leaves them, which hold w, where
  // there is none. Whether there was one. Fails as KeptState::Load.
  [[nodiscard]] Result<bool> Load(const std::filesystem::path& state, std::uint64_t round);
  // The weights are v after `round`, which took so many steps. Fails as KeptState::Save.
  [[nodiscard]] Status Save(std::uint64_t round, std::uint64_t steps);

  [[nodiscard]] Optimizer& optimizer() { return optimizer_; }

 private:
  bool keep_state_;
  std::uint32_t plan_;
  at::Tensor weights_, model_;  // model_: v as its file has it
  Optimizer optimizer_;
  std::optional<KeptState> kept_;
  std::uint64_t before_ = 0;  // steps of the rounds before
};

}  // namespace accord::trainer
