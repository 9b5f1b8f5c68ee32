// The MAC against the frozen tags and against its definition, word by word.
#include "secagg/poly_mac.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <utility>
#include <vector>

#include "secagg/field61.h"
#include "secagg/poly_mac_kernel.h"
#include "secagg/sum.h"
#include "tests/support/fsa1.h"

namespace accord::secagg {
namespace {

SecretPair Pair(const nlohmann::json& texts) {
  return SecretPair({fsa1::Word(texts[0]), fsa1::Word(texts[1])});
}

Encoding EncodingOf(std::uint32_t n, std::uint32_t bits, std::uint64_t coordinates, std::size_t headers) {
  Encoding encoding{.n = n,
                    .bits = bits,
                    .field_bits = FieldBits(bits, n),
                    .coordinates = coordinates,
                    .clip = 1.0,
                    .w_max = 1,
                    .headers = {}};
  encoding.headers.resize(headers);
  return encoding;
}

std::vector<std::uint64_t> Pack(const Encoding& encoding, const std::vector<std::uint64_t>& headers,
                                const std::vector<std::uint64_t>& fields) {
  std::vector<std::uint64_t> words = headers;
  words.resize(encoding.Words());
  for (std::size_t j = 0; j < fields.size(); ++j) {
    const std::size_t q = j % encoding.FieldsPerWord();
    words[headers.size() + j / encoding.FieldsPerWord()] |= fields[j] << (q * encoding.field_bits);
  }
  return words;
}

// sum_j X_j alpha^(j+1), as it is written in section 3.
std::uint64_t Definition(std::uint64_t alpha, const std::vector<std::uint64_t>& values) {
  std::uint64_t sum = 0;
  std::uint64_t power = 1;
  for (const std::uint64_t value : values) {
    power = FieldMultiply(power, alpha);
    sum = FieldAdd(sum, FieldMultiply(FieldReduce(value), power));
  }
  return sum;
}

struct RandomSum {
  Encoding encoding;
  std::vector<std::uint64_t> values;  // headers, then coordinates
  std::vector<std::uint64_t> words;
};

RandomSum MakeSum(const Encoding& encoding, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::uint64_t> headers(encoding.headers.size());
  for (std::uint64_t& header : headers) header = random() >> 8;  // below 2^56
  std::vector<std::uint64_t> fields(encoding.coordinates);
  for (std::uint64_t& field : fields)
    field = random() % 3 == 0 ? encoding.FieldMask() : random() & encoding.FieldMask();
  RandomSum sum{encoding, headers, Pack(encoding, headers, fields)};
  sum.values.insert(sum.values.end(), fields.begin(), fields.end());
  return sum;
}

const std::array<std::uint64_t, 2> kAlpha{0x1cdb58c159e9b44d, kFieldPrime - 1};

TEST(PolyMacTest, MatchesTheFrozenTags) {
  const auto vectors = fsa1::Load("tags.json");
  for (const auto& c : vectors["cases"]) {
    std::vector<std::uint64_t> headers;
    std::vector<std::uint64_t> fields;
    if (c["values"].is_array()) {
      headers = c["values"].get<std::vector<std::uint64_t>>();
      fields = {headers.back()};
      headers.pop_back();
    } else {  // "1, 7, 2^40-1, then (40503*q) mod 65535 for q = 0..2049"
      headers = {1, 7, (1ULL << 40) - 1};
      for (std::uint64_t q = 0; q < 2050; ++q) fields.push_back(40'503 * q % 65'535);
    }
    const Encoding encoding = EncodingOf(10, 16, fields.size(), headers.size());
    PolyMac mac(encoding, Pair(vectors["alpha"]));
    mac.Add(0, Pack(encoding, headers, fields));
    const SecretPair poly = mac.Value();
    const SecretPair tag = AddPad(poly, Pair(vectors["pad"]));
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(poly[i], fsa1::Word(c["poly"][i]));
      EXPECT_EQ(tag[i], fsa1::Word(c["tag"][i]));
    }
  }
}

TEST(PolyMacTest, EqualsItsDefinitionForEveryFieldWidth) {
  for (std::uint32_t bits = 2; bits <= 32; ++bits) {
    for (const std::uint32_t n : {3U, 10U, 200U, 65'535U}) {
      const Encoding encoding = EncodingOf(n, bits, 7'001, 2);
      if (encoding.field_bits > 53) continue;
      const RandomSum sum = MakeSum(encoding, bits * n);
      PolyMac mac(encoding, SecretPair(kAlpha));
      mac.Add(0, sum.words);
      const SecretPair value = mac.Value();
      for (std::size_t c = 0; c < 2; ++c) {
        ASSERT_EQ(value[c], Definition(kAlpha[c], sum.values)) << "b = " << bits << ", n = " << n;
      }
    }
  }
}

TEST(PolyMacTest, FieldsThatUnpackFieldsGivesAreWhatIsSummed) {
  const RandomSum sum = MakeSum(EncodingOf(50, 16, 999, 3), 8);
  std::vector<std::uint64_t> fields(999);
  UnpackFields(sum.encoding, sum.words, 0, fields);
  EXPECT_EQ(std::vector<std::uint64_t>(sum.values.begin() + 3, sum.values.end()), fields);
}

TEST(PolyMacTest, AnyTilingInAnyOrderGivesTheSameValue) {
  const RandomSum sum = MakeSum(EncodingOf(10, 16, 30'011, 4), 9);
  PolyMac whole(sum.encoding, SecretPair(kAlpha));
  whole.Add(0, sum.words);
  std::mt19937_64 random(10);
  for (int repeat = 0; repeat < 20; ++repeat) {
    std::vector<std::pair<std::size_t, std::size_t>> tiles;
    for (std::size_t at = 0; at < sum.words.size();) {
      const std::size_t size = std::min<std::size_t>(sum.words.size() - at, 1 + random() % 3'000);
      tiles.emplace_back(at, size);
      at += size;
    }
    std::shuffle(tiles.begin(), tiles.end(), random);
    PolyMac mac(sum.encoding, SecretPair(kAlpha));
    for (const auto& [at, size] : tiles) mac.Add(at, std::span(sum.words).subspan(at, size));
    EXPECT_EQ(mac.Value()[0], whole.Value()[0]);
    EXPECT_EQ(mac.Value()[1], whole.Value()[1]);
  }
}

TEST(PolyMacTest, PartsOfSeveralObjectsAddUp) {
  const RandomSum sum = MakeSum(EncodingOf(10, 16, 30'011, 4), 11);
  PolyMac whole(sum.encoding, SecretPair(kAlpha));
  whole.Add(0, sum.words);
  PolyMac left(sum.encoding, SecretPair(kAlpha));
  left.Add(0, std::span(sum.words).first(5'555));
  PolyMac right(sum.encoding, SecretPair(kAlpha));
  right.Add(5'555, std::span(sum.words).subspan(5'555));
  const SecretPair both = AddPad(left.Value(), right.Value());
  EXPECT_EQ(both[0], whole.Value()[0]);
  EXPECT_EQ(both[1], whole.Value()[1]);
}

TEST(PolyMacTest, OneBitOrAPermutationOrAMultipleOfPChangesTheValue) {
  const RandomSum sum = MakeSum(EncodingOf(10, 16, 300, 2), 12);
  const auto value = [&](const std::vector<std::uint64_t>& words) {
    PolyMac mac(sum.encoding, SecretPair(kAlpha));
    mac.Add(0, words);
    return mac.Value()[0];
  };
  for (std::size_t w = 0; w < sum.words.size(); ++w) {
    std::vector<std::uint64_t> words = sum.words;
    words[w] ^= 1;
    EXPECT_NE(value(words), value(sum.words)) << w;
  }
  std::vector<std::uint64_t> swapped = sum.words;
  std::swap(swapped[10], swapped[11]);
  EXPECT_NE(value(swapped), value(sum.words));
}

TEST(PolyMacTest, ATagHoldsForItsSumAlone) {
  std::vector<SecretPair> pads;
  pads.emplace_back(std::array<std::uint64_t, 2>{1, 2});
  pads.emplace_back(std::array<std::uint64_t, 2>{kFieldPrime - 1, 5});
  const SecretPair value({100, kFieldPrime - 3});
  EXPECT_TRUE(TagHolds({100, 4}, value, pads));
  EXPECT_FALSE(TagHolds({101, 4}, value, pads));
  EXPECT_FALSE(TagHolds({100, 5}, value, pads));
  EXPECT_FALSE(TagHolds({100 + kFieldPrime, 4}, value, pads));
  EXPECT_FALSE(TagHolds({100, 4}, value, std::span(pads).first(1)));
}

TEST(SumPiecesTest, EveryWidthGivesTheSameSumsAtTheExtremes) {
  std::mt19937_64 random(13);
  for (const std::size_t count : {0UL, 1UL, 7UL, 8UL, 9UL, 1'000UL, kMacBlockWords}) {
    for (const bool extreme : {true, false}) {
      std::vector<std::uint64_t> words(count), first(count), second(count);
      for (std::size_t w = 0; w < count; ++w) {
        words[w] = extreme ? ~0ULL : random();
        first[w] = extreme ? kFieldPrime - 1 : random() >> 3;
        second[w] = random() % kFieldPrime;
      }
      for (std::size_t at = 0; at < 2 * kMacPieces; ++at) {
        const std::size_t pieces = at / 2 + 1;
        const std::uint64_t mask = at % 2 == 0 ? 0xFF'FFFF : 0x1F'FFFF;  // two kernels, by the greatest piece
        const MacPieces how{.count = pieces, .shifts = {0, 24, 40, 13}, .masks = {mask, mask, mask, 1}};
        for (const Width width : Widths()) {
          std::array<std::uint64_t, 2 * kMacPieces> sums{};
          SumPieces(width, how, words, {first.data(), second.data()}, sums.data());
          for (std::size_t v = 0; v < pieces; ++v) {
            std::uint64_t want = 0;
            for (std::size_t w = 0; w < count; ++w) {
              want = FieldAdd(want, FieldMultiply(words[w] >> how.shifts[v] & how.masks[v], second[w]));
            }
            ASSERT_EQ(sums[2 * v + 1], want) << count << " words, width " << static_cast<int>(width);
            want = 0;
            for (std::size_t w = 0; w < count; ++w) {
              want = FieldAdd(want, FieldMultiply(words[w] >> how.shifts[v] & how.masks[v], first[w]));
            }
            ASSERT_EQ(sums[2 * v], want) << count << " words, width " << static_cast<int>(width);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace accord::secagg
