#include "secagg/weight.h"

#include <gtest/gtest.h>

#include "tests/support/fsa1.h"

namespace accord::secagg {
namespace {

constexpr std::uint64_t kMost = 0xFFFF'FFFF;

TEST(WeightTest, ExactTakesTheNumberOfExamples) {
  EXPECT_EQ(WeightOf(WeightPolicy::kExact, 938, 1000).w, 938U);
  EXPECT_EQ(WeightOf(WeightPolicy::kExact, 0, 1000).w, 0U);
}

TEST(WeightTest, CoarseRoundsUpToASixteenthOfTheMaximum) {
  EXPECT_EQ(WeightOf(WeightPolicy::kCoarse, 1, 1000).w, 63U);  // ceil(1000 / 16)
  EXPECT_EQ(WeightOf(WeightPolicy::kCoarse, 63, 1000).w, 63U);
  EXPECT_EQ(WeightOf(WeightPolicy::kCoarse, 64, 1000).w, 126U);
  EXPECT_EQ(WeightOf(WeightPolicy::kCoarse, 999, 1000).w, 1000U);  // at most the maximum
  EXPECT_EQ(WeightOf(WeightPolicy::kCoarse, 0, 1000).w, 0U);
  EXPECT_EQ(WeightOf(WeightPolicy::kCoarse, 3, 5).w, 3U);  // steps of one
  EXPECT_EQ(WeightOf(WeightPolicy::kCoarse, kMost, kMost).w, kMost);
}

TEST(WeightTest, EqualIgnoresTheExamples) {
  for (const std::uint64_t examples : {0UL, 5UL, 2000UL}) {
    const Weight weight = WeightOf(WeightPolicy::kEqual, examples, 1000);
    EXPECT_EQ(weight.w, 1000U);
    EXPECT_EQ(weight.omega, kMost);
    EXPECT_FALSE(weight.cut);
  }
}

TEST(WeightTest, MoreThanTheMaximumIsCutLoudly) {
  const Weight weight = WeightOf(WeightPolicy::kExact, 1001, 1000);
  EXPECT_EQ(weight.w, 1000U);
  EXPECT_TRUE(weight.cut);
  EXPECT_FALSE(WeightOf(WeightPolicy::kExact, 1000, 1000).cut);
}

TEST(WeightTest, OmegaRoundsHalfUp) {
  EXPECT_EQ(WeightOf(WeightPolicy::kExact, 1, 2).omega, 2'147'483'648U);  // (2^32 - 1) / 2 = 2147483647.5
  EXPECT_EQ(WeightOf(WeightPolicy::kExact, kMost, kMost).omega, kMost);
  EXPECT_EQ(WeightOf(WeightPolicy::kExact, 1, kMost).omega, 1U);
  EXPECT_EQ(WeightOf(WeightPolicy::kExact, 0, 7).omega, 0U);
}

TEST(WeightTest, OmegaMatchesTheFrozenVectors) {
  for (const auto& c : fsa1::Load("rounding.json")) {
    EXPECT_EQ(WeightOf(WeightPolicy::kExact, c["weight"], c["W_max"]).omega, c["omega"]);
  }
}

}  // namespace
}  // namespace accord::secagg
