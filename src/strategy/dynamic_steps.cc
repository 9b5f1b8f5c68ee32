#include "strategy/dynamic_steps.h"

#include <algorithm>

#include "base/check.h"
#include "strategy/schedule.h"

namespace accord::strategy {
namespace {

constexpr std::uint64_t kLeastShare = 10;  // a tenth

}  // namespace

std::uint64_t LeastSteps(const InnerSpec& inner) {
  if (inner.min_steps > 0) return inner.min_steps;
  return inner.local_steps / kLeastShare + (inner.local_steps % kLeastShare != 0 ? 1 : 0);
}

std::uint64_t StepsInTime(const JobSpec& job, std::uint64_t round,
                          std::optional<std::chrono::nanoseconds> step_time) {
  const std::uint64_t all = LocalSteps(job, round);
  if (!HasDynamicSteps(job)) return all;
  const std::uint64_t least = std::min(all, LeastSteps(job.inner));
  if (!step_time) return least;
  if (step_time->count() <= 0) return all;
  const auto fit = std::chrono::nanoseconds(job.inner.round_time) / *step_time;
  return std::clamp(static_cast<std::uint64_t>(fit), least, all);
}

double Reach(const JobSpec& job, std::uint64_t round, std::uint64_t steps) {
  const InnerSpec& inner = job.inner;
  const bool sgd = inner.optimizer == OptimizerKind::kSgd;
  const double momentum = sgd ? inner.momentum : 0.0;
  const double pull = sgd ? inner.proximal : 0.0;
  double velocity = inner.keep_state ? 1.0 / (1.0 - momentum) : 0.0;
  double reach = 0.0;
  for (std::uint64_t step = 0; step < steps; ++step) {
    velocity = momentum * velocity + (1.0 - pull * reach);
    reach += StepRate(job, round, step) * velocity;
  }
  return reach;
}

double ShareOfSteps(const JobSpec& job, std::uint64_t round, std::uint64_t steps) {
  ACCORD_CHECK(steps > 0);
  const std::uint64_t all = LocalSteps(job, round);
  if (steps >= all) return 1.0;
  const double share = Reach(job, round, steps) / Reach(job, round, all);
  // A pull that overshoots carries no distance that could be compared: then steps are as good as any.
  if (share > 0.0 && share <= 1.0) return share;
  return static_cast<double>(steps) / static_cast<double>(all);
}

}  // namespace accord::strategy
