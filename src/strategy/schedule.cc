#include "strategy/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.h"
#include "strategy/streaming.h"

namespace accord::strategy {
namespace {

// From `lr` at done = 0 to `min_lr` at done = 1.
double Cosine(const InnerSpec& inner, double done) {
  const double floor = inner.schedule.min_lr;
  return floor + (inner.lr - floor) * 0.5 * (1.0 + std::cos(std::numbers::pi * done));
}

double Part(std::uint64_t part, std::uint64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

double RateOfStep(const InnerSpec& inner, std::uint64_t s, std::uint64_t total) {
  const ScheduleSpec& schedule = inner.schedule;
  if (s < schedule.warmup_steps) return inner.lr * Part(s + 1, schedule.warmup_steps + 1);
  if (schedule.kind == ScheduleKind::kCosine) {
    const std::uint64_t last = total - schedule.warmup_steps - 1;
    return last == 0 ? inner.lr : Cosine(inner, Part(s - schedule.warmup_steps, last));
  }
  if (schedule.kind == ScheduleKind::kWsd && total - s <= schedule.decay_steps) {
    const double u = Part(schedule.decay_steps - (total - s) + 1, schedule.decay_steps);
    return schedule.min_lr + (inner.lr - schedule.min_lr) * (1.0 - std::sqrt(u));
  }
  return inner.lr;
}

}  // namespace

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
    case ScheduleKind::kWsd:  // falls by steps, not by rounds
      return inner.lr;
    case ScheduleKind::kCosine:
      return last == 0 ? inner.lr : Cosine(inner, Part(t, last));
    case ScheduleKind::kStep: {
      if (schedule.step_rounds == 0) return inner.lr;  // a plan that was never validated
      return inner.lr * std::pow(schedule.gamma, static_cast<double>(t / schedule.step_rounds));
    }
  }
  ACCORD_CHECK(false);
}

std::uint64_t LocalSteps(const JobSpec& job, std::uint64_t round) {
  ACCORD_CHECK(round >= 1);
  return StepsBefore(job, round + 1) - StepsBefore(job, round);
}

std::uint64_t StepsBefore(const JobSpec& job, std::uint64_t round) {
  ACCORD_CHECK(round >= 1);
  const std::uint64_t synchronous = std::min(round - 1, job.round.synchronous);
  const std::uint64_t others = round - 1 - synchronous;
  if (others == 0) return synchronous;
  const Streaming streaming = StreamingOf(job);
  const std::uint64_t interval = streaming.Interval();
  return synchronous + others * interval - std::min(streaming.delay, interval);
}

double StepRate(const JobSpec& job, std::uint64_t round, std::uint64_t step) {
  ACCORD_CHECK(round >= 1);
  if (job.inner.schedule.unit == ScheduleUnit::kRound) return LearningRate(job.inner, round, job.round.count);
  const std::uint64_t total = StepsBefore(job, job.round.count + 1);
  if (total == 0) return job.inner.lr;
  return RateOfStep(job.inner, std::min(StepsBefore(job, round) + step, total - 1), total);
}

}  // namespace accord::strategy
