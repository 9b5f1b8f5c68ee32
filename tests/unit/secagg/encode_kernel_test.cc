// Every vector width against the formula of secagg.md 2.7 as it is written there.
#include "secagg/encode_kernel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace accord::secagg {
namespace {

std::uint32_t Reference(const Scaling& scaling, float delta, std::uint32_t draw) {
  const double limit = scaling.limit;
  const double a = std::min(std::max(static_cast<double>(delta), -scaling.clip), scaling.clip);
  const double y = scaling.gain * a;
  const double fl = std::floor(y);
  const double v = fl + (static_cast<double>(draw) < (y - fl) * 4294967296.0 ? 1 : 0);
  return static_cast<std::uint32_t>(static_cast<std::int64_t>(std::min(std::max(v, -limit), limit) + limit));
}

TEST(RoundBlockTest, EveryWidthFollowsTheFormulaBitForBit) {
  std::mt19937_64 random(20'240'607);
  std::uniform_real_distribution<double> unit(-1, 1);
  for (const std::uint32_t bits : {2U, 3U, 8U, 16U, 24U, 31U, 32U}) {
    const std::uint32_t limit = (1U << (bits - 1)) - 1;
    for (const double clip : {1.0, 0.1, 3.0e-30, 7.0e20}) {
      for (const double weight : {0.0, 1.0, 0.3337}) {
        const Scaling scaling{.clip = clip, .gain = limit / clip * weight, .limit = limit};
        std::vector<float> delta{0.0F,
                                 -0.0F,
                                 static_cast<float>(clip),
                                 static_cast<float>(-clip),
                                 std::numeric_limits<float>::max(),
                                 std::numeric_limits<float>::lowest(),
                                 std::numeric_limits<float>::denorm_min(),
                                 static_cast<float>(clip / limit),
                                 static_cast<float>(-clip / limit)};
        while (delta.size() < 203) delta.push_back(static_cast<float>(1.2 * clip * unit(random)));
        std::vector<std::uint32_t> draws{0,           0xFFFF'FFFF, 0xFFFF'FFFF, 0xFFFF'FFFF,
                                         0x8000'0000, 0x7FFF'FFFF, 0,           1};
        while (draws.size() < delta.size()) draws.push_back(static_cast<std::uint32_t>(random()));
        for (const Width width : Widths()) {
          std::vector<std::uint32_t> fields(delta.size());
          RoundBlock(width, scaling, delta, draws.data(), fields.data());
          for (std::size_t j = 0; j < delta.size(); ++j) {
            ASSERT_EQ(fields[j], Reference(scaling, delta[j], draws[j]))
                << "width " << static_cast<int>(width) << " bits " << bits << " clip " << clip << " at " << j;
          }
        }
      }
    }
  }
}

TEST(RoundBlockTest, NothingLeavesTheRangeWhateverTheFloat) {
  const Scaling scaling{.clip = 1.0, .gain = 2147483647.0, .limit = 2147483647};
  using Limits = std::numeric_limits<float>;
  const std::vector<float> delta{Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()};
  const std::vector<std::uint32_t> draws(3, 0);
  for (const Width width : Widths()) {
    std::vector<std::uint32_t> fields(3);
    RoundBlock(width, scaling, delta, draws.data(), fields.data());
    EXPECT_EQ(fields, (std::vector<std::uint32_t>{0, 4294967294, 0}));
  }
}

TEST(ScanDeltaTest, EveryWidthCountsAlike) {
  std::mt19937_64 random(7);
  using Limits = std::numeric_limits<float>;
  for (const double clip : {0.1, 1.0, 1e-30, static_cast<double>(Limits::max())}) {
    std::vector<float> delta{static_cast<float>(clip), -static_cast<float>(clip),
                             std::nextafter(static_cast<float>(clip), Limits::max()), 0.0F, -0.0F};
    for (int j = 0; j < 300; ++j) {
      delta.push_back(static_cast<float>(std::uniform_real_distribution<double>(-2, 2)(random) * clip));
    }
    std::erase_if(delta, [](float value) { return !std::isfinite(value); });
    const auto beyond = [clip](float value) { return std::abs(static_cast<double>(value)) > clip; };
    const auto want = static_cast<std::uint64_t>(std::ranges::count_if(delta, beyond));
    delta.insert(delta.begin() + 2, {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()});
    for (const Width width : Widths()) {
      const Scan scan = ScanDelta(width, delta, clip);
      EXPECT_EQ(scan.not_finite, 3U);
      EXPECT_EQ(scan.clipped, want + 3) << clip;
    }
  }
}

TEST(PackBlockTest, EveryCountOfFieldsFillsWordsFromTheLowestBits) {
  for (std::uint32_t per_word = 1; per_word <= 32; ++per_word) {
    const std::uint32_t bits = std::min(64 / per_word, 32U);
    for (std::size_t count = 1; count <= 3 * per_word; ++count) {
      std::vector<std::uint32_t> fields(count);
      for (std::size_t j = 0; j < count; ++j) {
        fields[j] = static_cast<std::uint32_t>((j * 2'654'435'761U + 1) & ((1ULL << bits) - 1));
      }
      std::vector<std::uint64_t> words((count + per_word - 1) / per_word, ~0ULL);
      PackBlock(fields.data(), count, per_word, bits, words.data());
      std::vector<std::uint64_t> want(words.size());
      for (std::size_t j = 0; j < count; ++j) {
        want[j / per_word] |= static_cast<std::uint64_t>(fields[j]) << (j % per_word * bits);
      }
      ASSERT_EQ(words, want) << per_word << " fields, " << count;
    }
  }
}

}  // namespace
}  // namespace accord::secagg
