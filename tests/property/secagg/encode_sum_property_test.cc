// Laws of the integer path over random encodings and updates: tiling, order, extremes, error bounds, bias.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>

#include "secagg/encode.h"
#include "secagg/sum.h"
#include "secagg/weight.h"

namespace accord::secagg {
namespace {

using Words = std::vector<std::uint64_t>;

// A random valid encoding and what else a case draws; the seed is in every failure's trace.
class Case {
 public:
  explicit Case(std::uint64_t seed) : random_(seed) {
    const auto n = Draw(1, Draw(0, 1) == 0 ? 8 : 2000);
    const auto bits = static_cast<std::uint32_t>(Draw(2, 32));
    const double clip = std::exp2(std::uniform_real_distribution<double>(-20, 10)(random_));
    encoding =
        *Encoding::For({.bits = bits, .clip = clip, .max_examples = Draw(1, 100'000)}, SecureMode::kOff,
                       static_cast<std::uint32_t>(n), Draw(1, 3000), {{"clipped", 3000}});
  }

  std::uint64_t Draw(std::uint64_t low, std::uint64_t high) {
    return std::uniform_int_distribution<std::uint64_t>(low, high)(random_);
  }
  // Values beyond the clip, within it, tiny, and zero.
  std::vector<float> Delta() {
    std::vector<float> delta(encoding.coordinates);
    std::uniform_real_distribution<double> unit(-1, 1);
    for (float& value : delta) {
      const double scale = std::exp2(unit(random_) * 4 - (Draw(0, 9) == 0 ? 60 : 0));
      value = Draw(0, 9) == 0 ? 0.0F : static_cast<float>(encoding.clip * scale * unit(random_));
    }
    return delta;
  }
  std::uint32_t Omega() {
    return WeightOf(WeightPolicy::kExact, Draw(0, encoding.w_max), encoding.w_max).omega;
  }
  Bytes Key() {
    Bytes key(32);
    for (std::uint8_t& byte : key) byte = static_cast<std::uint8_t>(Draw(0, 255));
    return key;
  }
  std::mt19937_64& random() { return random_; }

  Encoding encoding;

 private:
  std::mt19937_64 random_;
};

struct Update {
  std::vector<float> delta;
  std::uint32_t omega;
  Bytes key;
};
Update MakeUpdate(Case& c) { return {c.Delta(), c.Omega(), c.Key()}; }

Encoder MakeEncoder(const Encoding& encoding, const Update& update) {
  const CheckedDelta delta = *CheckDelta(encoding, update.delta);
  return *Encoder::Create(encoding, delta, {1, update.omega, delta.clipped}, update.key);
}

Words EncodeAll(const Encoding& encoding, const Update& update) {
  Words words(encoding.Words());
  MakeEncoder(encoding, update).Encode(0, words);
  return words;
}

Words Fields(const Encoding& encoding, const Words& words) {
  Words fields(encoding.coordinates);
  UnpackFields(encoding, words, 0, fields);
  return fields;
}

class EncodeSumProperty : public testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, EncodeSumProperty, testing::Range<std::uint64_t>(1, 61));

TEST_P(EncodeSumProperty, AnyTilingInAnyOrderGivesTheSameWords) {
  Case c(GetParam());
  const Update update = MakeUpdate(c);
  const Words whole = EncodeAll(c.encoding, update);
  std::vector<std::pair<std::size_t, std::size_t>> tiles;
  for (std::size_t first = 0; first < whole.size();) {
    const std::size_t size = std::min<std::size_t>(c.Draw(1, 700), whole.size() - first);
    tiles.emplace_back(first, size);
    first += size;
  }
  std::shuffle(tiles.begin(), tiles.end(), c.random());
  Words tiled(whole.size());
  Encoder encoder = MakeEncoder(c.encoding, update);
  for (const auto& [first, size] : tiles) encoder.Encode(first, std::span(tiled).subspan(first, size));
  EXPECT_EQ(tiled, whole);
}

TEST_P(EncodeSumProperty, TheSumDoesNotDependOnOrderOrSlices) {
  Case c(GetParam());
  const std::uint32_t nodes = std::min(c.encoding.n, 5U);
  Words expected(c.encoding.Words());
  struct Slice {
    std::uint64_t first;
    Bytes bytes;
  };
  std::vector<Slice> slices;
  for (std::uint32_t node = 0; node < nodes; ++node) {
    const Words words = EncodeAll(c.encoding, MakeUpdate(c));
    for (std::size_t w = 0; w < words.size(); ++w) expected[w] += words[w];
    Bytes bytes(words.size() * 8);
    StoreWords(words, bytes);
    for (std::size_t first = 0; first < bytes.size();) {
      const std::size_t size = std::min<std::size_t>(c.Draw(1, 5000), bytes.size() - first);
      slices.push_back({first, Bytes(bytes.begin() + static_cast<std::ptrdiff_t>(first),
                                     bytes.begin() + static_cast<std::ptrdiff_t>(first + size))});
      first += size;
    }
  }
  std::shuffle(slices.begin(), slices.end(), c.random());
  Words sum(c.encoding.Words());
  for (const Slice& slice : slices) AddBytes(sum, slice.first, slice.bytes);
  EXPECT_EQ(sum, expected);
}

TEST_P(EncodeSumProperty, TheSumOfPacksIsThePackOfSumsAtTheExtremes) {
  Case c(GetParam());
  // Everything clipped at full weight: all fields 0, or all 2M, n times.
  for (const float sign : {-1.0F, 1.0F}) {
    const std::vector<float> delta(c.encoding.coordinates, sign * static_cast<float>(c.encoding.clip) * 2);
    const Words words = EncodeAll(c.encoding, {delta, static_cast<std::uint32_t>(kOmegaOne), c.Key()});
    Words sum = words;
    for (std::uint64_t& word : sum) word *= c.encoding.n;  // n equal summands, in Z_2^64
    ASSERT_TRUE(CheckSum(c.encoding, sum, c.encoding.n).ok());
    const std::uint64_t want = sign > 0 ? 2 * c.encoding.Limit() * c.encoding.n : 0;
    EXPECT_EQ(Fields(c.encoding, sum), Words(c.encoding.coordinates, want));
  }
}

TEST_P(EncodeSumProperty, HonestSumsPassEveryCheckAndDecodeWithinTheBound) {
  Case c(GetParam());
  const std::uint32_t nodes = std::min(c.encoding.n, 6U);
  Words sum(c.encoding.Words());
  std::vector<double> weighted(c.encoding.coordinates);
  double weights = 0;
  for (std::uint32_t node = 0; node < nodes; ++node) {
    Update update = MakeUpdate(c);
    update.omega = std::max(update.omega, 1U);
    const Words words = EncodeAll(c.encoding, update);
    for (std::size_t w = 0; w < words.size(); ++w) sum[w] += words[w];
    const double weight = static_cast<double>(update.omega) / 4294967295.0;
    weights += weight;
    for (std::size_t j = 0; j < weighted.size(); ++j) {
      weighted[j] +=
          weight * std::clamp(static_cast<double>(update.delta[j]), -c.encoding.clip, c.encoding.clip);
    }
  }
  const Status status = CheckSum(c.encoding, sum, nodes);
  ASSERT_TRUE(status.ok()) << status.message();
  std::vector<double> mean(c.encoding.coordinates);
  DecodeMean(c.encoding, sum, 0, mean);
  // Each node is off by less than one step of 1/s; the sum of weights divides all.
  const double bound = nodes / c.encoding.Scale() / weights * (1 + 1e-9) + 1e-9 * c.encoding.clip;
  for (std::size_t j = 0; j < mean.size(); ++j) {
    ASSERT_LE(std::abs(mean[j] - weighted[j] / weights), bound) << "coordinate " << j;
  }
}

TEST_P(EncodeSumProperty, APartOfTheMeanIsAPartOfTheWhole) {
  Case c(GetParam());
  Update update = MakeUpdate(c);
  update.omega = std::max(update.omega, 1U);
  const Words sum = EncodeAll(c.encoding, update);
  std::vector<double> whole(c.encoding.coordinates);
  DecodeMean(c.encoding, sum, 0, whole);
  const std::uint64_t first = c.Draw(0, c.encoding.coordinates);
  std::vector<double> part(c.Draw(0, c.encoding.coordinates - first));
  DecodeMean(c.encoding, sum, first, part);
  EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + static_cast<std::ptrdiff_t>(first)));
}

// The mean of stochastic rounding is the value: 200,000 draws of one fraction stay within six standard
// deviations, for fractions near 0, in the middle, near 1, and for both signs.
TEST(StochasticRounding, IsUnbiased) {
  constexpr std::uint64_t kDraws = 200'000;
  const Encoding encoding = *Encoding::For({.bits = 16, .clip = 1.0, .max_examples = 1}, SecureMode::kOff, 1,
                                           kDraws, {{"clipped", 1}});
  Bytes key(32, 7);
  for (const double y : {0.001, 0.25, 0.5, 0.75, 0.999, -0.3, -100.6, 1234.5}) {
    ++key[0];
    const auto value = static_cast<float>(y / encoding.Scale());
    const double exact = encoding.Scale() * static_cast<double>(value);
    const double fraction = exact - std::floor(exact);
    const Words fields = Fields(encoding, EncodeAll(encoding, {std::vector<float>(kDraws, value),
                                                               static_cast<std::uint32_t>(kOmegaOne), key}));
    double ups = 0;
    for (const std::uint64_t field : fields) {
      const double v = static_cast<double>(field) - static_cast<double>(encoding.Limit());
      ASSERT_TRUE(v == std::floor(exact) || v == std::floor(exact) + 1);
      ups += v - std::floor(exact);
    }
    const double deviation = std::sqrt(fraction * (1 - fraction) / kDraws);
    EXPECT_NEAR(ups / kDraws, fraction, 6 * deviation) << y;
  }
}

}  // namespace
}  // namespace accord::secagg
