// When a round's figures become a warning about the plan's encoding.
#include "update/warnings.h"

#include <gtest/gtest.h>

#include "update/headers.h"

namespace accord::update {
namespace {

JobSpec Spec(std::uint32_t bits, double clip) {
  JobSpec spec;
  spec.update = {.bits = bits, .clip = clip, .max_examples = 1000};
  return spec;
}

std::vector<std::string> WarningsOf(const JobSpec& spec, Figure figure, double value) {
  const round::MetricSum sum{static_cast<std::uint8_t>(figure), value, 0};
  return EncodingWarnings(spec, std::span(&sum, 1));
}

TEST(EncodingWarningsTest, AModelThatFitsItsClipIsNotWarnedAbout) {
  const JobSpec spec = Spec(16, 1.0);
  EXPECT_TRUE(EncodingWarnings(spec, {}).empty());
  EXPECT_TRUE(WarningsOf(spec, Figure::kClipped, 0.0).empty());
  EXPECT_TRUE(WarningsOf(spec, Figure::kClipped, 0.009).empty());
  EXPECT_TRUE(WarningsOf(spec, Figure::kPeak, 0.5).empty());
  EXPECT_TRUE(WarningsOf(spec, Figure::kPeak, 0.0).empty()) << "a round that trains nothing";
  EXPECT_TRUE(WarningsOf(spec, Figure::kLoss, 60.0).empty());
  EXPECT_TRUE(WarningsOf(spec, Figure::kAccuracy, 0.0).empty());
}

TEST(EncodingWarningsTest, ManyClippedCoordinatesAreNamedWithTheClip) {
  const auto warnings = WarningsOf(Spec(16, 0.05), Figure::kClipped, 0.031);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0],
            "3.1 % of the coordinates were cut by update.clip = 0.05; raise it, or take smaller steps");
}

TEST(EncodingWarningsTest, AMeanAtTheClipMeansThatNodesWereCut) {
  const auto warnings = WarningsOf(Spec(16, 0.05), Figure::kPeak, 1.0);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("reaches 100 % of update.clip = 0.05"), std::string::npos) << warnings[0];
}

TEST(EncodingWarningsTest, AClipFarAboveTheUpdatesWastesTheBits) {
  EXPECT_TRUE(WarningsOf(Spec(16, 1.0), Figure::kPeak, 0.01).empty()) << "327 steps";
  const auto warnings = WarningsOf(Spec(8, 1.0), Figure::kPeak, 0.01);
  ASSERT_EQ(warnings.size(), 1U) << "1.3 steps";
  EXPECT_NE(warnings[0].find("only 1 % of update.clip = 1"), std::string::npos) << warnings[0];
}

}  // namespace
}  // namespace accord::update
