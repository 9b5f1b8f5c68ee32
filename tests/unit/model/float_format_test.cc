#include "model/float_format.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace accord::model {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(FloatFormatTest,
     ReadsPublishedHalfPrecisionValues) {  // Wikipedia, "Half-precision floating-point format"
  EXPECT_EQ(FromF16(0x0001), 0x1p-24F);
  EXPECT_EQ(FromF16(0x03FF), 1023 * 0x1p-24F);
  EXPECT_EQ(FromF16(0x0400), 0x1p-14F);
  EXPECT_EQ(FromF16(0x3555), 0.33325195F);
  EXPECT_EQ(FromF16(0x3C01), 1.0009765625F);
  EXPECT_EQ(FromF16(0x7BFF), 65504.0F);
  EXPECT_EQ(FromF16(0xC000), -2.0F);
  EXPECT_EQ(FromF16(0x7C00), kInfinity);
  EXPECT_TRUE(std::signbit(FromF16(0x8000)));
  EXPECT_TRUE(std::isnan(FromF16(0x7C01)));
}

// Neighbours and their middle, for all halves: the middle goes to the even one.
TEST(FloatFormatTest, RoundsToTheNearestHalf) {
  for (std::uint32_t half = 0; half < 0x7BFF; ++half) {
    const float low = FromF16(static_cast<std::uint16_t>(half));
    const float high = FromF16(static_cast<std::uint16_t>(half + 1));
    const float middle = low + (high - low) / 2;
    ASSERT_EQ(ToF16(low), half);
    ASSERT_EQ(ToF16(-low), half | 0x8000);
    ASSERT_EQ(ToF16(middle), half + half % 2) << half;
    ASSERT_EQ(ToF16(std::nextafter(middle, 0.0F)), half) << half;
    ASSERT_EQ(ToF16(std::nextafter(middle, kInfinity)), half + 1) << half;
  }
}

TEST(FloatFormatTest, MakesAnInfinityOfWhatIsBeyondTheRange) {
  EXPECT_EQ(ToF16(65519.996F), 0x7BFF);
  EXPECT_EQ(ToF16(65520.0F), 0x7C00);
  EXPECT_EQ(ToF16(-kInfinity), 0xFC00);
  EXPECT_EQ(ToBf16(std::numeric_limits<float>::max()), 0x7F80);
}

TEST(FloatFormatTest, RoundsToTheNearestBfloat) {
  EXPECT_EQ(FromBf16(0x3F80), 1.0F);
  EXPECT_EQ(FromBf16(0xC040), -3.0F);
  for (std::uint32_t bits = 0; bits < 0x7F80; ++bits) {
    const float low = FromBf16(static_cast<std::uint16_t>(bits));
    const float middle = std::bit_cast<float>(bits << 16 | 0x8000);
    ASSERT_EQ(ToBf16(low), bits);
    ASSERT_EQ(ToBf16(middle), bits + bits % 2) << bits;
    ASSERT_EQ(ToBf16(std::nextafter(middle, 0.0F)), bits) << bits;
    ASSERT_EQ(ToBf16(std::nextafter(middle, kInfinity)), bits + 1) << bits;
  }
}

TEST(FloatFormatTest, KeepsANumberThatIsNone) {
  const float nan = std::bit_cast<float>(0x7F800001U);  // its set bit is not in the upper half
  EXPECT_TRUE(std::isnan(FromBf16(ToBf16(nan))));
  EXPECT_TRUE(std::isnan(FromF16(ToF16(nan))));
}

}  // namespace
}  // namespace accord::model
