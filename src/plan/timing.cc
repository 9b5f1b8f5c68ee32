#include "plan/timing.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace accord::plan {
namespace {

constexpr double kBackward = 2.0 / 3.0;  // of a step: twice the products of the forward pass
constexpr double kLeastLog2Rate = -20.0, kMostLog2Rate = 100.0;
constexpr int kHalvings = 200;

// What training waits behind the backward pass, summed over the fragments: the gradient of layer l of L is
// there after (L - l) / L of the pass, and a fragment's layers travel one after the other, the deepest first.
double WaitingBehindBackward(const Schedule& s, double step_s, double exchange_s) {
  const double pass_s = kBackward * step_s;
  const auto layers = static_cast<double>(s.layers);
  std::vector<double> free(s.fragments, 0.0);  // when the last layer of each fragment so far has arrived
  for (std::uint64_t l = s.layers; l-- > 0;) {
    const std::uint64_t fragment = l % s.fragments;
    const std::uint64_t carried = (s.layers - fragment + s.fragments - 1) / s.fragments;
    const double ready = pass_s * (layers - static_cast<double>(l)) / layers;
    free[fragment] = std::max(free[fragment], ready) + exchange_s / static_cast<double>(carried);
  }
  double sum = 0.0;
  for (const double arrived : free) sum += std::max(0.0, arrived - pass_s - s.overlap * step_s);
  return sum;
}

}  // namespace

double ExchangeSeconds(const Traffic& traffic, const Link& link) {
  const double up = traffic.up_bytes > 0.0 ? 8.0 * traffic.up_bytes / link.up : 0.0;
  const double down = traffic.down_bytes > 0.0 ? 8.0 * traffic.down_bytes / link.down : 0.0;
  return up + down + traffic.turns * link.latency_s;
}

double WaitingSeconds(const Schedule& s, double step_s, double exchange_s) {
  if (s.backward) return WaitingBehindBackward(s, step_s, exchange_s) / s.fragments;
  return std::max(0.0, exchange_s - s.overlap * step_s);
}

double Utilisation(const Schedule& s, double step_s, double exchange_s) {
  const double computing = s.interval * step_s;
  return computing / (computing + WaitingSeconds(s, step_s, exchange_s));
}

double RateFor(double share, const Schedule& s, double step_s, const Traffic& traffic, double latency_s) {
  const auto enough = [&](double log2_rate) {
    const double rate = std::exp2(log2_rate);
    return Utilisation(s, step_s,
                       ExchangeSeconds(traffic, {.up = rate, .down = rate, .latency_s = latency_s})) >= share;
  };
  double below = kLeastLog2Rate;
  double above = kMostLog2Rate;
  if (!enough(above)) return std::numeric_limits<double>::infinity();
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = 0.5 * (below + above);
    (enough(middle) ? above : below) = middle;
  }
  return std::exp2(above);
}

}  // namespace accord::plan
