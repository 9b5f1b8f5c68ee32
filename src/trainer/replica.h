// What the processes of a group do alike: the share of a batch that each takes, and what all have before a
// step. Used by the trainer, the node's leader and workers, on their thread; internal, knows ATen.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "accord/job_spec.h"
#include "trainer/aten.h"
#include "trainer/learner.h"
#include "trainer/optimizer.h"

namespace accord::trainer {

struct Place {
  std::uint32_t rank = 0, size = 1;
};

// Adds to the learner's gradient what the examples at `place` among `rows` have of the gradient of the mean
// loss of all of them; added up over all places it is that gradient. In parts of at most as many examples as
// inner.accumulate parts of the whole batch have. Fails as Learner::AddGradient.
[[nodiscard]] Status AddShare(Learner& learner, const InnerSpec& inner, std::span<const std::uint64_t> rows,
                              Place place);

// Weights, the optimizer's state, and `start` where it is defined: in the order in which they are exchanged.
[[nodiscard]] std::vector<at::Tensor> ReplicaTensors(const at::Tensor& weights, const at::Tensor& start,
                                                     Optimizer& optimizer);
[[nodiscard]] std::uint32_t WeightsCrc(const at::Tensor& weights);

}  // namespace accord::trainer
