// One job's training at one node with libtorch. Made by the factory of torch_trainer.h; internal, knows ATen.
#pragma once

#include <cstdint>
#include <stop_token>

#include "accord/trainer.h"
#include "data/dataset.h"
#include "trainer/aten.h"
#include "trainer/network.h"
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
    data::Dataset dataset;
    TorchOptions options;  // threads filled in
    at::Device device;
  };

  // Allocates the flat buffers; may throw what libtorch throws.
  explicit TorchTrainer(Parts parts);

  [[nodiscard]] const ModelLayout& Layout() const override { return parts_.layout; }
  [[nodiscard]] Result<TrainOutcome> Train(const TrainRequest& request) override;
  [[nodiscard]] Result<EvalOutcome> Evaluate(std::span<const float> weights, std::stop_token stop) override;

 private:
  struct Batch {
    at::Tensor examples, labels;
  };

  // The bodies of the two calls, which may throw.
  Result<TrainOutcome> TrainRound(const TrainRequest& request);
  Result<EvalOutcome> EvaluateHoldout(std::span<const float> weights, const std::stop_token& stop);

  void LoadWeights(std::span<const float> weights);
  void Step(const Batch& batch, double rate);
  [[nodiscard]] std::uint64_t TotalSteps(const Sampler& sampler) const;
  [[nodiscard]] CheckpointId IdOf(const TrainRequest& request) const;
  [[nodiscard]] RoundCheckpoint MakeCheckpoint(const TrainRequest& request);
  // The training examples `rows`; valid until the next call.
  Batch Gather(std::span<const std::uint64_t> rows);
  // `count` hold-out examples from `first`; valid until the next call.
  Batch Holdout(std::uint64_t first, std::uint64_t count);
  // Buffers for `count` examples on the host, at least as many as asked for before.
  Batch Buffers(std::uint64_t count);
  [[nodiscard]] Batch OnDevice(const Batch& batch) const;

  Parts parts_;
  Network network_;
  Optimizer optimizer_;
  Batch buffers_;
  std::uint32_t plan_crc_;
};

}  // namespace accord::trainer
