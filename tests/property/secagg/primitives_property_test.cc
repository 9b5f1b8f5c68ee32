// Laws of the primitives over random inputs: shares, tags, masks and graphs. Each failure prints its seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "secagg/field61.h"
#include "secagg/graph.h"
#include "secagg/keys.h"
#include "secagg/mask.h"
#include "secagg/poly_mac.h"
#include "secagg/shamir.h"

namespace accord::secagg {
namespace {

using Words = std::vector<std::uint64_t>;

class Draws {
 public:
  explicit Draws(std::uint64_t seed) : random_(seed) {}
  std::uint64_t Number(std::uint64_t low, std::uint64_t high) {
    return std::uniform_int_distribution<std::uint64_t>(low, high)(random_);
  }
  Bytes Secret() {
    Bytes bytes(32);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(Number(0, 255));
    return bytes;
  }
  template <class Id>
  Id Of() {
    Id id;
    for (std::uint8_t& byte : id.bytes) byte = static_cast<std::uint8_t>(Number(0, 255));
    return id;
  }
  template <class T>
  void Shuffle(std::vector<T>& values) {
    std::ranges::shuffle(values, random_);
  }

 private:
  std::mt19937_64 random_;
};

std::string Trace(std::uint64_t seed) { return "seed " + std::to_string(seed); }

std::vector<DealtShare> Deal(const Bytes& secret, const Bytes& seed, std::uint32_t t, std::uint32_t n) {
  std::vector<std::uint32_t> xs(n);
  std::iota(xs.begin(), xs.end(), 1U);
  return SplitSecret({.secret = secret, .coefficient_seed = seed, .threshold = t, .dealer_x = 0}, xs);
}

TEST(ShamirProperty, AnySubsetOfTheThresholdGivesTheSecret) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(Trace(seed));
    Draws draws(seed);
    const auto n = static_cast<std::uint32_t>(draws.Number(1, 40));
    const auto t = static_cast<std::uint32_t>(draws.Number(1, n));
    const Bytes secret = draws.Secret();
    const auto shares = Deal(secret, draws.Secret(), t, n);
    std::vector<IndexedShare> views;
    for (const DealtShare& share : shares) views.push_back({share.x, share.share.view()});
    for (int subset = 0; subset < 10; ++subset) {
      draws.Shuffle(views);
      const auto recovered = RecoverSecret(t, std::span(views).first(t));
      ASSERT_TRUE(recovered.ok());
      ASSERT_EQ(recovered.value(), crypto::ZeroizingBytes::CopyOf(secret));
    }
  }
}

TEST(ShamirProperty, EverySubsetOfASmallDealGivesTheSecret) {
  const Bytes secret(32, 0xC3);
  const auto shares = Deal(secret, Bytes(32, 5), 4, 8);
  for (unsigned members = 0; members < 256; ++members) {
    std::vector<IndexedShare> views;
    for (unsigned i = 0; i < 8; ++i) {
      if ((members >> i & 1) != 0) views.push_back({shares[i].x, shares[i].share.view()});
    }
    const auto recovered = RecoverSecret(4, views);
    if (views.size() < 4) {
      EXPECT_EQ(recovered.status().error(), "secagg.too_few_shares");
    } else {
      EXPECT_EQ(recovered.value(), crypto::ZeroizingBytes::CopyOf(secret));
    }
  }
}

// Two shares of three needed: the highest bits of both, together, over many seeds of one fixed secret. 63
// degrees of freedom: chi-squared above 120 has a probability below 2e-5, and the seeds are fixed.
TEST(ShamirProperty, FewerSharesThanTheThresholdAreJointlyUniform) {
  for (const std::uint8_t secret : {0x00, 0xFF}) {
    std::array<int, 64> cells{};
    constexpr int kDeals = 6'400;
    Draws draws(secret);
    for (int deal = 0; deal < kDeals; ++deal) {
      const auto shares = Deal(Bytes(32, secret), draws.Secret(), 3, 2);
      const auto high_bits = [&](int i) { return shares[i].share.view()[0] >> 2 & 7; };  // of 61 bits
      ++cells[static_cast<std::size_t>(high_bits(0) * 8 + high_bits(1))];
    }
    double chi_squared = 0;
    for (const int count : cells) chi_squared += (count - 100.0) * (count - 100.0) / 100.0;
    EXPECT_LT(chi_squared, 120) << "secret of bytes " << int{secret};
  }
}

