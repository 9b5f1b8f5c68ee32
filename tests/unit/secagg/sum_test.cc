#include "secagg/sum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "tests/support/fsa1.h"

namespace accord::secagg {
namespace {

// Seven coordinates in three words; two survivors with every field in the middle and both weights one.
Encoding Seven() {
  return *Encoding::For({.bits = 16, .clip = 1.0, .max_examples = 10}, SecureMode::kMalicious, 3, 7,
                        {{"clipped", 7}});
}

std::vector<std::uint64_t> Sum(const Encoding& encoding, const std::vector<std::uint64_t>& fields,
                               std::vector<std::uint64_t> headers) {
  std::vector<std::uint64_t> words = std::move(headers);
  for (std::size_t j = 0; j < fields.size(); ++j) {
    if (j % encoding.FieldsPerWord() == 0) words.push_back(0);
    words.back() |= fields[j] << (j % encoding.FieldsPerWord() * encoding.field_bits);
  }
  return words;
}

std::string ErrorOf(const std::vector<std::uint64_t>& fields, std::vector<std::uint64_t> headers,
                    const std::function<void(std::vector<std::uint64_t>&)>& change = {}) {
  auto words = Sum(Seven(), fields, std::move(headers));
  if (change) change(words);
  return CheckSum(Seven(), words, 2).error();
}

constexpr std::uint64_t kM = 32'767;
const std::vector<std::uint64_t> kMiddle(7, 2 * kM);
const std::vector<std::uint64_t> kHeaders{2, 2 * kOmegaOne, 3};

TEST(CheckSumTest, TakesAGoodSum) {
  EXPECT_EQ(ErrorOf(kMiddle, kHeaders), "");
  EXPECT_EQ(ErrorOf(std::vector<std::uint64_t>(7, 4 * kM), kHeaders), "");
  EXPECT_EQ(ErrorOf(std::vector<std::uint64_t>(7, 0), kHeaders), "");
}

TEST(CheckSumTest, NamesEachFault) {
  EXPECT_EQ(ErrorOf(kMiddle, kHeaders, [](auto& w) { w.pop_back(); }), "secagg.wrong_length");
  EXPECT_EQ(ErrorOf(kMiddle, kHeaders, [](auto& w) { w.push_back(0); }), "secagg.wrong_length");
  EXPECT_EQ(ErrorOf(kMiddle, {1, 2 * kOmegaOne, 3}), "secagg.wrong_count");
  EXPECT_EQ(ErrorOf(kMiddle, {3, 2 * kOmegaOne, 3}), "secagg.wrong_count");
  EXPECT_EQ(ErrorOf(kMiddle, {2, 2 * kOmegaOne + 1, 3}), "secagg.range");
  EXPECT_EQ(ErrorOf(kMiddle, {2, 2 * kOmegaOne, 15}), "secagg.range");
  EXPECT_EQ(ErrorOf(kMiddle, {2, 0, 0}), "secagg.zero_weight");
  for (std::size_t j = 0; j < 7; ++j) {
    auto fields = kMiddle;
    fields[j] = 4 * kM + 1;
    EXPECT_EQ(ErrorOf(fields, kHeaders), "secagg.range") << j;
  }
}

TEST(CheckSumTest, NamesPaddingInEveryUnusedBit) {
  const Encoding encoding = Seven();  // fields of 18 bits, three in a word, one in the last
  for (std::uint32_t word = 3; word < 6; ++word) {
    for (std::uint32_t bit = word < 5 ? 54 : 18; bit < 64; ++bit) {
      const auto change = [&](auto& w) { w[word] |= 1ULL << bit; };
      EXPECT_EQ(ErrorOf(kMiddle, kHeaders, change), "secagg.range") << word << ":" << bit;
    }
  }
  EXPECT_EQ(encoding.Words(), 6U);
}

TEST(CheckSumTest, TheFirstFaultNamesTheRefusal) {
  // Padding before count, count before headers, headers before fields, fields before weight.
  EXPECT_EQ(ErrorOf(kMiddle, {1, 0, 99}, [](auto& w) { w[5] |= 1ULL << 63; }), "secagg.range");
  EXPECT_EQ(ErrorOf(kMiddle, {1, 0, 99}), "secagg.wrong_count");
  EXPECT_EQ(ErrorOf(std::vector<std::uint64_t>(7, 4 * kM + 1), {2, 0, 0}), "secagg.range");
}

// farthest * (2^32 - 1) <= M * Omega + survivors * (2^32 - 1), at equality and one above.
TEST(CheckSumTest, HoldsTheMeanToWhatTheWeightsAllow) {
  const std::uint64_t half = 2 * kOmegaOne / 4;  // floor: M * Omega is below M * (2^32 - 1) / 2
  auto fields = kMiddle;
  fields[6] = 2 * kM + kM / 2 + 2;
  EXPECT_EQ(ErrorOf(fields, {2, half, 0}), "");
  fields[6] += 1;
  EXPECT_EQ(ErrorOf(fields, {2, half, 0}), "secagg.mean_bound");
  fields[6] = 2 * kM - kM / 2 - 3;
  EXPECT_EQ(ErrorOf(fields, {2, half, 0}), "secagg.mean_bound");
  fields[6] += 1;
  EXPECT_EQ(ErrorOf(fields, {2, half, 0}), "");
}

TEST(CheckSumTest, NoiseLiftsTheMeanBound) {
  Encoding encoding = Seven();
  encoding.headers.pop_back();
  encoding.w_max = 1;
  encoding.margin = 60;
  ASSERT_TRUE(encoding.Validate(SecureMode::kMalicious).ok());
  const std::vector<std::uint64_t> most(7, 4 * kM);
  EXPECT_TRUE(CheckSum(encoding, Sum(encoding, most, {2, 1}), 2).ok());
}

TEST(CheckSumTest, TakesAFullWordAndAFieldOfAllBits) {
  // f = 32: two fields fill the word, so nothing is padding in an even vector.
  const Encoding encoding =
      *Encoding::For({.bits = 31, .clip = 1.0, .max_examples = 10}, SecureMode::kOff, 2, 2, {});
  const std::uint64_t most = 4 * encoding.Limit();
  EXPECT_TRUE(CheckSum(encoding, Sum(encoding, {most, most}, {2, 2 * kOmegaOne}), 2).ok());
  EXPECT_EQ(CheckSum(encoding, Sum(encoding, {most, most + 1}, {2, 2 * kOmegaOne}), 2).error(),
            "secagg.range");
}

TEST(AddBytesTest, AnySplitOfTheBytesGivesTheSameSum) {
  std::vector<std::uint64_t> vector(5);
  std::iota(vector.begin(), vector.end(), 0x0123'4567'89AB'CDEFULL);
  vector[2] = ~0ULL;
  Bytes bytes(40);
  StoreWords(vector, bytes);
  for (std::size_t first = 0; first <= bytes.size(); ++first) {
    for (std::size_t second = first; second <= bytes.size(); ++second) {
      std::vector<std::uint64_t> sum(5, 0xFFFF'FFFF'0000'0001);
      AddBytes(sum, second, ByteView(bytes).subspan(second));  // also in any order
      AddBytes(sum, 0, ByteView(bytes).first(first));
      AddBytes(sum, first, ByteView(bytes).subspan(first, second - first));
      for (std::size_t w = 0; w < sum.size(); ++w) {
        ASSERT_EQ(sum[w], vector[w] + 0xFFFF'FFFF'0000'0001) << first << "," << second;
      }
    }
  }
}

TEST(StoreWordsTest, IsLittleEndianAsOnTheWire) {
  Bytes bytes(8);
  StoreWords(std::vector<std::uint64_t>{0x0102'0304'0506'0708}, bytes);
  EXPECT_EQ(fsa1::ToHex(bytes), "0807060504030201");
}

TEST(UnpackFieldsTest, AnyPartIsAPartOfTheWhole) {
  const Encoding encoding = Seven();
  const std::vector<std::uint64_t> fields{0, 1, 2, 3, 65'534, 262'143, 77};
  const auto words = Sum(encoding, fields, {1, 2, 3});
  for (std::size_t first = 0; first <= 7; ++first) {
    std::vector<std::uint64_t> part(7 - first);
    UnpackFields(encoding, words, first, part);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), fields.begin() + static_cast<std::ptrdiff_t>(first)));
  }
}

}  // namespace
}  // namespace accord::secagg
