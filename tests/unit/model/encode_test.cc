#include "model/encode.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace accord::model {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(EncodeTest, WritesLittleEndianNumbers) {
  const std::vector<float> values = {1.0F, -2.0F};
  Bytes out = {0xEE};
  EXPECT_EQ(AppendFloats(FloatFormat::kF32, values, out), std::nullopt);
  EXPECT_EQ(AppendFloats(FloatFormat::kF16, values, out), std::nullopt);
  EXPECT_EQ(AppendFloats(FloatFormat::kBf16, values, out), std::nullopt);
  EXPECT_EQ(out, (Bytes{0xEE, 0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 0, 0x3C, 0, 0xC0, 0x80, 0x3F, 0, 0xC0}));
}

TEST(EncodeTest, StopsAtTheFirstValueThatTheFormatCannotHold) {
  const std::vector<float> large = {65'504.0F, 70'000.0F, kNan};
  Bytes out;
  EXPECT_EQ(AppendFloats(FloatFormat::kF16, large, out), 1U);
  EXPECT_EQ(out, (Bytes{0xFF, 0x7B}));
  EXPECT_EQ(AppendFloats(FloatFormat::kBf16, large, out), 2U);
  EXPECT_EQ(AppendFloats(FloatFormat::kF32, large, out), 2U);
  EXPECT_EQ(out.size(), 2U + 2 * 2 + 2 * 4);
}

std::vector<float> Block(std::vector<float> first) {
  first.resize(kQ8Block);
  return first;
}

// d = 127 / 127 = 1: the bytes are the values rounded, halves away from zero.
TEST(EncodeTest, RoundsInABlockOfScaleOne) {
  Bytes out;
  EXPECT_EQ(AppendQ8(Block({127, -127, 0.5F, -0.5F, 1.5F, 2.4F, -3.6F, 126.5F}), out), std::nullopt);
  Bytes wanted = {0x00, 0x3C, 127, 0x81, 1, 0xFF, 2, 2, 0xFC, 127};
  wanted.resize(kQ8BlockBytes);
  EXPECT_EQ(out, wanted);
}

// The bytes come from the scale before it is rounded to binary16: 0.1 / 127 is stored as 0x1273.
TEST(EncodeTest, ScalesABlockByItsLargest) {
  Bytes out;
  EXPECT_EQ(AppendQ8(Block({0.05F, -0.1F, 0.01F}), out), std::nullopt);
  Bytes wanted = {0x73, 0x12, 64, 0x81, 13};
  wanted.resize(kQ8BlockBytes);
  EXPECT_EQ(out, wanted);
}

TEST(EncodeTest, WritesBlocksOfNothingAndOfNextToNothing) {
  Bytes out;
  EXPECT_EQ(AppendQ8(Block({}), out), std::nullopt);
  EXPECT_EQ(AppendQ8(Block({1e-44F}), out), std::nullopt);  // its scale is subnormal and has no inverse
  EXPECT_EQ(out, Bytes(2 * kQ8BlockBytes));
}

TEST(EncodeTest, StopsAtABlockThatHasNoScale) {
  std::vector<float> values(2 * kQ8Block);
  values[0] = 1.0F;
  values[40] = 127.0F * 65'504.0F;
  Bytes out;
  EXPECT_EQ(AppendQ8(values, out), std::nullopt);
  out.clear();
  values[41] = -9e6F;  // / 127 is beyond binary16
  EXPECT_EQ(AppendQ8(values, out), 41U);
  EXPECT_EQ(out.size(), kQ8BlockBytes);
  values[33] = HUGE_VALF;
  EXPECT_EQ(AppendQ8(values, out), 33U);
}

TEST(EncodeTest, SaysWhatIsWrongWithAValue) {
  const TensorSpec tensor{.name = "w"};
  EXPECT_EQ(BadValue(tensor, 3, kNan).error(), "model.values");
  EXPECT_EQ(BadValue(tensor, 3, kNan).message(), "element 3 of tensor w is not a number");
  EXPECT_EQ(BadValue(tensor, 0, -HUGE_VALF).message(), "element 0 of tensor w is infinite");
  EXPECT_EQ(BadValue(tensor, 0, 7e4F).message(),
            "element 0 of tensor w is too large for the format: 70000.000000");
}

}  // namespace
}  // namespace accord::model
