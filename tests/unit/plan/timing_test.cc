// Properties of the times, over many random schedules: they hold whatever the figures.
#include "plan/timing.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace accord::plan {
namespace {

struct Case {
  Schedule schedule;
  double step_s = 0.0;
  Traffic traffic;
  Link link;
};

class Cases {
 public:
  Case Next() {
    Case c;
    c.schedule.fragments = 1 + random_() % 12;
    c.schedule.layers = c.schedule.fragments + random_() % 60;
    c.schedule.interval = 1.0 + static_cast<double>(random_() % 400);
    c.schedule.overlap = static_cast<double>(random_() % 3);
    c.schedule.backward = random_() % 2 == 0;
    c.step_s = Power(-3, 3);
    c.traffic = {
        .up_bytes = Power(0, 12), .down_bytes = Power(0, 12), .turns = static_cast<double>(random_() % 8)};
    c.link = {.up = Power(5, 11), .down = Power(5, 11), .latency_s = Power(-4, 0)};
    return c;
  }

 private:
  double Power(double least, double most) {
    return std::pow(10.0, std::uniform_real_distribution<double>(least, most)(random_));
  }
  std::mt19937_64 random_{1};
};

double UtilisationOf(const Case& c) {
  return Utilisation(c.schedule, c.step_s, ExchangeSeconds(c.traffic, c.link));
}

TEST(TimingTest, UtilisationIsAShareAboveNothing) {
  Cases cases;
  for (int i = 0; i < 5'000; ++i) {
    const double share = UtilisationOf(cases.Next());
    EXPECT_GT(share, 0.0);
    EXPECT_LE(share, 1.0);
  }
}

TEST(TimingTest, MoreBandwidthMoreStepsAndMoreOverlapNeverHurt) {
  Cases cases;
  for (int i = 0; i < 5'000; ++i) {
    const Case c = cases.Next();
    const double share = UtilisationOf(c);
    Case faster = c;
    (i % 2 == 0 ? faster.link.up : faster.link.down) *= 1.7;
    EXPECT_GE(UtilisationOf(faster), share);
    Case rarer = c;
    rarer.schedule.interval *= 1.3;
    EXPECT_GE(UtilisationOf(rarer), share);
    Case overlapped = c;
    overlapped.schedule.overlap += 1.0;
    EXPECT_GE(UtilisationOf(overlapped), share);
    Case nearer = c;
    nearer.link.latency_s *= 0.5;
    EXPECT_GE(UtilisationOf(nearer), share);
  }
}

TEST(TimingTest, SendingInTheBackwardPassHidesAtMostThatPass) {
  Cases cases;
  for (int i = 0; i < 5'000; ++i) {
    Case c = cases.Next();
    const double exchange_s = ExchangeSeconds(c.traffic, c.link);
    c.schedule.backward = false;
    const double plain = WaitingSeconds(c.schedule, c.step_s, exchange_s);
    c.schedule.backward = true;
    const double hidden = WaitingSeconds(c.schedule, c.step_s, exchange_s);
    EXPECT_LE(hidden, plain * (1 + 1e-12) + 1e-12);
    EXPECT_GE(hidden, plain - c.step_s * 2.0 / 3.0 - 1e-9 * (plain + 1.0));
  }
}

TEST(TimingTest, TheRateForAShareGivesJustThatShare) {
  Cases cases;
  for (int i = 0; i < 1'000; ++i) {
    const Case c = cases.Next();
    const double rate = RateFor(0.95, c.schedule, c.step_s, c.traffic, c.link.latency_s);
    const auto at = [&](double r) {
      return Utilisation(c.schedule, c.step_s,
                         ExchangeSeconds(c.traffic, {.up = r, .down = r, .latency_s = c.link.latency_s}));
    };
    if (std::isinf(rate)) {
      EXPECT_LT(at(1e30), 0.95);
      continue;
    }
    EXPECT_GE(at(rate * 1.0001), 0.95);
    EXPECT_LT(at(rate * 0.999), 0.95);
  }
}

// A step of 1 s and one layer: nothing can be sent before the backward pass ends, so all of it is waited for.
// With two, the deeper one is sent during the second half of the pass.
TEST(TimingTest, LayersTravelWhenTheirGradientIsThere) {
  Schedule one{.backward = true, .layers = 1};
  EXPECT_DOUBLE_EQ(WaitingSeconds(one, 1.0, 0.5), 0.5);
  Schedule two{.backward = true, .layers = 2};
  EXPECT_DOUBLE_EQ(WaitingSeconds(two, 1.0, 0.5), 0.25);
  EXPECT_NEAR(WaitingSeconds(two, 1.0, 2.0), 1.0 + (1.0 / 3.0 + 1.0 - 2.0 / 3.0), 1e-12);
  two.fragments = 2;  // one layer each: the deep one waits 0.5 - 1/3, the other 0.5
  EXPECT_NEAR(WaitingSeconds(two, 1.0, 0.5), (0.5 + 0.5 - 1.0 / 3.0) / 2.0, 1e-12);
}

}  // namespace
}  // namespace accord::plan
