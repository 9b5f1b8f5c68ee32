#include "strategy/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.h"

namespace accord::strategy {

double LearningRate(const InnerSpec& inner, std::uint64_t round, std::uint64_t rounds) {
  ACCORD_CHECK(round >= 1 && rounds >= 1);
  const ScheduleSpec& schedule = inner.schedule;
  round = std::min(round, rounds);
  if (round <= schedule.warmup_rounds) {
    return inner.lr * (static_cast<double>(round) / (static_cast<double>(schedule.warmup_rounds) + 1.0));
  }
  const std::uint64_t t = round - schedule.warmup_rounds - 1;
  const std::uint64_t last = rounds - schedule.warmup_rounds - 1;
  switch (schedule.kind) {
    case ScheduleKind::kConstant:
      return inner.lr;
    case ScheduleKind::kCosine: {
      if (last == 0) return inner.lr;
      const double done = static_cast<double>(t) / static_cast<double>(last);
      return schedule.min_lr + (inner.lr - schedule.min_lr) * 0.5 * (1.0 + std::cos(std::numbers::pi * done));
    }
    case ScheduleKind::kStep: {
      if (schedule.step_rounds == 0) return inner.lr;  // a plan that was never validated
      return inner.lr * std::pow(schedule.gamma, static_cast<double>(t / schedule.step_rounds));
    }
  }
  ACCORD_CHECK(false);
}

}  // namespace accord::strategy
