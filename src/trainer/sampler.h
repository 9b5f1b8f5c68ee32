// The order in which one round draws its examples: a fresh permutation per epoch, cut into batches. A
// function of its seeds and the step alone, so that a restarted node finds its place by the step number.
// Used by the trainer, on its thread. Pure.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace accord::trainer {

struct ShuffleSeed {
  std::uint64_t job = 0;
  std::uint64_t round = 0;
  std::uint64_t node = 0;  // TorchOptions::shuffle_seed
};

// 0 .. n - 1 in an order drawn from (seed, epoch): Fisher-Yates, whose draw for position i is word i of
// Philox4x32-10 under a key made of the seeds.
void Permute(const ShuffleSeed& seed, std::uint64_t epoch, std::span<std::uint64_t> order);

class Sampler {
 public:
  // examples and batch are at least 1.
  Sampler(const ShuffleSeed& seed, std::uint64_t examples, std::uint64_t batch);

  [[nodiscard]] std::uint64_t StepsPerEpoch() const { return steps_per_epoch_; }
  // The examples of step 0, 1, ...; the last batch of an epoch is shorter when `batch` does not divide the
  // examples. Valid until the next call. Steps in order cost one permutation an epoch.
  [[nodiscard]] std::span<const std::uint64_t> Batch(std::uint64_t step);

 private:
  ShuffleSeed seed_;
  std::uint64_t batch_;
  std::uint64_t steps_per_epoch_;
  std::uint64_t epoch_ = std::numeric_limits<std::uint64_t>::max();  // of order_
  std::vector<std::uint64_t> order_;
};

}  // namespace accord::trainer
