// Ledger B (governance.md f): what members' updates were worth, out of what the sums of groups were worth.
// Groups are drawn anew each round; a group's value in a round is its Shapley value among the groups, and the
// scores of members are those whose sums explain the groups' values best. Estimates, and they tell something
// of members' data: docs/governance.md has the price. Pure.
//
// Jia et al. 2019 (1902.10275) estimate Shapley values from group tests in this way; Song et al. 2019 and
// Wang et al. 2020 (2009.06192) define them by round.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace accord::charter {

// Of the least squares where nothing else is said: so little that it decides only between members whom the
// rounds have not told apart.
inline constexpr double kRidge = 1e-3;
// 2^n values are held.
inline constexpr std::size_t kMaxPlayers = 16;

// Exact Shapley values of a game of n players. `worth` has 2^n values: worth[c] of the coalition of the
// players whose bits are set in c. Another size is a bug. O(n 2^n).
[[nodiscard]] std::vector<double> ShapleyValues(std::span<const double> worth);

// The least squares theta = (A^T A + ridge I)^-1 A^T phi, with a row of A for each group of each round.
class GroupScores {
 public:
  // `ridge` is above 0: as long as few rounds were added, some members cannot be told apart.
  GroupScores(std::size_t members, double ridge);

  // A group of a round, of these members (below `members`, each once), was worth so much.
  void Add(std::span<const std::size_t> group, double value);
  // A score a member, in the units of the values; a member of no group has 0. O(members^3).
  [[nodiscard]] std::vector<double> Solve() const;

 private:
  std::size_t members_;
  std::vector<double> normal_;  // A^T A + ridge I, row by row
  std::vector<double> right_;   // A^T phi
};

// Pearson's correlation of two series of the same length; 0 where one of them does not vary.
[[nodiscard]] double Pearson(std::span<const double> a, std::span<const double> b);
// Spearman's: Pearson's of the ranks, equal values sharing theirs.
[[nodiscard]] double Spearman(std::span<const double> a, std::span<const double> b);

}  // namespace accord::charter
