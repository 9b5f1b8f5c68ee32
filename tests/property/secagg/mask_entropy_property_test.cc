// The search for short seeds: where mask keys come from seeds of 28 or 32 bits, a coordinator tries them all.
// Ours have 256 bits from end to end: nothing between two nodes' keys and the stream is folded (secagg.md 1
// and section 6, Break regression).
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <random>
#include <vector>

#include "base/codec.h"
#include "crypto/sha256.h"
#include "secagg/keys.h"
#include "secagg/mask.h"

namespace accord::secagg {
namespace {

// 448 nodes: 100,128 pairs.
constexpr std::size_t kNodes = 448;
constexpr std::size_t kPairs = kNodes * (kNodes - 1) / 2;
static_assert(kPairs >= 100'000);

std::uint64_t Prefix(ByteView key) {
  std::uint64_t prefix = 0;
  for (const std::uint8_t byte : key.first(8)) prefix = prefix << 8 | byte;
  return prefix;
}

std::size_t Repeated(std::vector<std::uint64_t> prefixes) {
  std::ranges::sort(prefixes);
  return static_cast<std::size_t>(prefixes.end() - std::ranges::unique(prefixes).begin());
}

// The keys of every pair of a large cohort, as its nodes derive them. Among 2 * 10^5 random keys two share
// their first 64 bits with a probability of 2^-30.
TEST(MaskEntropyTest, TheKeysOfAHundredThousandPairsRepeatNoPrefix) {
  const Digest ctx = crypto::Sha256::Of("context");
  std::vector<NodeId> ids(kNodes);
  std::vector<crypto::X25519Key> keys;
  for (std::uint32_t i = 0; i < kNodes; ++i) {
    ids[i].bytes = {static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
    keys.push_back(MaskKeyPair(crypto::Sha256::Of(Writer().Raw("m").U32(i).bytes()).bytes));
  }
  std::vector<std::uint64_t> prefixes;
  for (std::size_t i = 0; i < kNodes; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const MaskKeys pair = *PairMaskKeys(ctx, {ids[i], keys[i]}, {ids[j], keys[j].PublicKey()});
      prefixes.push_back(Prefix(pair.data.view()));
      prefixes.push_back(Prefix(pair.tag.view()));
    }
  }
  EXPECT_EQ(prefixes.size(), 2 * kPairs);
  EXPECT_EQ(Repeated(prefixes), 0U);
}

// The same count over keys that come from a folded seed, as elsewhere: of 10^5 seeds of 28 bits some 18
// repeat (none: 1e-8), of as many of 32 bits one in three runs none. So the test above would have seen them.
TEST(MaskEntropyTest, KeysFromSeedsOf28BitsDoRepeat) {
  std::mt19937_64 random(1);
  std::vector<std::uint64_t> prefixes;
  for (std::size_t pair = 0; pair < kPairs; ++pair) {
    const std::uint64_t seed = random() >> 36;
    prefixes.push_back(Prefix(crypto::Sha256::Of(Writer().U64(seed).bytes()).bytes));
  }
  EXPECT_GT(Repeated(prefixes), 5U);
}

// How many of the first 1,024 bits of the stream differ.
int Distance(ByteView one, ByteView other) {
  const auto stream = [](ByteView key) {
    std::vector<std::uint64_t> words(16);
    MaskSet(std::vector<SignedKey>{{key, MaskSign::kAdd}}).Apply(0, words);
    return words;
  };
  const auto a = stream(one);
  const auto b = stream(other);
  int bits = 0;
  for (std::size_t w = 0; w < a.size(); ++w) bits += std::popcount(a[w] ^ b[w]);
  return bits;
}

// Unrelated streams differ in 512 bits; 400 to 624 is seven standard deviations either way.
void ExpectUnrelated(int distance) {
  EXPECT_GT(distance, 400);
  EXPECT_LT(distance, 624);
}

// A search over fewer than 256 bits leaves some bit of the key out.
TEST(MaskEntropyTest, EveryBitOfAMaskKeyCounts) {
  const Bytes key(32, 0x5A);
  EXPECT_EQ(Distance(key, key), 0);
  for (std::size_t bit = 0; bit < 256; ++bit) {
    SCOPED_TRACE("bit " + std::to_string(bit));
    Bytes other = key;
    other[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    ExpectUnrelated(Distance(key, other));
  }
}

// And of what the keys come from: b of the own mask, and m of the pairs' (before X25519 clamps what it
// gives).
TEST(MaskEntropyTest, EveryBitOfBothSeedsOfANodeCounts) {
  const Digest ctx = crypto::Sha256::Of("context");
  const NodeId me{{1}};
  const NodeId peer{{2}};
  const auto peer_key = MaskKeyPair(Bytes(32, 9)).PublicKey();
  const auto of_pair = [&](const Bytes& m) {
    return std::move(PairMaskKeys(ctx, {me, MaskKeyPair(m)}, {peer, peer_key})->data);
  };
  const Bytes seed(32, 0x5A);
  const auto self = SelfMaskKeys(ctx, seed, me).data.Clone();
  const auto pair = of_pair(seed);
  for (std::size_t bit = 0; bit < 256; ++bit) {
    SCOPED_TRACE("bit " + std::to_string(bit));
    Bytes other = seed;
    other[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    ExpectUnrelated(Distance(self.view(), SelfMaskKeys(ctx, other, me).data.view()));
    ExpectUnrelated(Distance(pair.view(), of_pair(other).view()));
  }
}

}  // namespace
}  // namespace accord::secagg
