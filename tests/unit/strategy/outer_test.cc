#include "strategy/outer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "base/errors.h"

namespace accord::strategy {
namespace {

void Step(const OuterRule& rule, std::span<float> weights, std::span<const double> delta) {
  const std::span<const double> means[] = {delta};
  rule.Step({.round = 1, .survivors = 3, .federation = 3}, {.weights = weights, .means = means});
}

TEST(OuterRuleTest, RefusesAnUnknownRuleAndNamesThoseThatExist) {
  const Status status = MakeOuterRule({.rule = "fedmagic"}).status();
  EXPECT_EQ(status.error(), "outer.unknown");
  EXPECT_NE(status.message().find("\"fedmagic\"; there is diloco, fedadagrad, "), std::string::npos)
      << status.message();
}

TEST(OuterRuleTest, MakesEachRuleThatItNames) {
  const std::vector<std::string_view> names = OuterRuleNames();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  for (const std::string_view name : names) {
    const auto rule = MakeOuterRule({.rule = std::string(name)});
    ASSERT_TRUE(rule.ok()) << name;
    EXPECT_EQ((*rule)->Needs().inputs.at(0), "delta") << name;
    EXPECT_TRUE(std::ranges::is_sorted((*rule)->Needs().state, {}, &OuterNeeds::StateVector::name)) << name;
  }
}

TEST(FedAvgTest, AddsTheMeanOfTheDeltas) {
  const auto rule = MakeOuterRule({.rule = "fedavg", .lr = 1.0}).value();
  EXPECT_TRUE(rule->Needs().state.empty());
  std::vector<float> weights = {1.0F, -2.0F, 0.5F};
  Step(*rule, weights, std::vector<double>{-0.5, 0.25, 0.0});
  EXPECT_EQ(weights, (std::vector<float>{0.5F, -1.75F, 0.5F}));
}

TEST(FedAvgTest, ScalesByTheOuterLearningRate) {
  const auto rule = MakeOuterRule({.rule = "fedavg", .lr = 0.5}).value();
  std::vector<float> weights = {1.0F};
  Step(*rule, weights, std::vector<double>{-1.0});
  EXPECT_EQ(weights[0], 0.5F);
}

// Binary64 throughout and one rounding to f32 at the end; 0.7 * 2^-25 in f32 arithmetic would be lost or
// doubled.
TEST(FedAvgTest, GivesFrozenBits) {
  const auto rule = MakeOuterRule({.rule = "fedavg", .lr = 0.7}).value();
  std::vector<float> weights = {1.0F, 0.1F, -3.4028235e38F, 1e-40F};
  Step(*rule, weights, std::vector<double>{0x1p-23, 1.0 / 3.0, 1.0, -1e-41});
  const auto bits = [&](std::size_t i) { return std::bit_cast<std::uint32_t>(weights[i]); };
  EXPECT_EQ(bits(0), 0x3F800001U);
  EXPECT_EQ(bits(1), 0x3EAAAAABU);
  EXPECT_EQ(bits(2), 0xFF7FFFFFU);
  EXPECT_EQ(bits(3), 0x0001033FU);  // subnormal
}

TEST(FedAvgTest, DoesNotDependOnTheTiling) {
  const auto rule = MakeOuterRule({.rule = "fedavg", .lr = 0.9}).value();
  std::vector<float> whole;
  std::vector<double> delta;
  for (int i = 0; i < 1000; ++i) {
    whole.push_back(1.0F / static_cast<float>(i + 3));
    delta.push_back(1.0 / (7.0 - 3.0 * i));
  }
  std::vector<float> tiled = whole;
  Step(*rule, whole, delta);
  for (std::size_t first = 0; first < tiled.size(); first += 37) {
    const std::size_t count = std::min<std::size_t>(37, tiled.size() - first);
    Step(*rule, std::span(tiled).subspan(first, count), std::span(delta).subspan(first, count));
  }
  EXPECT_EQ(tiled, whole);
}

TEST(FedAvgTest, RefusesALearningRateThatIsNone) {
  for (const double lr :
       {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(MakeOuterRule({.rule = "fedavg", .lr = lr}).status().error(), "job.invalid");
  }
}

}  // namespace
}  // namespace accord::strategy
