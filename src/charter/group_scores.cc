#include "charter/group_scores.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/check.h"

namespace accord::charter {
namespace {

double MeanOf(std::span<const double> values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

std::vector<double> RanksOf(std::span<const double> values) {
  std::vector<double> ranks;
  for (const double value : values) {
    const auto less = std::ranges::count_if(values, [&](double other) { return other < value; });
    const auto same = std::ranges::count(values, value);
    ranks.push_back(static_cast<double>(less) + static_cast<double>(same - 1) / 2.0);
  }
  return ranks;
}

}  // namespace

std::vector<double> ShapleyValues(std::span<const double> worth) {
  ACCORD_CHECK(std::has_single_bit(worth.size()));
  const auto players = static_cast<std::size_t>(std::countr_zero(worth.size()));
  ACCORD_CHECK(players <= kMaxPlayers);
  // weight[s] = s! (n - s - 1)! / n!, of a coalition of s that a player joins
  std::vector<double> weight(players);
  for (std::size_t s = 0; s < players; ++s)
    weight[s] = s == 0 ? 1.0 / static_cast<double>(players)
                       : weight[s - 1] * static_cast<double>(s) / static_cast<double>(players - s);
  std::vector<double> values(players);
  for (std::size_t player = 0; player < players; ++player) {
    const std::size_t bit = std::size_t{1} << player;
    for (std::size_t coalition = 0; coalition < worth.size(); ++coalition) {
      if ((coalition & bit) != 0) continue;
      const auto size = static_cast<std::size_t>(std::popcount(coalition));
      values[player] += weight[size] * (worth[coalition | bit] - worth[coalition]);
    }
  }
  return values;
}

GroupScores::GroupScores(std::size_t members, double ridge)
    : members_(members), normal_(members * members), right_(members) {
  ACCORD_CHECK(ridge > 0.0);
  for (std::size_t i = 0; i < members; ++i) normal_[i * members + i] = ridge;
}

void GroupScores::Add(std::span<const std::size_t> group, double value) {
  for (const std::size_t i : group) {
    ACCORD_CHECK(i < members_);
    right_[i] += value;
    for (const std::size_t j : group) normal_[i * members_ + j] += 1.0;
  }
}

// By Cholesky's decomposition, which a positive definite matrix always has.
std::vector<double> GroupScores::Solve() const {
  const std::size_t n = members_;
  std::vector<double> lower = normal_;
  std::vector<double> x = right_;
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t k = 0; k < j; ++k) lower[j * n + j] -= lower[j * n + k] * lower[j * n + k];
    lower[j * n + j] = std::sqrt(lower[j * n + j]);
    for (std::size_t i = j + 1; i < n; ++i) {
      for (std::size_t k = 0; k < j; ++k) lower[i * n + j] -= lower[i * n + k] * lower[j * n + k];
      lower[i * n + j] /= lower[j * n + j];
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) x[i] -= lower[i * n + k] * x[k];
    x[i] /= lower[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) x[i] -= lower[k * n + i] * x[k];
    x[i] /= lower[i * n + i];
  }
  return x;
}

double Pearson(std::span<const double> a, std::span<const double> b) {
  ACCORD_CHECK(a.size() == b.size() && !a.empty());
  const double mean_a = MeanOf(a);
  const double mean_b = MeanOf(b);
  double both = 0.0, square_a = 0.0, square_b = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    both += (a[i] - mean_a) * (b[i] - mean_b);
    square_a += (a[i] - mean_a) * (a[i] - mean_a);
    square_b += (b[i] - mean_b) * (b[i] - mean_b);
  }
  const double norm = std::sqrt(square_a) * std::sqrt(square_b);
  return norm > 0.0 ? both / norm : 0.0;
}

double Spearman(std::span<const double> a, std::span<const double> b) {
  return Pearson(RanksOf(a), RanksOf(b));
}

}  // namespace accord::charter
