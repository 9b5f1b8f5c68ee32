// When a round's local checkpoint is written and read: the policy around checkpoint.h. Used by the trainer on
// its thread; internal, knows ATen.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "trainer/aten.h"
#include "trainer/checkpoint.h"

namespace accord::trainer {

class RoundCheckpoint {
 public:
  // `path` empty: nothing is read or written. `vectors` are flat f32 tensors of one size that stay the
  // caller's: weights first, then the optimizer's state.
  RoundCheckpoint(std::filesystem::path path, const CheckpointId& id, std::chrono::milliseconds interval,
                  std::vector<at::Tensor> vectors);

  // Fills the vectors and gives the steps done; 0, vectors untouched, when there is nothing fit to go on
  // from. An unfit file is a warning in the log.
  [[nodiscard]] std::uint64_t Resume();
  // After a step: writes when the interval is over and writing has cost at most a hundredth of the time.
  void AfterStep(std::uint64_t step);
  // Writes now. A failure is a warning in the log: losing a checkpoint loses no training.
  void Save(std::uint64_t step);

 private:
  using SteadyClock = std::chrono::steady_clock;

  std::filesystem::path path_;
  CheckpointId id_;
  SteadyClock::duration interval_;
  std::vector<at::Tensor> vectors_;
  SteadyClock::time_point due_;
};

}  // namespace accord::trainer