Encoding RandomEncoding(Draws& draws) {
  for (;;) {
    const auto n = static_cast<std::uint32_t>(draws.Number(3, 300));
    const auto bits = static_cast<std::uint32_t>(draws.Number(2, 32));
    Encoding encoding{.n = n,
                      .bits = bits,
                      .field_bits = FieldBits(bits, n),
                      .coordinates = draws.Number(1, 9'000),
                      .clip = 1.0,
                      .w_max = 1,
                      .headers = {{"count", 1}, {"omega", kOmegaOne}}};
    if (encoding.field_bits <= 53) return encoding;
  }
}

// Words as one node packs them, every field within 2M.
Words RandomUpdate(const Encoding& encoding, Draws& draws) {
  Words words(encoding.Words());
  words[0] = 1;
  words[1] = draws.Number(0, kOmegaOne);
  for (std::uint64_t j = 0; j < encoding.coordinates; ++j) {
    const std::uint64_t x =
        draws.Number(0, 1) == 0 ? 2 * encoding.Limit() : draws.Number(0, 2 * encoding.Limit());
    words[2 + j / encoding.FieldsPerWord()] |= x << (j % encoding.FieldsPerWord() * encoding.field_bits);
  }
  return words;
}

TEST(PolyMacProperty, TheTagOfASumIsTheSumOfTheTags) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(Trace(seed));
    Draws draws(seed);
    const Encoding encoding = RandomEncoding(draws);
    const Bytes alpha_key = draws.Secret();
    const SecretPair alpha(alpha_key);
    const auto survivors = draws.Number(2, std::min<std::uint64_t>(encoding.n, 8));
    Words sum(encoding.Words());
    TagPair tau{};
    std::vector<SecretPair> pads;
    for (std::uint64_t i = 0; i < survivors; ++i) {
      const Words update = RandomUpdate(encoding, draws);
      PolyMac mac(encoding, alpha);
      mac.Add(0, update);
      pads.emplace_back(draws.Secret());
      const SecretPair tag = AddPad(mac.Value(), pads.back());
      for (std::size_t c = 0; c < 2; ++c) tau[c] = FieldAdd(tau[c], tag[c]);
      for (std::size_t w = 0; w < sum.size(); ++w) sum[w] += update[w];
    }
    PolyMac mac(encoding, alpha);
    for (std::uint64_t at = 0; at < sum.size();) {  // in tiles of any size
      const std::uint64_t size = std::min<std::uint64_t>(sum.size() - at, draws.Number(1, 2'500));
      mac.Add(at, std::span(sum).subspan(at, size));
      at += size;
    }
    EXPECT_TRUE(TagHolds(tau, mac.Value(), pads));
    sum[draws.Number(0, sum.size() - 1)] ^= 1;
    PolyMac other(encoding, alpha);
    other.Add(0, sum);
    EXPECT_FALSE(TagHolds(tau, other.Value(), pads));
  }
}

// A whole full graph: every pair's mask by both, everybody's own; the sum of all that is sent, without the
// own masks, is the sum of what was hidden. Words and tags.
TEST(MaskProperty, MasksOfPairsCancelInTheSum) {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    SCOPED_TRACE(Trace(seed));
    Draws draws(seed);
    const Digest ctx = draws.Of<Digest>();
    const auto n = draws.Number(3, 7);
    std::vector<NodeId> ids;
    std::vector<crypto::X25519Key> pairs;
    Words plain(700), sum(700);
    TagPair plain_tags{}, tags{};
    for (std::uint64_t i = 0; i < n; ++i) {
      ids.push_back(draws.Of<NodeId>());
      pairs.push_back(MaskKeyPair(draws.Secret()));
    }
    for (std::uint64_t i = 0; i < n; ++i) {
      std::vector<MaskKeys> keys;
      std::vector<SignedKey> data, tag;
      keys.reserve(n);
      for (std::uint64_t j = 0; j < n; ++j) {
        if (j == i) continue;
        keys.push_back(*PairMaskKeys(ctx, {ids[i], pairs[i]}, {ids[j], pairs[j].PublicKey()}));
        data.push_back({keys.back().data.view(), SignOf(ids[i], ids[j])});
        tag.push_back({keys.back().tag.view(), SignOf(ids[i], ids[j])});
      }
      Words words(plain.size());
      TagPair own{draws.Number(0, kFieldPrime - 1), draws.Number(0, kFieldPrime - 1)};
      for (std::uint64_t& word : words) word = draws.Number(0, ~0ULL);
      for (std::size_t w = 0; w < words.size(); ++w) plain[w] += words[w];
      for (std::size_t c = 0; c < 2; ++c) plain_tags[c] = FieldAdd(plain_tags[c], own[c]);
      MaskSet(data).Apply(0, words);
      own = MaskTags(own, tag);
      for (std::size_t w = 0; w < words.size(); ++w) sum[w] += words[w];
      for (std::size_t c = 0; c < 2; ++c) tags[c] = FieldAdd(tags[c], own[c]);
    }
    EXPECT_EQ(sum, plain);
    EXPECT_EQ(tags, plain_tags);
  }
}

TEST(GraphProperty, IsSymmetricRegularAndFollowsFromItsSeed) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(Trace(seed));
    Draws draws(seed);
    const auto n = static_cast<std::uint32_t>(draws.Number(3, 400));
    const auto k = static_cast<std::uint32_t>(2 * draws.Number(1, (n - 1) / 2));
    const auto graph_seed = draws.Of<Digest>();
    const RingGraph graph(graph_seed, n, k);
    const RingGraph again(graph_seed, n, k);
    std::vector<std::vector<std::uint32_t>> neighbours;
    for (std::uint32_t i = 0; i < n; ++i) neighbours.push_back(graph.NeighboursOf(i));
    for (std::uint32_t i = 0; i < n; ++i) {
      ASSERT_EQ(neighbours[i], again.NeighboursOf(i));
      ASSERT_EQ(neighbours[i].size(), k);
      ASSERT_EQ(std::ranges::adjacent_find(neighbours[i], std::greater_equal<>()), neighbours[i].end());
      for (const std::uint32_t j : neighbours[i]) {
        ASSERT_NE(i, j);
        ASSERT_TRUE(std::ranges::binary_search(neighbours[j], i)) << i << " and " << j;
      }
    }
  }
}

}  // namespace
}  // namespace accord::secagg
