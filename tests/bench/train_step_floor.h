// The floor of the train-step bench: the training loop that a person would write in plain C++ libtorch.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

namespace accord::bench {

// 28 x 28 images in [0, 1], 10 classes; channels 16 and 32, hidden 128; SGD with momentum 0.9.
class PlainLoop {
 public:
  // Copies the examples into tensors, cut into batches in the order given: no gathering is left to do.
  PlainLoop(std::span<const float> images, std::span<const std::int64_t> labels, std::int64_t batch,
            double rate, int threads);
  ~PlainLoop();
  // Seconds that `steps` steps take.
  double Run(std::uint64_t steps);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace accord::bench
