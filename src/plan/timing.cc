#include "plan/timing.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace accord::plan {
namespace {

constexpr double kBackward = 2.0 / 3.0;  // of a step: twice the products of the forward pass
constexpr double kLeastLog2Rate = -20.0, kMostLog2Rate = 100.0;
constexpr int kHalvings = 200;

// How long after the backward pass the last layer of a fragment has arrived: the gradient of layer l of L is
// there after (L - l) / L of the pass, and layers travel one after the other, the deepest first.
double BehindBackward(const Schedule& s, std::uint32_t fragment, double backward_s, double exchange_s) {
  const auto layers = static_cast<double>(s.layers);
  double carried = 0.0;
  for (std::uint64_t l = fragment; l < s.layers; l += s.fragments) carried += 1.0;
  if (carried == 0.0) return 0.0;
  double free = 0.0;
  for (std::uint64_t l = s.layers; l-- > 0;) {
    if (l % s.fragments != fragment) continue;
    free = std::max(free, backward_s * (layers - static_cast<double>(l)) / layers) + exchange_s / carried;
  }
  return free - backward_s;
}

}  // namespace

double ExchangeSeconds(const Traffic& traffic, const Link& link) {
  const double up = traffic.up_bytes > 0.0 ? 8.0 * traffic.up_bytes / link.up : 0.0;
  const double down = traffic.down_bytes > 0.0 ? 8.0 * traffic.down_bytes / link.down : 0.0;
  return up + down + traffic.turns * link.latency_s;
}

double WaitingSeconds(const Schedule& s, double step_s, double exchange_s) {
  const double hidden = s.overlap * step_s;
  if (!s.backward) return std::max(0.0, exchange_s - hidden);
  double sum = 0.0;
  for (std::uint32_t fragment = 0; fragment < s.fragments; ++fragment)
    sum += std::max(0.0, BehindBackward(s, fragment, kBackward * step_s, exchange_s) - hidden);
  return sum / s.fragments;
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
