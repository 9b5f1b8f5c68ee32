// One job's training at one node with libtorch. Made by the factory of torch_trainer.h; internal, knows ATen.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>

#include "accord/trainer.h"
#include "model/partition.h"
#include "trainer/aten.h"
#include "trainer/ditto.h"
#include "trainer/group_leader.h"
#include "trainer/kept_state.h"
#include "trainer/learner.h"
#include "trainer/local_weights.h"
#include "trainer/optimizer.h"
#include "trainer/part.h"
#include "trainer/personal.h"
#include "trainer/round_checkpoint.h"
#include "trainer/sampler.h"
#include "trainer/torch_trainer.h"

namespace accord::trainer {

class TorchTrainer final : public Trainer {
 public:
  struct Parts {
    JobSpec job;  // job.model resolved
    model::Partition partition;
    std::unique_ptr<Learner> learner;         // of partition.trained
    TorchOptions options;                     // threads filled in
    std::shared_ptr<GroupLeader> group = {};  // null: a process alone
  };

  // Allocates the optimizer's buffers; may throw what libtorch throws.
  explicit TorchTrainer(Parts parts);

  [[nodiscard]] const ModelLayout& Layout() const override { return parts_.partition.shared; }
  [[nodiscard]] Result<TrainOutcome> Train(const TrainRequest& request) override;
  [[nodiscard]] Status TrainAhead(const TrainRequest& request) override;
  [[nodiscard]] Result<EvalOutcome> Evaluate(std::span<const float> weights, std::stop_token stop) override;
  [[nodiscard]] Result<EvalOutcome> EvaluatePersonal(const EvalRequest& request) override;

 private:
  // The bodies of Train and TrainAhead, which may throw.
  Result<TrainOutcome> TrainRound(const TrainRequest& request);
  Status TakeSteps(const TrainRequest& request);

  // The exchanged part into the learner's weights, and then what the node kept for itself before `round`.
  [[nodiscard]] Status LoadWeights(std::span<const float> shared, const std::filesystem::path& state,
                                   std::uint64_t round);
  void StoreWeights(std::span<float> shared) const;
  // The round's steps of Ditto's own model, from the weights as loaded; they are left changed.
  [[nodiscard]] Status TrainOwn(const TrainRequest& request, std::uint64_t all_steps);
  struct Steps {
    std::uint64_t first, done, until, total;  // of the round's order; already; to take now; in the round
    std::uint64_t own = 0;                    // of Ditto, before these
    std::optional<std::uint64_t> meeting;  // of the node's own weights and the global ones: before this step
  };
  [[nodiscard]] Status TrainShared(const TrainRequest& request, RoundCheckpoint& checkpoint, Steps steps);
  // What the optimizer keeps, as after the rounds before: the steps that it has taken.
  std::uint64_t LoadOptimizer(KeptState& kept, std::uint64_t round);
  // The steps of a round that were taken before, and with them weights and optimizer.
  std::uint64_t Resume(const TrainRequest& request, RoundCheckpoint& checkpoint, bool goes_on);
  // The round's order of examples, and the step of it that the round begins with.
  std::uint64_t Draw(std::uint64_t round);
  // Whether that order goes on from round to round.
  [[nodiscard]] bool WalksOn() const;
  [[nodiscard]] std::uint64_t TotalSteps(std::uint64_t round) const;
  // One local step: gradient of the batch, proximal term, clip, update.
  struct StepTask {
    std::span<const std::uint64_t> rows;
    double rate = 0.0;
    std::stop_token stop;  // ends the waiting for workers
  };
  [[nodiscard]] Status Step(Optimizer& optimizer, const StepTask& task);
  // The gradient alone, with the workers where there are any: in inner.accumulate parts. A failure changes
  // nothing else.
  [[nodiscard]] Status Gradient(Optimizer& optimizer, const StepTask& task);
  [[nodiscard]] Status TellGroup(Optimizer& optimizer, const StepTask& task);
  [[nodiscard]] RoundCheckpoint MakeCheckpoint(const TrainRequest& request, const char* file,
                                               std::uint32_t start);
  [[nodiscard]] std::uint64_t OwnSteps(std::uint64_t round) const;  // of Ditto's model; 0 without
  [[nodiscard]] KeptState MakeKeptState(const TrainRequest& request);

  Parts parts_;
  std::uint32_t round_crc_, state_crc_;
  Part shared_;
  PersonalPart personal_;
  LocalWeights local_;
  Optimizer optimizer_;
  std::optional<Ditto> ditto_;
  std::optional<Sampler> sampler_;
  at::Tensor start_;                       // of the round, where a proximal term or Ditto needs it
  std::optional<std::uint32_t> data_crc_;  // Learner::DataCrc, once asked for
  bool alike_ = false;                     // the workers have these weights and this optimizer
};

// Where trainers compute.
struct Machine {
  TorchOptions options;  // threads filled in
  at::Device device;
};
// Fails with `trainer.device`.
[[nodiscard]] Result<Machine> FindMachine(const TorchOptions& options);
// Opens the data and builds the model; the group is the caller's to fill in. Fails as TrainerFactory::Create.
[[nodiscard]] Result<TorchTrainer::Parts> OpenParts(const Machine& machine, JobSpec job,
                                                    const DatasetConfig& data);

}  // namespace accord::trainer
