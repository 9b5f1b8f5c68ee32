// The inner learning rate of a round: a function of the plan and the global round alone, so that a node that
// was away or restarted trains at the same rate as the others. Used by the trainer and by the CLI. Pure.
//
// Cosine and step use libm. That is allowed here and nowhere near the outer step: the rate only steers local
// training, whose result differs between machines anyway and is never recomputed by another.
#pragma once

#include <cstdint>

#include "accord/job_spec.h"

namespace accord::strategy {

// The rate of `round` (from 1) in a job of `rounds` rounds.
//   warm-up: lr * round / (warmup_rounds + 1) for the first warmup_rounds rounds; then with t = 0, 1, ...
//   constant: lr
//   cosine: from lr at t = 0 to min_lr in the job's last round (lr itself if only one round is left)
//   step: lr * gamma^floor(t / step_rounds)
// Rounds beyond the last keep the last one's rate.
[[nodiscard]] double LearningRate(const InnerSpec& inner, std::uint64_t round, std::uint64_t rounds);

}  // namespace accord::strategy
