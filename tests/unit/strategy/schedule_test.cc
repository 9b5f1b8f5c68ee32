#include "strategy/schedule.h"

#include <gtest/gtest.h>

namespace accord::strategy {
namespace {

std::vector<double> Rates(const InnerSpec& inner, std::uint64_t rounds) {
  std::vector<double> rates;
  for (std::uint64_t round = 1; round <= rounds; ++round) rates.push_back(LearningRate(inner, round, rounds));
  return rates;
}

TEST(LearningRateTest, IsConstantUnlessTold) {
  EXPECT_EQ(Rates({.lr = 0.1}, 3), (std::vector<double>{0.1, 0.1, 0.1}));
}

TEST(LearningRateTest, WarmsUpInEqualSteps) {
  EXPECT_EQ(Rates({.lr = 1.0, .schedule = {.warmup_rounds = 3}}, 6),
            (std::vector<double>{0.25, 0.5, 0.75, 1, 1, 1}));
}

TEST(LearningRateTest, FallsAlongACosineToItsFloorInTheLastRound) {
  const std::vector<double> rates =
      Rates({.lr = 1.0, .schedule = {.kind = ScheduleKind::kCosine, .min_lr = 0.2}}, 5);
  EXPECT_DOUBLE_EQ(rates[0], 1.0);
  EXPECT_NEAR(rates[1], 0.2 + 0.8 * 0.85355339059327, 1e-12);
  EXPECT_DOUBLE_EQ(rates[2], 0.6);
  EXPECT_DOUBLE_EQ(rates[4], 0.2);
}

TEST(LearningRateTest, BeginsTheCosineAfterTheWarmUp) {
  const std::vector<double> rates =
      Rates({.lr = 1.0, .schedule = {.kind = ScheduleKind::kCosine, .warmup_rounds = 1}}, 4);
  EXPECT_DOUBLE_EQ(rates[0], 0.5);
  EXPECT_DOUBLE_EQ(rates[1], 1.0);
  EXPECT_DOUBLE_EQ(rates[2], 0.5);
  EXPECT_DOUBLE_EQ(rates[3], 0.0);
}

TEST(LearningRateTest, KeepsItsRateWhenOneRoundIsLeftForTheCosine) {
  const InnerSpec inner{.lr = 1.0, .schedule = {.kind = ScheduleKind::kCosine}};
  EXPECT_EQ(Rates(inner, 1), (std::vector<double>{1.0}));
}

TEST(LearningRateTest, FallsInSteps) {
  const InnerSpec inner{
      .lr = 1.0,
      .schedule = {.kind = ScheduleKind::kStep, .warmup_rounds = 1, .step_rounds = 2, .gamma = 0.5}};
  EXPECT_EQ(Rates(inner, 6), (std::vector<double>{0.5, 1, 1, 0.5, 0.5, 0.25}));
}

TEST(LearningRateTest, IsStillWarmingUpWhenTheJobIsShorter) {
  const InnerSpec inner{.lr = 1.0, .schedule = {.kind = ScheduleKind::kCosine, .warmup_rounds = 9}};
  EXPECT_EQ(Rates(inner, 2), (std::vector<double>{0.1, 0.2}));
}

TEST(LearningRateTest, StaysAtTheLastRoundsRateBeyondIt) {
  const InnerSpec inner{.lr = 1.0, .schedule = {.kind = ScheduleKind::kCosine, .min_lr = 0.25}};
  EXPECT_EQ(LearningRate(inner, 9, 4), 0.25);
}

JobSpec JobOf(const InnerSpec& inner, const RoundSpec& rounds, const StreamingSpec& streaming = {}) {
  JobSpec job;
  job.inner = inner;
  job.round = rounds;
  job.streaming = streaming;
  return job;
}

// The rates of all local steps of a job, one after the other.
std::vector<double> Steps(const InnerSpec& inner, const RoundSpec& rounds,
                          const StreamingSpec& streaming = {}) {
  const JobSpec job = JobOf(inner, rounds, streaming);
  std::vector<double> rates;
  for (std::uint64_t round = 1; round <= rounds.count; ++round) {
    EXPECT_EQ(StepsBefore(job, round), rates.size());
    for (std::uint64_t step = 0; step < LocalSteps(job, round); ++step)
      rates.push_back(StepRate(job, round, step));
  }
  return rates;
}

InnerSpec ByStep(const ScheduleSpec& schedule, std::uint64_t local_steps) {
  InnerSpec inner{.lr = 1.0, .has_local_steps = true, .local_steps = local_steps, .schedule = schedule};
  inner.schedule.unit = ScheduleUnit::kStep;
  return inner;
}

TEST(StepRateTest, SynchronousRoundsHaveOneStep) {
  const InnerSpec inner = ByStep({}, 5);
  const RoundSpec rounds{.count = 4, .synchronous = 2};
  EXPECT_EQ(LocalSteps(JobOf(inner, rounds), 1), 1U);
  EXPECT_EQ(LocalSteps(JobOf(inner, rounds), 2), 1U);
  EXPECT_EQ(LocalSteps(JobOf(inner, rounds), 3), 5U);
  EXPECT_EQ(Steps(inner, rounds).size(), 12U);
}

TEST(StepRateTest, ARoundOfAJobThatStreamsHasTheStepsBetweenTwoFragments) {
  const InnerSpec inner = ByStep({.warmup_steps = 4}, 12);
  EXPECT_EQ(Steps(inner, {.count = 5, .synchronous = 2}, {.fragments = 4}).size(), 2U + 3 * 3);
  EXPECT_EQ(Steps(inner, {.count = 5, .synchronous = 2}, {.fragments = 4, .delay = 2}).size(), 2U + 1 + 3 + 3)
      << "the first update comes `delay` steps before the value";
  EXPECT_EQ(Steps(inner, {.count = 2}, {.fragments = 2}),
            (std::vector<double>{0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1, 1, 1, 1, 1}));
}

TEST(StepRateTest, WarmsUpOverTheStepsOfSeveralRounds) {
  EXPECT_EQ(Steps(ByStep({.warmup_steps = 3}, 2), {.count = 3, .synchronous = 1}),
            (std::vector<double>{0.25, 0.5, 0.75, 1, 1}));
}

TEST(StepRateTest, FallsAlongACosineToItsFloorInTheLastStep) {
  const std::vector<double> rates =
      Steps(ByStep({.kind = ScheduleKind::kCosine, .warmup_steps = 1, .min_lr = 0.2}, 2),
            {.count = 4, .synchronous = 2});
  ASSERT_EQ(rates.size(), 6U);
  EXPECT_DOUBLE_EQ(rates[0], 0.5);
  EXPECT_DOUBLE_EQ(rates[1], 1.0);
  EXPECT_NEAR(rates[2], 0.2 + 0.8 * 0.85355339059327, 1e-12);
  EXPECT_DOUBLE_EQ(rates[3], 0.6);
  EXPECT_DOUBLE_EQ(rates[5], 0.2);
}

TEST(StepRateTest, StaysAndThenFallsWithTheSquareRoot) {
  const std::vector<double> rates =
      Steps(ByStep({.kind = ScheduleKind::kWsd, .warmup_steps = 1, .decay_steps = 4, .min_lr = 0.1}, 4),
            {.count = 2});
  ASSERT_EQ(rates.size(), 8U);
  EXPECT_DOUBLE_EQ(rates[0], 0.5);
  for (const int s : {1, 2, 3}) EXPECT_DOUBLE_EQ(rates[s], 1.0);
  EXPECT_DOUBLE_EQ(rates[4], 0.1 + 0.9 * 0.5);
  EXPECT_NEAR(rates[5], 0.1 + 0.9 * (1 - 0.70710678118655), 1e-12);
  EXPECT_DOUBLE_EQ(rates[7], 0.1);
}

TEST(StepRateTest, AJobShorterThanItsDecayFallsFromTheFirstStep) {
  EXPECT_NEAR(Steps(ByStep({.kind = ScheduleKind::kWsd, .decay_steps = 8}, 2), {.count = 1})[0],
              1 - 0.93541434669349, 1e-12);
}

TEST(StepRateTest, ByRoundItIsTheRoundsRate) {
  const InnerSpec inner{.lr = 1.0, .local_steps = 3, .schedule = {.warmup_rounds = 1}};
  EXPECT_EQ(Steps(inner, {.count = 2}), (std::vector<double>{0.5, 0.5, 0.5, 1, 1, 1}));
}

TEST(StepRateTest, KeepsTheLastRateBeyondTheJobAndTheFullOneWithoutSteps) {
  const InnerSpec inner = ByStep({.kind = ScheduleKind::kCosine, .min_lr = 0.25}, 2);
  EXPECT_EQ(StepRate(JobOf(inner, {.count = 2}), 9, 1), 0.25);
  EXPECT_EQ(StepRate(JobOf(ByStep({.kind = ScheduleKind::kCosine}, 0), {.count = 2}), 1, 0), 1.0);
}

}  // namespace
}  // namespace accord::strategy
