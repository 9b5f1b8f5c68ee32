#include "secagg/graph.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "crypto/prg.h"
#include "crypto/sha256.h"

namespace accord::secagg {
namespace {

constexpr std::string_view kGraphLabel("FSA-1/graph\0", 12);
constexpr double kHidingBits = -40;    // conditions (i) and (iii), over all nodes
constexpr double kRecoveryBits = -20;  // condition (ii)
constexpr double kHidingSlack = 1e-6;  // of a node that checks (i) itself
constexpr std::uint32_t kMaxDegree = 1024;

// log2 of the binomial coefficient; 0 <= k <= n.
long double Log2Choose(std::uint32_t n, std::uint32_t k) {
  long double sum = 0;
  for (std::uint32_t i = 0; i < k; ++i) {
    sum += std::log2(static_cast<long double>(n - i) / static_cast<long double>(i + 1));
  }
  return sum;
}

double Log2Union(std::uint32_t n, const Hypergeometric& of, std::int64_t at_least) {
  return std::log2(static_cast<double>(n)) + Log2Tail(of, at_least);
}

// The left side of (i), as log2.
double Exposure(const NeighbourGraph& graph, std::uint32_t n, std::uint32_t corrupt, SecureMode mode) {
  const auto k = static_cast<std::int64_t>(graph.degree);
  const auto t = static_cast<std::int64_t>(graph.threshold);
  return Log2Union(n, {.population = n - 1, .marked = corrupt, .drawn = graph.degree},
                   mode == SecureMode::kSemiHonest ? t : 2 * t - k);
}

// The smallest threshold that meets (i); more than the degree when none does.
std::uint32_t SmallestThreshold(std::uint32_t degree, const GraphRisk& risk) {
  std::uint32_t low = 1;
  std::uint32_t high = degree + 1;
  while (low < high) {  // the exposure falls as the threshold grows
    const std::uint32_t middle = (low + high) / 2;
    if (Exposure({.degree = degree, .threshold = middle}, risk.n, risk.corrupt, risk.mode) <= kHidingBits) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace

Digest GraphSeed(const Digest& ctx, const Digest& roster_hash, std::span<const GraphNonce> nonces) {
  crypto::Sha256 hash;
  hash.Update(kGraphLabel).Update(ctx.bytes).Update(roster_hash.bytes);
  for (const GraphNonce& nonce : nonces) hash.Update(nonce.bytes);
  return hash.Finish();
}

std::vector<std::uint32_t> Permutation(const Digest& seed, std::uint32_t n) {
  crypto::Keystream stream(seed.bytes);
  std::array<std::uint64_t, 64> words{};
  std::uint64_t drawn = 0;
  return PermuteWith(n, [&] {
    if (drawn % words.size() == 0) stream.FillWords(drawn, words);
    return words[drawn++ % words.size()];
  });
}

std::vector<std::uint32_t> PermuteWith(std::uint32_t n, const std::function<std::uint64_t()>& draw) {
  std::vector<std::uint32_t> places(n);
  std::iota(places.begin(), places.end(), 0U);
  for (std::uint32_t i = n; i-- > 1;) {
    const std::uint64_t choices = std::uint64_t{i} + 1;
    const std::uint64_t excess = (0 - choices) % choices;  // 2^64 mod choices
    std::uint64_t r = draw();
    while (excess != 0 && r >= 0 - excess) r = draw();
    std::swap(places[i], places[r % choices]);
  }
  return places;
}

RingGraph::RingGraph(const Digest& seed, std::uint32_t n, std::uint32_t k)
    : degree_(k), node_at_(Permutation(seed, n)), place_of_(n) {
  ACCORD_CHECK(k % 2 == 0 && k >= 2 && k < n);
  for (std::uint32_t place = 0; place < n; ++place) place_of_[node_at_[place]] = place;
}

std::vector<std::uint32_t> RingGraph::NeighboursOf(std::uint32_t index) const {
  const auto n = static_cast<std::uint32_t>(node_at_.size());
  const std::uint32_t place = place_of_.at(index);
  std::vector<std::uint32_t> neighbours;
  for (std::uint32_t step = 1; step <= degree_ / 2; ++step) {
    neighbours.push_back(node_at_[(place + step) % n]);
    neighbours.push_back(node_at_[(place + n - step) % n]);
  }
  std::ranges::sort(neighbours);
  return neighbours;
}

double Log2Tail(const Hypergeometric& of, std::int64_t at_least) {
  const auto [population, marked, drawn] = of;
  ACCORD_CHECK(marked <= population && drawn <= population);
  const std::int64_t least = std::max<std::int64_t>(0, std::int64_t{marked} + drawn - population);
  const std::int64_t most = std::min(marked, drawn);
  if (at_least <= least) return 0;
  if (at_least > most) return -std::numeric_limits<double>::infinity();
  const auto first = static_cast<std::uint32_t>(at_least);
  // The first term by logarithms, the others as multiples of it.
  const long double log2_first = Log2Choose(marked, first) + Log2Choose(population - marked, drawn - first) -
                                 Log2Choose(population, drawn);
  long double sum = 1;
  long double term = 1;
  for (std::int64_t x = at_least; x < most; ++x) {
    term *= static_cast<long double>((marked - x) * (drawn - x)) /
            static_cast<long double>((x + 1) * (std::int64_t{population} - marked - drawn + x + 1));
    sum += term;
  }
  return static_cast<double>(std::min<long double>(0, log2_first + std::log2(sum)));
}

bool HidesFromCorrupt(const NeighbourGraph& graph, std::uint32_t n, std::uint32_t corrupt, SecureMode mode) {
  return Exposure(graph, n, corrupt, mode) <= kHidingBits + kHidingSlack;
}

std::optional<NeighbourGraph> SmallestGraph(const GraphRisk& risk) {
  ACCORD_CHECK(risk.n >= 3 && risk.corrupt < risk.n && risk.dropped < risk.n);
  const double lost = (static_cast<double>(risk.corrupt) + risk.dropped) / risk.n;
  for (std::uint32_t k = 2; k < risk.n && k <= kMaxDegree; k += 2) {
    const double cut = std::log2(static_cast<double>(risk.n)) + k / 2.0 * std::log2(lost);  // (iii)
    if (cut > kHidingBits) continue;
    const std::uint32_t threshold = SmallestThreshold(k, risk);
    if (threshold > k) continue;
    const Hypergeometric lost_neighbours{.population = risk.n - 1, .marked = risk.dropped, .drawn = k};
    const std::int64_t too_many = std::int64_t{k} - threshold + 1;
    if (Log2Union(risk.n, lost_neighbours, too_many) <= kRecoveryBits) {  // (ii)
      return NeighbourGraph{.degree = k, .threshold = threshold};
    }
  }
  return std::nullopt;
}

}  // namespace accord::secagg
