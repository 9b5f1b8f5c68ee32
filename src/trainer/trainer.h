// One job's training at one node with libtorch. Made by the factory of torch_trainer.h; internal, knows ATen.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>

#include "accord/trainer.h"
#include "trainer/aten.h"
#include "trainer/kept_state.h"
#include "trainer/learner.h"
#include "trainer/optimizer.h"
#include "trainer/round_checkpoint.h"
#include "trainer/sampler.h"
#include "trainer/torch_trainer.h"

namespace accord::trainer {

class TorchTrainer final : public Trainer {
 public:
  struct Parts {
    JobSpec job;  // job.model resolved
    ModelLayout layout;
    std::unique_ptr<Learner> learner;
    TorchOptions options;  // threads filled in
  };

  // Allocates the optimizer's buffers; may throw what libtorch throws.
  explicit TorchTrainer(Parts parts);

  [[nodiscard]] const ModelLayout& Layout() const override { return parts_.layout; }
  [[nodiscard]] Result<TrainOutcome> Train(const TrainRequest& request) override;
  [[nodiscard]] Result<EvalOutcome> Evaluate(std::span<const float> weights, std::stop_token stop) override;

 private:
  // The body of Train, which may throw.
  Result<TrainOutcome> TrainRound(const TrainRequest& request);

  void LoadWeights(std::span<const float> weights);
  // The round's order of examples, and the step of it that the round begins with.
  std::uint64_t Draw(std::uint64_t round);
  [[nodiscard]] std::uint64_t TotalSteps(std::uint64_t round) const;
  // One local step: gradient of the batch in inner.accumulate parts, proximal term, clip, update.
  [[nodiscard]] Status Step(std::span<const std::uint64_t> rows, const at::Tensor& start, double rate);
  [[nodiscard]] CheckpointId IdOf(const TrainRequest& request) const;
  [[nodiscard]] RoundCheckpoint MakeCheckpoint(const TrainRequest& request);
  [[nodiscard]] KeptState MakeKeptState(const TrainRequest& request);

  Parts parts_;
  Optimizer optimizer_;
  std::optional<Sampler> sampler_;
  std::uint32_t plan_crc_, state_crc_;
};

}  // namespace accord::trainer
