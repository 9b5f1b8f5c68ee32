// How many local steps fit into a round's time, and what fewer of them are worth.
#include "strategy/dynamic_steps.h"

#include <gtest/gtest.h>

#include <cmath>

namespace accord::strategy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

JobSpec Job(double momentum = 0.0) {
  JobSpec job;
  job.inner = {.optimizer = OptimizerKind::kSgd,
               .lr = 1.0,
               .momentum = momentum,
               .has_local_steps = true,
               .local_steps = 100,
               .round_time = seconds(10),
               .min_steps = 5};
  job.round.count = 20;
  return job;
}

TEST(DynamicStepsTest, AsManyAsFitIntoTheTime) {
  const JobSpec job = Job();
  EXPECT_EQ(StepsInTime(job, 1, milliseconds(250)), 40U);
  EXPECT_EQ(StepsInTime(job, 1, milliseconds(251)), 39U);
  EXPECT_EQ(StepsInTime(job, 1, milliseconds(1)), 100U) << "never more than all";
  EXPECT_EQ(StepsInTime(job, 1, milliseconds(100)), 100U);
  EXPECT_EQ(StepsInTime(job, 1, std::chrono::hours(1)), 5U) << "never fewer than the least";
  EXPECT_EQ(StepsInTime(job, 1, std::nullopt), 5U) << "its speed is not known yet";
  EXPECT_EQ(StepsInTime(job, 1, milliseconds(0)), 100U);
}

TEST(DynamicStepsTest, TheLeastIsATenthUnlessThePlanNamesIt) {
  JobSpec job = Job();
  job.inner.min_steps = 0;
  EXPECT_EQ(LeastSteps(job.inner), 10U);
  job.inner.local_steps = 101;
  EXPECT_EQ(LeastSteps(job.inner), 11U);
  job.inner.local_steps = 3;
  EXPECT_EQ(LeastSteps(job.inner), 1U);
}

TEST(DynamicStepsTest, SynchronousRoundsHaveTheirOneStep) {
  JobSpec job = Job();
  job.round.synchronous = 3;
  EXPECT_EQ(StepsInTime(job, 3, std::chrono::hours(1)), 1U);
  EXPECT_EQ(StepsInTime(job, 4, std::chrono::hours(1)), 5U);
  EXPECT_EQ(ShareOfSteps(job, 3, 1), 1.0);
}

TEST(DynamicStepsTest, WithoutATimeEverybodyTakesAll) {
  JobSpec job = Job();
  job.inner.round_time = Millis(0);
  EXPECT_FALSE(HasDynamicSteps(job));
  EXPECT_EQ(StepsInTime(job, 1, std::chrono::hours(1)), 100U);
}

// spec/learning.md 7.2 (tau, rho): (10, .9) 41.3810596090; (5, .9) 13.1441; (20, 0) 20.
TEST(DynamicStepsTest, ReachIsFedNovasNormOfA) {
  EXPECT_NEAR(Reach(Job(0.9), 1, 10), 41.3810596090, 1e-10);
  EXPECT_NEAR(Reach(Job(0.9), 1, 5), 13.1441, 1e-12);
  EXPECT_EQ(Reach(Job(), 1, 20), 20.0);
}

TEST(DynamicStepsTest, ReachFollowsTheRates) {
  JobSpec job = Job();
  job.inner.schedule = {.kind = ScheduleKind::kConstant, .unit = ScheduleUnit::kStep, .warmup_steps = 4};
  EXPECT_NEAR(Reach(job, 1, 6), 0.2 + 0.4 + 0.6 + 0.8 + 1.0 + 1.0, 1e-12);
  EXPECT_NEAR(Reach(job, 2, 6), 6.0, 1e-12) << "the second round is behind the warm-up";
}

TEST(DynamicStepsTest, KeptMomentumMakesAllStepsEqual) {
  JobSpec job = Job(0.9);
  job.inner.keep_state = true;
  EXPECT_NEAR(Reach(job, 1, 10), 100.0, 1e-9);
  EXPECT_NEAR(ShareOfSteps(job, 1, 25), 0.25, 1e-12);
}

TEST(DynamicStepsTest, AdamsStepsAreEqual) {
  JobSpec job = Job(0.9);  // which Adam does not look at
  job.inner.optimizer = OptimizerKind::kAdamW;
  job.inner.lr = 0.01;
  EXPECT_NEAR(Reach(job, 1, 10), 0.1, 1e-12);
}

// FedNova's a of a proximal term mu at the rate eta: (1 - (1 - eta mu)^tau) / (eta mu), in units of eta.
TEST(DynamicStepsTest, AProximalTermPullsBack) {
  JobSpec job = Job();
  job.inner.lr = 0.5;
  job.inner.proximal = 0.2;
  EXPECT_NEAR(Reach(job, 1, 10), 0.5 * (1.0 - std::pow(0.9, 10)) / 0.1, 1e-12);
}

TEST(DynamicStepsTest, SharesRiseToOne) {
  const JobSpec job = Job(0.9);
  double last = 0.0;
  for (std::uint64_t steps = 1; steps < 100; ++steps) {
    const double share = ShareOfSteps(job, 7, steps);
    EXPECT_GT(share, last);
    EXPECT_LT(share, 1.0);
    last = share;
  }
  EXPECT_EQ(ShareOfSteps(job, 7, 100), 1.0);
  EXPECT_EQ(ShareOfSteps(job, 7, 1000), 1.0);
  EXPECT_NEAR(ShareOfSteps(job, 7, 10), 41.3810596090 / Reach(job, 7, 100), 1e-12);
}

TEST(DynamicStepsTest, APullThatOvershootsLeavesTheStepsThemselves) {
  JobSpec job = Job();
  job.inner.proximal = 2.5;  // eta mu > 2: the local steps swing ever wider
  for (const std::uint64_t steps : {1U, 40U, 99U}) {
    const double share = ShareOfSteps(job, 1, steps);
    EXPECT_GT(share, 0.0);
    EXPECT_LE(share, 1.0);
  }
}

}  // namespace
}  // namespace accord::strategy
