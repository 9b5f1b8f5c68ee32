// Every vector width against the plain loops.
#include "secagg/sum_kernel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <random>
#include <vector>

namespace accord::secagg {
namespace {

std::vector<std::uint64_t> Words(std::size_t count) {
  std::mt19937_64 random(20'261'122);
  std::vector<std::uint64_t> words(count);
  std::ranges::generate(words, random);
  return words;
}

std::vector<std::uint64_t> Fields(FieldShape shape, const std::vector<std::uint64_t>& words) {
  std::vector<std::uint64_t> fields;
  for (const std::uint64_t word : words) {
    for (std::uint32_t q = 0; q < shape.per_word; ++q) {
      fields.push_back(word >> (q * shape.bits) & ((1ULL << shape.bits) - 1));
    }
  }
  return fields;
}

TEST(SumKernelTest, EveryWidthFindsAllFieldsAndTheirExtremes) {
  for (std::uint32_t bits = 2; bits <= 53; ++bits) {
    const FieldShape shape{64 / bits, bits};
    for (std::size_t count = 0; count <= 41; ++count) {
      const std::vector<std::uint64_t> words = Words(count);
      const std::vector<std::uint64_t> want = Fields(shape, words);
      std::uint64_t any = 0;
      for (const std::uint64_t word : words) any |= word;
      for (const Width width : Widths()) {
        std::vector<std::uint64_t> fields(want.size());
        UnpackWords(width, shape, words, fields.data());
        ASSERT_EQ(fields, want) << bits << " bits, " << count << " words";
        const FieldScan scan = ScanFields(width, shape, words);
        EXPECT_EQ(scan.any, any);
        EXPECT_EQ(scan.least, want.empty() ? ~0ULL : std::ranges::min(want)) << bits << ", " << count;
        EXPECT_EQ(scan.most, want.empty() ? 0 : std::ranges::max(want)) << bits << ", " << count;
      }
    }
  }
}

TEST(SumKernelTest, EveryWidthDividesToTheSameBit) {
  std::vector<std::int64_t> integers{
      0, 1, -1, (1LL << 53) - 1, -(1LL << 53) + 1, (1LL << 62) + 1, -(1LL << 62) - 1};
  for (const std::uint64_t word : Words(100)) integers.push_back(static_cast<std::int64_t>(word) >> 9);
  for (const double denominator : {1.0, 3.0, 327'670.0 * 0.37, 5e-300}) {
    for (const Width width : Widths()) {
      std::vector<double> means(integers.size());
      Divide(width, integers, denominator, means.data());
      for (std::size_t j = 0; j < means.size(); ++j) {
        ASSERT_EQ(std::bit_cast<std::uint64_t>(means[j]),
                  std::bit_cast<std::uint64_t>(static_cast<double>(integers[j]) / denominator))
            << integers[j] << " by " << denominator;
      }
    }
  }
}

}  // namespace
}  // namespace accord::secagg
