#include "trainer/sampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "model/philox.h"

namespace accord::trainer {
namespace {

// In [0, 1), of 53 bits.
double Uniform(std::uint64_t seed, std::uint64_t draw) {
  const model::PhiloxKey counter = model::SeedKey(draw);
  const model::PhiloxBlock words = model::Philox(model::SeedKey(seed), {counter[0], counter[1], 0, 0});
  return static_cast<double>((static_cast<std::uint64_t>(words[1]) << 32 | words[0]) >> 11) * 0x1p-53;
}

// How many of the most probable tokens are left: `weights` falling.
std::size_t Kept(const std::vector<double>& weights, const Sampling& sampling) {
  std::size_t kept = weights.size();
  if (sampling.top_k > 0) kept = std::min<std::size_t>(kept, sampling.top_k);
  if (sampling.top_p >= 1.0) return kept;
  const double all =
      std::accumulate(weights.begin(), weights.begin() + static_cast<std::ptrdiff_t>(kept), 0.0);
  double sum = 0.0;
  for (std::size_t i = 0; i < kept; ++i) {
    sum += weights[i];
    if (sum >= sampling.top_p * all) return i + 1;
  }
  return kept;
}

}  // namespace

std::int32_t SampleToken(std::span<const float> logits, const Sampling& sampling, std::uint64_t draw) {
  const auto most = std::ranges::max_element(logits);
  if (sampling.temperature <= 0.0) return static_cast<std::int32_t>(most - logits.begin());
  std::vector<std::int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](std::int32_t a, std::int32_t b) {
    return logits[static_cast<std::size_t>(a)] > logits[static_cast<std::size_t>(b)];
  });
  std::vector<double> weights(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const double logit = logits[static_cast<std::size_t>(order[i])];
    weights[i] = std::exp((logit - static_cast<double>(*most)) / sampling.temperature);
  }
  weights.resize(Kept(weights, sampling));
  double left = Uniform(sampling.seed, draw) * std::accumulate(weights.begin(), weights.end(), 0.0);
  for (std::size_t i = 0; i + 1 < weights.size(); ++i) {
    left -= weights[i];
    if (left < 0.0) return order[i];
  }
  return order[weights.size() - 1];
}

}  // namespace accord::trainer
