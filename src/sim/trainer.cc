#include "sim/trainer.h"

#include <utility>

#include "base/errors.h"
#include "sim/random.h"

namespace accord::sim {
namespace {

class LabTrainer final : public Trainer {
 public:
  LabTrainer(std::uint64_t index, ModelLayout layout) : index_(index), layout_(std::move(layout)) {}
  [[nodiscard]] const ModelLayout& Layout() const override { return layout_; }
  Result<TrainOutcome> Train(const TrainRequest& request) override {
    if (request.stop.stop_requested()) return Fail(errors::kTaskStopped, "stopped");
    TrainAs(index_, request.round, request.weights, request.result);
    return TrainedAs(index_);
  }
  Result<EvalOutcome> Evaluate(std::span<const float>, std::stop_token) override {
    return EvaluatedAs(index_);
  }

 private:
  const std::uint64_t index_;
  const ModelLayout layout_;
};

}  // namespace

void TrainAs(std::uint64_t index, std::uint64_t round, std::span<const float> weights,
             std::span<float> result) {
  Random random(index * 1'000'003 + round);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    result[i] = weights[i] + static_cast<float>(random.Between(-900, 900)) / 1000.0F;
  }
}

TrainOutcome TrainedAs(std::uint64_t index) { return {.examples = 10 + 7 * index, .steps = 1}; }

EvalOutcome EvaluatedAs(std::uint64_t index) {
  return {.examples = 8 + index, .loss_sum = 2.0 + static_cast<double>(index), .correct = index};
}

Result<std::unique_ptr<Trainer>> Trainers::Create(const JobSpec& job, const DatasetConfig&) {
  ACCORD_ASSIGN_OR_RETURN(ModelLayout layout, model::BuildLayout(job.model));
  return std::unique_ptr<Trainer>(std::make_unique<LabTrainer>(index_, std::move(layout)));
}

}  // namespace accord::sim
