#include "trainer/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace accord::trainer {
namespace {

std::vector<std::uint64_t> Order(const ShuffleSeed& seed, std::uint64_t epoch, std::size_t n) {
  std::vector<std::uint64_t> order(n);
  Permute(seed, epoch, order);
  return order;
}

TEST(PermuteTest, KeepsEachElementOnce) {
  for (const std::size_t n : {1, 2, 3, 1000}) {
    std::vector<std::uint64_t> order = Order({.job = 1, .round = 2, .node = 3}, 0, n);
    std::ranges::sort(order);
    for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(order[i], i);
  }
}

TEST(PermuteTest, DependsOnEachPartOfTheSeedAndTheEpoch) {
  const ShuffleSeed seed{.job = 1, .round = 2, .node = 3};
  std::set<std::vector<std::uint64_t>> orders{
      Order(seed, 0, 100),
      Order(seed, 1, 100),
      Order({.job = 2, .round = 2, .node = 3}, 0, 100),
      Order({.job = 1, .round = 3, .node = 3}, 0, 100),
      Order({.job = 1, .round = 2, .node = 4}, 0, 100),
      Order({.job = 1, .round = 2, .node = 3ULL << 32}, 0, 100),
      Order({.job = 1ULL << 32, .round = 2, .node = 3}, 0, 100),
  };
  EXPECT_EQ(orders.size(), 7U);
  EXPECT_EQ(Order(seed, 0, 100), Order(seed, 0, 100));
}

// All 24 orders of four elements, each about equally often: chi-square with 23 degrees of freedom stays
// below 60 but for one seed in 10^5, and this one is fixed.
TEST(PermuteTest, DrawsAllOrdersEquallyOften) {
  std::map<std::vector<std::uint64_t>, int> seen;
  constexpr int kDraws = 24'000;
  for (int epoch = 0; epoch < kDraws; ++epoch)
    ++seen[Order({.job = 5}, static_cast<std::uint64_t>(epoch), 4)];
  ASSERT_EQ(seen.size(), 24U);
  double chi2 = 0;
  for (const auto& [order, count] : seen) chi2 += (count - 1000.0) * (count - 1000.0) / 1000.0;
  EXPECT_LT(chi2, 60.0);
}

// A checkpoint of an older version goes on only if its order is still the same.
// The figures come from a second implementation, in Python.
TEST(PermuteTest, StaysAsItWasInVersionOne) {
  EXPECT_THAT(Order({.job = 7, .round = 1, .node = 0}, 0, 8), ::testing::ElementsAre(4, 7, 3, 2, 6, 0, 5, 1));
}

TEST(SamplerTest, CutsEachEpochIntoBatchesAndUsesTheRest) {
  Sampler sampler({.job = 1}, 10, 4);
  EXPECT_EQ(sampler.StepsPerEpoch(), 3U);
  for (std::uint64_t epoch = 0; epoch < 2; ++epoch) {
    std::vector<std::uint64_t> all;
    for (std::uint64_t i = 0; i < 3; ++i) {
      const auto batch = sampler.Batch(3 * epoch + i);
      EXPECT_EQ(batch.size(), i < 2 ? 4U : 2U);
      all.insert(all.end(), batch.begin(), batch.end());
    }
    EXPECT_EQ(all, Order({.job = 1}, epoch, 10));
  }
}

TEST(SamplerTest, FindsAnyStepByItsNumber) {
  Sampler walked({.job = 1}, 10, 4);
  for (std::uint64_t step = 0; step < 8; ++step) {
    Sampler fresh({.job = 1}, 10, 4);
    const auto expected = walked.Batch(step);
    const auto found = fresh.Batch(step);
    EXPECT_TRUE(std::ranges::equal(found, expected));
  }
}

TEST(SamplerTest, MakesOneBatchOfFewExamples) {
  Sampler sampler({}, 3, 32);
  EXPECT_EQ(sampler.StepsPerEpoch(), 1U);
  EXPECT_EQ(sampler.Batch(5).size(), 3U);
}

}  // namespace
}  // namespace accord::trainer
