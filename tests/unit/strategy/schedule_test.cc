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

}  // namespace
}  // namespace accord::strategy
