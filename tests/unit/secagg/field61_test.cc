// The field against plain remainders, and its samples against the frozen vectors.
#include "secagg/field61.h"

#include <gtest/gtest.h>

#include <bit>
#include <random>
#include <vector>

#include "secagg/samples.h"
#include "tests/support/fsa1.h"

namespace accord::secagg {
namespace {

using Wide = unsigned __int128;

std::uint64_t Remainder(Wide a) { return static_cast<std::uint64_t>(a % kFieldPrime); }

std::vector<std::uint64_t> Elements() {
  std::vector<std::uint64_t> values{
      0, 1, 2, kFieldPrime / 2, kFieldPrime / 2 + 1, kFieldPrime - 2, kFieldPrime - 1};
  std::mt19937_64 random(61);
  while (values.size() < 60) values.push_back(random() % kFieldPrime);
  return values;
}

TEST(Field61Test, EveryOperationEqualsThePlainRemainder) {
  for (const std::uint64_t a : Elements()) {
    for (const std::uint64_t b : Elements()) {
      ASSERT_EQ(FieldAdd(a, b), Remainder(Wide{a} + b));
      ASSERT_EQ(FieldSubtract(a, b), Remainder(Wide{a} + kFieldPrime - b));
      ASSERT_EQ(FieldMultiply(a, b), Remainder(Wide{a} * b));
    }
  }
}

TEST(Field61Test, ReductionTakesEveryValueOfItsWidth) {
  std::vector<std::uint64_t> words = Elements();
  for (const std::uint64_t word : {kFieldPrime, kFieldPrime + 1, 2 * kFieldPrime, 7 * kFieldPrime + 6,
                                   std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
    words.push_back(word);
  }
  for (const std::uint64_t high : words) {
    EXPECT_EQ(FieldReduce(high), high % kFieldPrime);
    for (const std::uint64_t low : words) {
      const Wide value = Wide{high} << 64 | low;
      ASSERT_EQ(FieldReduceWide(value), Remainder(value));
    }
  }
}

TEST(Field61Test, EveryElementButZeroHasAnInverse) {
  for (const std::uint64_t a : Elements()) {
    EXPECT_EQ(FieldMultiply(a, FieldInverse(a)), a == 0 ? 0U : 1U);
  }
}

TEST(Field61Test, APowerIsItsRepeatedProduct) {
  std::uint64_t product = 1;
  for (std::uint64_t exponent = 0; exponent < 70; ++exponent) {
    EXPECT_EQ(FieldPower(0x1234'5678'9ABC'DEF, exponent), product);
    product = FieldMultiply(product, 0x1234'5678'9ABC'DEF);
  }
}

TEST(FieldSamplesTest, MatchTheFrozenVectors) {
  const auto vectors = fsa1::Load("kdf.json")["field_samples"];
  FieldSamples samples(fsa1::Hex(vectors["key"]));
  for (const std::uint64_t want : fsa1::List(vectors["first_8"], fsa1::Word)) {
    EXPECT_EQ(samples.Next(), want);
  }
  const SecretPair pair(fsa1::Hex(vectors["key"]));
  EXPECT_EQ(pair[0], fsa1::Word(vectors["first_8"][0]));
  EXPECT_EQ(pair[1], fsa1::Word(vectors["first_8"][1]));
}

TEST(FieldSamplesTest, RejectOnlyTheWordsThatEndInP) {
  const auto vectors = fsa1::Load("kdf.json")["field_samples"];
  const Bytes stream = fsa1::Hex(vectors["raw_stream"]);
  std::vector<std::uint64_t> taken;
  for (std::size_t at = 0; at < stream.size(); at += 8) {
    std::uint64_t word = 0;
    for (std::size_t i = 8; i-- > 0;) word = word << 8 | stream[at + i];
    if (const auto sample = FieldSampleOf(word)) taken.push_back(*sample);
  }
  EXPECT_EQ(taken, fsa1::List(vectors["raw_samples"], fsa1::Word));
}

TEST(FieldSamplesTest, GoOnPastTheirBuffer) {
  const Bytes key(32, 7);
  FieldSamples samples(key);
  crypto::Keystream stream(key);
  for (std::uint64_t w = 0; w < 1000; ++w) {
    std::uint64_t word = 0;
    stream.FillWords(w, {&word, 1});
    ASSERT_EQ(samples.Next(), word & kFieldPrime) << w;  // p itself comes once in 2^61 words
  }
}

TEST(SecretPairTest, AMoveLeavesNothingBehind) {
  SecretPair from(std::array<std::uint64_t, 2>{5, 6});
  const SecretPair to = std::move(from);
  EXPECT_EQ(to[0], 5U);
  EXPECT_EQ(to[1], 6U);
  EXPECT_EQ(from[0] | from[1], 0U);  // NOLINT: what is left is the point
}

}  // namespace
}  // namespace accord::secagg
