#include "data/split.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace accord::data {
namespace {

std::int64_t Count(const std::vector<bool>& flags) { return std::count(flags.begin(), flags.end(), true); }

TEST(ChooseHoldoutTest, TakesTheFractionAskedButSomeAndNeverAll) {
  EXPECT_EQ(Count(ChooseHoldout(1000, 0.25, 1)), 250);
  EXPECT_EQ(Count(ChooseHoldout(5, 0.01, 1)), 1);
  EXPECT_EQ(Count(ChooseHoldout(2, 0.999, 1)), 1);
  EXPECT_EQ(Count(ChooseHoldout(1, 0.5, 1)), 0);
  EXPECT_EQ(Count(ChooseHoldout(1000, 0.0, 1)), 0);
  EXPECT_TRUE(ChooseHoldout(0, 0.5, 1).empty());
}

TEST(ChooseHoldoutTest, IsFrozen) {
  std::vector<std::size_t> taken;
  const std::vector<bool> flags = ChooseHoldout(100, 0.05, 7);
  for (std::size_t i = 0; i < flags.size(); ++i) {
    if (flags[i]) taken.push_back(i);
  }
  EXPECT_EQ(taken, (std::vector<std::size_t>{2, 27, 75, 79, 99}));
}

TEST(ChooseHoldoutTest, TakesEachExampleAboutEquallyOften) {
  std::vector<int> hits(20, 0);
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const std::vector<bool> flags = ChooseHoldout(20, 0.5, seed);
    for (std::size_t i = 0; i < 20; ++i) hits[i] += flags[i] ? 1 : 0;
  }
  // Each is binomial(2000, 1/2), deviation 22: five of them either way.
  for (const int hit : hits) EXPECT_NEAR(hit, 1000, 112);
}

}  // namespace
}  // namespace accord::data
