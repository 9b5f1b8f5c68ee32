// The inner learning rate of a round or of a local step: a function of the plan and of the place in the job
// alone, so that a node that was away or restarted trains at the same rate as the others. Used by the trainer
// and by the CLI. Pure.
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

// Local steps of `round` (from 1) in a job whose rounds have inner.local_steps: one in the first
// round.synchronous of them. In a job that streams, those from one fragment's update to the next one's
// (strategy/streaming.h): inner.local_steps / fragments, of which the first round lacks the `delay` that the
// update of its fragment comes before the new value.
[[nodiscard]] std::uint64_t LocalSteps(const JobSpec& job, std::uint64_t round);

// The sum of LocalSteps over the rounds before `round`.
[[nodiscard]] std::uint64_t StepsBefore(const JobSpec& job, std::uint64_t round);

// The rate of local step `step` (from 0) of `round`. With unit = "round" it is LearningRate of the round.
// With unit = "step" the local steps of all rounds count on, s = 0 .. S - 1:
//   warm-up: lr * (s + 1) / (warmup_steps + 1) for the first warmup_steps
//   constant: lr
//   cosine: from lr at s = warmup_steps to min_lr in the job's last step (lr itself if only one is left)
//   wsd: lr, and in the last decay_steps, u = 1 .. decay_steps:
//        min_lr + (lr - min_lr) (1 - sqrt(u / decay_steps))   (Haegele et al. 2024, "1 - sqrt"; it ends in
//        min_lr)
// Warm-up goes before decay where they overlap. Steps beyond the last keep the last one's rate.
[[nodiscard]] double StepRate(const JobSpec& job, std::uint64_t round, std::uint64_t step);

}  // namespace accord::strategy
