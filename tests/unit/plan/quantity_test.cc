#include "plan/quantity.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "base/errors.h"

namespace accord::plan {
namespace {

double Parse(Unit unit, std::string_view text) {
  const Result<double> value = ParseQuantity(unit, "--x", text);
  EXPECT_TRUE(value.ok()) << text;
  return value.ok() ? *value : -1.0;
}

TEST(QuantityTest, ReadsWhatPeopleWrite) {
  EXPECT_EQ(Parse(Unit::kCount, "70e9"), 70e9);
  EXPECT_EQ(Parse(Unit::kCount, "70B"), 70e9);
  EXPECT_EQ(Parse(Unit::kCount, "1.4 T"), 1.4e12);
  EXPECT_EQ(Parse(Unit::kCount, "512k"), 512e3);
  EXPECT_EQ(Parse(Unit::kCount, "7"), 7.0);
  EXPECT_EQ(Parse(Unit::kBitRate, "1Gbit"), 1e9);
  EXPECT_EQ(Parse(Unit::kBitRate, "100Mbit/s"), 1e8);
  EXPECT_EQ(Parse(Unit::kBitRate, "10 Gbps"), 1e10);
  EXPECT_EQ(Parse(Unit::kBytes, "80GB"), 80e9);
  EXPECT_EQ(Parse(Unit::kBytes, "80GiB"), 80.0 * (1ULL << 30));
  EXPECT_EQ(Parse(Unit::kBytes, "17B"), 17.0);
  EXPECT_EQ(Parse(Unit::kWatts, "0.7kW"), 700.0);
}

TEST(QuantityTest, RefusesOtherUnitsAndWhatIsNoNumber) {
  for (const auto& [unit, text] :
       std::initializer_list<std::pair<Unit, const char*>>{{Unit::kBitRate, "1"},
                                                           {Unit::kBitRate, "1GB"},
                                                           {Unit::kBitRate, "1GB/s"},
                                                           {Unit::kBitRate, "Gbit"},
                                                           {Unit::kBitRate, "-1Gbit"},
                                                           {Unit::kBytes, "80"},
                                                           {Unit::kBytes, "80Gbit"},
                                                           {Unit::kCount, "70X"},
                                                           {Unit::kCount, ""},
                                                           {Unit::kCount, "inf"},
                                                           {Unit::kCount, "nan"},
                                                           {Unit::kCount, "1e400"},
                                                           {Unit::kCount, "1e308P"},
                                                           {Unit::kCount, "70 e9"},
                                                           {Unit::kWatts, "700"},
                                                           {Unit::kWatts, "700w"},
                                                           {Unit::kCount, "0x10"},
                                                           {Unit::kBytes, "8GiBB"}}) {
    const Result<double> value = ParseQuantity(unit, "--x", text);
    ASSERT_FALSE(value.ok()) << text;
    EXPECT_EQ(value.status().error(), "plan.unit") << text;
    EXPECT_EQ(value.status().message().find("--x: \""), 0U) << value.status().message();
  }
}

TEST(QuantityTest, WritesThreeDigits) {
  EXPECT_EQ(FormatQuantity(Unit::kCount, 70e9), "70B");
  EXPECT_EQ(FormatQuantity(Unit::kCount, 1'048'576), "1.05M");
  EXPECT_EQ(FormatQuantity(Unit::kBitRate, 250e6), "250 Mbit/s");
  EXPECT_EQ(FormatQuantity(Unit::kBytes, 4.418e12), "4.42 TB");
  EXPECT_EQ(FormatQuantity(Unit::kBytes, 999.7e9), "1 TB");
  EXPECT_EQ(FormatQuantity(Unit::kBytes, 0.0), "0 B");
  EXPECT_EQ(FormatQuantity(Unit::kWatts, 700.0), "700 W");
  EXPECT_EQ(FormatQuantity(Unit::kBitRate, std::numeric_limits<double>::infinity()), "-");
  EXPECT_EQ(FormatQuantity(Unit::kBytes, 4.2e18), "4200 PB");
}

// Whatever is written is read again: the same to the digits that are shown, and written the same.
TEST(QuantityTest, RoundTrips) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> exponent(0.0, 17.9);
  for (int i = 0; i < 4'000; ++i) {
    const double value = std::pow(10.0, exponent(random));
    for (const Unit unit : {Unit::kCount, Unit::kBitRate, Unit::kBytes, Unit::kWatts}) {
      const std::string text = FormatQuantity(unit, value);
      const double read = Parse(unit, text);
      EXPECT_NEAR(read / value, 1.0, 0.005001) << text;
      EXPECT_EQ(FormatQuantity(unit, read), text);
    }
  }
}

TEST(QuantityTest, ReadsAndWritesPrices) {
  for (const char* text : {"2/h", "2.5EUR/h", "0.35USD/h"}) {
    const Result<Price> price = ParsePrice("--price", text);
    ASSERT_TRUE(price.ok()) << text;
    EXPECT_EQ(FormatPrice(*price), text);
  }
  EXPECT_EQ(ParsePrice("--price", "2 EUR/h")->currency, "EUR");
  for (const char* text : {"2", "2/d", "EUR/h", "2E$/h", "-2/h", "2EUR", "2ABCDEFGHI/h"})
    EXPECT_EQ(ParsePrice("--price", text).status().error(), "plan.unit") << text;
}

}  // namespace
}  // namespace accord::plan
