// Uneven speeds: where the plan names a time for a round's local steps (inner.round_time), a slow node takes
// fewer of them instead of holding all up (dynamic local updates: Liu et al. 2024, arXiv 2401.09135), and
// updates are normalised as in FedNova (Wang et al. 2020, arXiv 2007.07481): a node sends d = delta / s,
// where s is how far its steps carry as a share of how far all of the round's carry, and the outer step is
// that of (sum p s)(sum p d). So a slow node neither counts less than its weight nor pulls the model towards
// what it has seen of its data. Used by nodes and by the outer step; pure.
//
// With FedNova's ||a||_1 = Reach, and a of the whole round as the unit: the same step as in the paper, while
// an update of fewer steps has the size of the others', which one clip fits. Where everybody takes all steps,
// s = 1 and nothing is changed.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "accord/job_spec.h"

namespace accord::strategy {

[[nodiscard]] inline bool HasDynamicSteps(const JobSpec& job) { return job.inner.round_time > Millis(0); }

// The fewest steps that a slow node takes in a round: inner.min_steps, or a tenth of inner.local_steps.
[[nodiscard]] std::uint64_t LeastSteps(const InnerSpec& inner);

// Steps of `round` (from 1) for a node whose steps take `step_time`, at most LocalSteps of the round: as many
// as fit into inner.round_time, and LeastSteps in any case; so many also where it does not know. All of them
// in a job without dynamic steps.
[[nodiscard]] std::uint64_t StepsInTime(const JobSpec& job, std::uint64_t round,
                                        std::optional<std::chrono::nanoseconds> step_time);

// ||a||_1 in FedNova's terms: how far `steps` local steps of `round` carry a weight whose gradient is 1 all
// along, with the round's rates. Plain SGD and Adam: the sum of the rates. Momentum rho at a constant rate
// eta: eta (steps - rho (1 - rho^steps) / (1 - rho)) / (1 - rho); where it is kept from round to round
// (inner.keep_state) eta steps / (1 - rho). inner.proximal pulls back under SGD. Weight decay is left out.
[[nodiscard]] double Reach(const JobSpec& job, std::uint64_t round, std::uint64_t steps);

// s: Reach of `steps` as a share of that of all LocalSteps of the round; above 0 and at most 1. `steps` above
// 0.
[[nodiscard]] double ShareOfSteps(const JobSpec& job, std::uint64_t round, std::uint64_t steps);

}  // namespace accord::strategy
