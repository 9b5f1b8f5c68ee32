// The trainer of a simulated lab: what it makes of a model follows from the lab, the round and the model
// alone, so that anyone can say what an update must have been.
#pragma once

#include <cstdint>

#include "accord/trainer.h"
#include "model/layout.h"

namespace accord::sim {

// What lab `index` makes of `weights` in `round`: another number for each coordinate, below the clip.
void TrainAs(std::uint64_t index, std::uint64_t round, std::span<const float> weights,
             std::span<float> result);
[[nodiscard]] TrainOutcome TrainedAs(std::uint64_t index);
[[nodiscard]] EvalOutcome EvaluatedAs(std::uint64_t index);

class Trainers final : public TrainerFactory {
 public:
  explicit Trainers(std::uint64_t index) : index_(index) {}
  [[nodiscard]] Result<std::unique_ptr<Trainer>> Create(const JobSpec& job,
                                                        const DatasetConfig& data) override;
  [[nodiscard]] std::string Describe() const override { return "simulated"; }
  [[nodiscard]] std::vector<std::string> Warnings() const override { return {}; }

 private:
  const std::uint64_t index_;
};

}  // namespace accord::sim
