// Shapley values and the scores that explain the values of groups: known answers, and what defines them.
#include "charter/group_scores.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <numeric>
#include <random>

namespace accord::charter {
namespace {

using Values = std::vector<double>;

Values RandomGame(std::size_t players, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> worth(-1.0, 1.0);
  Values game(std::size_t{1} << players);
  for (double& value : game) value = worth(random);
  game[0] = 0.0;
  return game;
}

void ExpectNear(const Values& got, const Values& wanted, double within = 1e-12) {
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], within) << i;
}

// Two have a left glove each, one the only right one: the right one is worth 2/3, each left one 1/6.
TEST(ShapleyTest, OfTheGameOfGloves) {
  ExpectNear(ShapleyValues(Values{0, 0, 0, 0, 0, 1, 1, 1}), {1.0 / 6, 1.0 / 6, 2.0 / 3});
}

// Littlechild and Owen 1973: a runway for planes that need 1, 2 and 4 of it; each part is paid by who needs
// it.
TEST(ShapleyTest, OfTheAirport) {
  const Values need{1, 2, 4};
  Values game(8);
  for (std::size_t c = 0; c < 8; ++c) {
    for (std::size_t i = 0; i < 3; ++i)
      if ((c >> i & 1) != 0) game[c] = std::max(game[c], need[i]);
  }
  ExpectNear(ShapleyValues(game), {1.0 / 3, 1.0 / 3 + 1.0 / 2, 1.0 / 3 + 1.0 / 2 + 2.0});
}

TEST(ShapleyTest, ValuesAddUpToWhatAllAreWorth) {
  for (std::size_t players = 1; players <= 9; ++players) {
    const Values game = RandomGame(players, players);
    const Values values = ShapleyValues(game);
    EXPECT_NEAR(std::accumulate(values.begin(), values.end(), 0.0), game.back(), 1e-12) << players;
  }
}

TEST(ShapleyTest, WhoeverAddsNothingIsWorthNothing) {
  Values game = RandomGame(6, 1);
  for (std::size_t c = 0; c < game.size(); ++c) game[c | 4] = game[c & ~std::size_t{4}];
  EXPECT_NEAR(ShapleyValues(game)[2], 0.0, 1e-12);
}

TEST(ShapleyTest, WhoAddsTheSameIsWorthTheSame) {
  Values game = RandomGame(5, 2);
  for (std::size_t c = 0; c < game.size(); ++c) {
    if ((c & 3) == 2) game[c] = game[c ^ 3];  // the second alone as the first alone
  }
  const Values values = ShapleyValues(game);
  EXPECT_NEAR(values[0], values[1], 1e-12);
}

TEST(ShapleyTest, ValuesOfASumOfGamesAreTheSums) {
  const Values a = RandomGame(6, 3), b = RandomGame(6, 4);
  Values both(a.size()), wanted;
  for (std::size_t c = 0; c < a.size(); ++c) both[c] = a[c] + b[c];
  const Values of_a = ShapleyValues(a), of_b = ShapleyValues(b);
  for (std::size_t i = 0; i < of_a.size(); ++i) wanted.push_back(of_a[i] + of_b[i]);
  ExpectNear(ShapleyValues(both), wanted);
}

TEST(ShapleyTest, OtherNamesForThePlayersChangeNothing) {
  const std::vector<std::size_t> renamed{3, 0, 4, 1, 2};
  const Values game = RandomGame(5, 5);
  Values other(game.size());
  for (std::size_t c = 0; c < game.size(); ++c) {
    std::size_t to = 0;
    for (std::size_t i = 0; i < 5; ++i) to |= (c >> i & 1) << renamed[i];
    other[to] = game[c];
  }
  const Values values = ShapleyValues(game), of_other = ShapleyValues(other);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR(values[i], of_other[renamed[i]], 1e-12);
}

// ---------------------------------------------------------------- least squares

// (A^T A + I)^-1 A^T phi by hand: groups {0, 1} of 3 and {1} of 1 give [2 1; 1 3] theta = [3; 4].
TEST(GroupScoresTest, SolvesTheNormalEquations) {
  GroupScores scores(2, 1.0);
  scores.Add(std::vector<std::size_t>{0, 1}, 3.0);
  scores.Add(std::vector<std::size_t>{1}, 1.0);
  ExpectNear(scores.Solve(), {1.0, 1.0});
}

TEST(GroupScoresTest, FindsWhatTheGroupsAreTheSumsOf) {
  std::mt19937_64 random(7);
  std::vector<std::size_t> order(9);
  std::iota(order.begin(), order.end(), 0);
  Values truth;
  for (int i = 0; i < 9; ++i) truth.push_back(i == 4 ? -1.0 : 0.1 * i);
  GroupScores scores(9, 1e-9);
  for (int round = 0; round < 40; ++round) {
    std::ranges::shuffle(order, random);
    for (std::size_t g = 0; g < 9; g += 3) {
      const std::span<const std::size_t> group(order.data() + g, 3);
      double value = 0.0;
      for (const std::size_t i : group) value += truth[i];
      scores.Add(group, value);
    }
  }
  ExpectNear(scores.Solve(), truth, 1e-7);
}

// Of groups that never change nobody can tell the members apart: they share.
TEST(GroupScoresTest, MembersThatAreAlwaysTogetherShare) {
  GroupScores scores(4, 1e-6);
  for (int round = 0; round < 5; ++round) {
    scores.Add(std::vector<std::size_t>{0, 1}, 1.0);
    scores.Add(std::vector<std::size_t>{2, 3}, 4.0);
  }
  ExpectNear(scores.Solve(), {0.5, 0.5, 2.0, 2.0}, 1e-5);
}

TEST(GroupScoresTest, AMemberOfNoGroupHasNone) {
  GroupScores scores(3, 0.1);
  scores.Add(std::vector<std::size_t>{0, 2}, 1.0);
  EXPECT_EQ(scores.Solve()[1], 0.0);
}

// ---------------------------------------------------------------- correlation

TEST(CorrelationTest, KnownAnswers) {
  const Values a{1, 2, 3, 4, 5}, b{2, 1, 4, 3, 5};
  EXPECT_NEAR(Pearson(a, b), 0.8, 1e-12);
  EXPECT_NEAR(Spearman(a, b), 0.8, 1e-12);
  EXPECT_NEAR(Pearson(a, Values{10, 8, 6, 4, 2}), -1.0, 1e-12);
  EXPECT_NEAR(Spearman(a, Values{1, 10, 100, 1000, 10000}), 1.0, 1e-12);
  EXPECT_EQ(Pearson(a, Values(5, 3.0)), 0.0);
  EXPECT_NEAR(Spearman(Values{1, 1, 2}, Values{1, 1, 2}), 1.0, 1e-12);
}

}  // namespace
}  // namespace accord::charter
