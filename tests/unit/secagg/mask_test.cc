#include "secagg/mask.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <utility>
#include <vector>

#include "secagg/field61.h"
#include "secagg/mask_kernel.h"
#include "secagg/samples.h"
#include "tests/support/fsa1.h"

namespace accord::secagg {
namespace {

using fsa1::Hex;
using Words = std::vector<std::uint64_t>;

// Streams of keys 0, 1, 2.., every third subtracted.
class MaskSetTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::vector<SignedKey> Keys(std::size_t count) {
    keys_.assign(count, Bytes(32, 0));
    std::vector<SignedKey> keys;
    for (std::size_t i = 0; i < count; ++i) {
      keys_[i][0] = static_cast<std::uint8_t>(i);
      keys.push_back({keys_[i], i % 3 == 2 ? MaskSign::kSubtract : MaskSign::kAdd});
    }
    return keys;
  }
  std::vector<Bytes> keys_;
};

TEST(MaskSignTest, FollowsTheFrozenRuleOnBothSides) {
  const auto vectors = fsa1::Load("mask_words.json");
  const auto& sign = vectors["sign"];
  const NodeId lo = *NodeId::FromHex(sign["id_lo"].get<std::string>());
  const NodeId hi = *NodeId::FromHex(sign["id_hi"].get<std::string>());
  const Bytes key = Hex(vectors["key"]);
  for (const bool is_lo : {true, false}) {
    Words words = fsa1::List(sign["x"], fsa1::Word);
    const SignedKey mask{key, is_lo ? SignOf(lo, hi) : SignOf(hi, lo)};
    MaskSet({&mask, 1}).Apply(0, words);
    EXPECT_EQ(words, fsa1::List(sign[is_lo ? "lo_sends" : "hi_sends"], fsa1::Word));
  }
}

TEST(MaskSignTest, IsAntisymmetric) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100; ++i) {
    NodeId a, b;
    std::ranges::generate(a.bytes, [&] { return static_cast<std::uint8_t>(random()); });
    std::ranges::generate(b.bytes, [&] { return static_cast<std::uint8_t>(random()); });
    EXPECT_EQ(SignOf(a, b), Opposite(SignOf(b, a)));
  }
}

TEST_F(MaskSetTest, MatchesTheFrozenWordsAtEveryOffset) {
  const auto vectors = fsa1::Load("mask_words.json");
  const Bytes key = Hex(vectors["key"]);
  const SignedKey mask{key, MaskSign::kAdd};
  for (const auto& c : vectors["cases"]) {
    const Words want = fsa1::List(c["words"], fsa1::Word);
    Words words(want.size());
    MaskSet({&mask, 1}).Apply(c["first_word"], words);
    EXPECT_EQ(words, want) << c["first_word"];
  }
}

TEST_F(MaskSetTest, IsTheSumOfItsStreams) {
  for (const std::size_t count : {0UL, 1UL, 2UL, 3UL, 4UL, 5UL, 9UL, 14UL}) {
    const std::vector<SignedKey> keys = Keys(count);
    Words words(5'003, 77);
    MaskSet(keys).Apply(1'000, words);
    Words want(5'003, 77);
    for (const SignedKey& key : keys) {
      Words stream(want.size());
      crypto::Keystream(key.key).FillWords(1'000, stream);
      for (std::size_t i = 0; i < want.size(); ++i) {
        want[i] += key.sign == MaskSign::kAdd ? stream[i] : 0 - stream[i];
      }
    }
    ASSERT_EQ(words, want) << count;
  }
}

TEST_F(MaskSetTest, TilesInAnyOrderFromSeveralObjectsGiveTheSameWords) {
  const std::vector<SignedKey> keys = Keys(7);
  Words at_once(20'011, 5);
  MaskSet(keys).Apply(3, at_once);
  std::mt19937_64 random(2);
  std::vector<std::pair<std::size_t, std::size_t>> tiles;
  for (std::size_t at = 0; at < at_once.size();) {
    const std::size_t size = std::min<std::size_t>(at_once.size() - at, 1 + random() % 3'000);
    tiles.emplace_back(at, size);
    at += size;
  }
  std::ranges::shuffle(tiles, random);
  MaskSet one(keys);
  MaskSet other(keys);
  Words tiled(20'011, 5);
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    (i % 2 == 0 ? one : other)
        .Apply(3 + tiles[i].first, std::span(tiled).subspan(tiles[i].first, tiles[i].second));
  }
  EXPECT_EQ(tiled, at_once);
}

TEST_F(MaskSetTest, OppositeSignsUndoIt) {
  std::vector<SignedKey> keys = Keys(6);
  Words words(2'000, 9);
  MaskSet(keys).Apply(10, words);
  EXPECT_NE(words, Words(2'000, 9));
  for (SignedKey& key : keys) key.sign = Opposite(key.sign);
  MaskSet(keys).Apply(10, words);
  EXPECT_EQ(words, Words(2'000, 9));
}

TEST_F(MaskSetTest, TagsGetTheFirstTwoSamplesBySign) {
  const std::vector<SignedKey> keys = Keys(5);
  const TagPair tags{kFieldPrime - 1, 0};
  TagPair want = tags;
  for (const SignedKey& key : keys) {
    FieldSamples samples(key.key);
    for (std::uint64_t& tag : want) {
      const std::uint64_t sample = samples.Next();
      tag = key.sign == MaskSign::kAdd ? FieldAdd(tag, sample) : FieldSubtract(tag, sample);
    }
  }
  EXPECT_EQ(MaskTags(tags, keys), want);
}

TEST_F(MaskSetTest, TagMasksOfAPairCancelInTheSum) {
  const Bytes key(32, 3);
  const NodeId lo{{1}}, hi{{2}};
  const SignedKey at_lo{key, SignOf(lo, hi)}, at_hi{key, SignOf(hi, lo)};
  const TagPair a = MaskTags({5, 6}, {&at_lo, 1});
  const TagPair b = MaskTags({7, kFieldPrime - 1}, {&at_hi, 1});
  EXPECT_NE(a[0], 5U);
  EXPECT_EQ(FieldAdd(a[0], b[0]), 12U);
  EXPECT_EQ(FieldAdd(a[1], b[1]), 5U);
}

TEST(AddStreamsTest, EveryWidthGivesTheSameWords) {
  std::mt19937_64 random(3);
  for (const std::size_t size : {0UL, 1UL, 7UL, 8UL, 63UL, 1'024UL}) {
    std::vector<Words> streams(kStreamsAtOnce, Words(size));
    for (Words& stream : streams) std::ranges::generate(stream, std::ref(random));
    for (std::size_t count = 1; count <= kStreamsAtOnce; ++count) {
      for (const bool subtract : {false, true}) {
        Words want(size, 4);
        for (std::size_t i = 0; i < size; ++i) {
          for (std::size_t s = 0; s < count; ++s) want[i] += subtract ? 0 - streams[s][i] : streams[s][i];
        }
        for (const Width width : Widths()) {
          Words words(size, 4);
          AddStreams(
              width,
              {{streams[0].data(), streams[1].data(), streams[2].data(), streams[3].data()}, count, subtract},
              words.data(), size);
          ASSERT_EQ(words, want) << static_cast<int>(width) << ' ' << count << ' ' << size;
        }
      }
    }
  }
}

}  // namespace
}  // namespace accord::secagg
