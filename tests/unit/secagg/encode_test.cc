// The node's side against the frozen vectors: rounding, packing, and a whole update of the transcript.
#include "secagg/encode.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "crypto/sha256.h"
#include "secagg/sum.h"
#include "secagg/weight.h"
#include "tests/support/fsa1.h"

namespace accord::secagg {
namespace {

using fsa1::Hex;

Encoding Make(std::uint32_t n, std::uint32_t bits, std::uint64_t coordinates, double clip = 1.0) {
  return *Encoding::For({.bits = bits, .clip = clip, .max_examples = 1000}, SecureMode::kOff, n, coordinates,
                        {});
}

std::vector<std::uint64_t> EncodeAll(const Encoding& encoding, std::span<const float> delta,
                                     std::vector<std::uint64_t> headers, ByteView key) {
  Encoder encoder = *Encoder::Create(encoding, *CheckDelta(encoding, delta), std::move(headers), key);
  std::vector<std::uint64_t> words(encoding.Words());
  encoder.Encode(0, words);
  return words;
}

std::vector<std::uint64_t> Fields(const Encoding& encoding, std::span<const std::uint64_t> words) {
  std::vector<std::uint64_t> fields(encoding.coordinates);
  UnpackFields(encoding, words, 0, fields);
  return fields;
}

TEST(EncoderTest, RoundsAsTheFrozenVectors) {
  for (const auto& c : fsa1::Load("rounding.json")) {
    const std::vector<float> delta = fsa1::List(c["delta_f32"], fsa1::Float);
    const Encoding encoding = Make(c["n"], c["b"], delta.size(), fsa1::Double(c["C"]));
    const auto words = EncodeAll(encoding, delta, {1, c["omega"]}, Hex(c["noise_key"]));
    EXPECT_EQ(Fields(encoding, words), c["x"].get<std::vector<std::uint64_t>>());

    std::vector<std::uint64_t> sum(words.size());
    for (int i = 0; i < 10; ++i) {
      for (std::size_t w = 0; w < words.size(); ++w) sum[w] += words[w];
    }
    EXPECT_TRUE(CheckSum(encoding, sum, 10).ok()) << CheckSum(encoding, sum, 10).message();
    EXPECT_EQ(Fields(encoding, sum), c["sum_if_all_ten_send_this"].get<std::vector<std::uint64_t>>());
    std::vector<double> mean(delta.size());
    DecodeMean(encoding, sum, 0, mean);
    EXPECT_EQ(mean, fsa1::List(c["mean_f64"], fsa1::Double));
  }
}

// A coordinate for a wanted integer: with M = C, weight one and no fraction, v is the delta itself.
TEST(EncoderTest, PacksAsTheFrozenVectors) {
  for (const auto& c : fsa1::Load("packing.json")) {
    const double limit = c["M"].get<double>();
    Encoding encoding = Make(c["n"], c["b"], c["d"], limit);
    ASSERT_EQ(encoding.Words(), c["nwords"]);
    std::vector<float> delta;
    for (const auto& x : c["x"]) delta.push_back(static_cast<float>(x.get<double>() - limit));
    auto words = EncodeAll(encoding, delta, {1, kOmegaOne}, Bytes(32));
    words[1] = c["header"][1];  // the vector's omega is no weight of its fields
    EXPECT_EQ(words, fsa1::List(c["words"], fsa1::Word));

    const std::vector<float> greatest(encoding.coordinates, static_cast<float>(limit));
    const auto most = EncodeAll(encoding, greatest, {1, kOmegaOne}, Bytes(32));
    EXPECT_EQ(most, fsa1::List(c["all_max_words"], fsa1::Word));
    std::vector<std::uint64_t> sum(most.size());
    for (std::uint32_t i = 0; i < encoding.n; ++i) {
      for (std::size_t w = 0; w < most.size(); ++w) sum[w] += most[w];
    }
    EXPECT_EQ(sum, fsa1::List(c["sum_of_n_all_max"], fsa1::Word));
    EXPECT_TRUE(CheckSum(encoding, sum, encoding.n).ok());
  }
}

class TranscriptTest : public testing::TestWithParam<const char*> {};

TEST_P(TranscriptTest, NodesEncodeAndTheSumDecodesBitForBit) {
  const auto t = fsa1::Load(GetParam());
  const auto& p = t["params"];
  Encoding encoding{.n = p["n"],
                    .bits = p["b"],
                    .field_bits = p["f"],
                    .coordinates = p["d"],
                    .clip = fsa1::Double(p["C"]),
                    .w_max = p["W_max"],
                    .headers = {}};
  for (const auto& header : p["headers"]) encoding.headers.push_back({header["name"], header["max"]});
  std::vector<std::uint64_t> sum(encoding.Words());
  for (const auto& id : t["u3"]) {
    const auto& node = t["private"][id.get<std::string>()];
    const crypto::ZeroizingBytes key = NoiseKey(Hex(node["noise_seed"]));
    EXPECT_EQ(fsa1::ToHex(key.view()), node["noise_key"]);
    const auto headers = node["header"].get<std::vector<std::uint64_t>>();
    EXPECT_EQ(headers[1], WeightOf(WeightPolicy::kExact, node["weight"], encoding.w_max).omega);
    const auto words = EncodeAll(encoding, fsa1::List(node["delta_f32"], fsa1::Float), headers, key.view());
    EXPECT_EQ(words, fsa1::List(node["packed"], fsa1::Word));
    EXPECT_EQ(Fields(encoding, words), node["x"].get<std::vector<std::uint64_t>>());
    for (std::size_t w = 0; w < sum.size(); ++w) sum[w] += words[w];
  }
  EXPECT_EQ(sum, fsa1::List(t["sum"]["words"], fsa1::Word));
  EXPECT_TRUE(CheckSum(encoding, sum, static_cast<std::uint32_t>(t["u3"].size())).ok());
  std::vector<double> mean(encoding.coordinates);
  DecodeMean(encoding, sum, 0, mean);
  EXPECT_EQ(mean, fsa1::List(t["sum"]["mean_f64"], fsa1::Double));
}

INSTANTIATE_TEST_SUITE_P(Vectors, TranscriptTest,
                         testing::Values("transcript_3_mc.json", "transcript_3_sh.json"),
                         [](const auto& param) { return std::string(param.param).substr(13, 2); });

TEST(NoiseKeyTest, MatchesTheFrozenVector) {
  const auto kdf = fsa1::Load("kdf.json");
  EXPECT_EQ(fsa1::ToHex(NoiseKey(Hex(kdf["noise_key"]["seed"])).view()), kdf["noise_key"]["key"]);
}

TEST(RoundingSeedTest, HashesLabelJobSeedRoundAndNode) {
  NodeId node;
  node.bytes.fill(0xAB);
  Bytes input = Hex("4653412d312f726f756e64696e6700");  // "FSA-1/rounding\0"
  const Bytes rest =
      Hex("00000000000000070000000000000002" + std::string("abababababababababababababababab"));
  input.insert(input.end(), rest.begin(), rest.end());
  EXPECT_EQ(RoundingSeed(7, RoundId{2}, node), crypto::Sha256::Of(input));
}

TEST(CheckDeltaTest, RefusesNanInfinityAndAWrongLengthAndNamesThePlace) {
  const Encoding encoding = Make(3, 16, 4);
  using Limits = std::numeric_limits<float>;
  for (const float bad : {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()}) {
    const std::vector<float> delta{0.5F, 0.5F, bad, 0.5F};
    const Status status = CheckDelta(encoding, delta).status();
    EXPECT_EQ(status.error(), "update.not_finite");
    EXPECT_NE(status.message().find("value 2 "), std::string::npos) << status.message();
  }
  EXPECT_EQ(CheckDelta(encoding, std::vector<float>(3)).status().error(), "secagg.wrong_length");
  EXPECT_EQ(CheckDelta(encoding, std::vector<float>(5)).status().error(), "secagg.wrong_length");
}

TEST(CheckDeltaTest, CountsWhatTheClipCutsOff) {
  const Encoding encoding = Make(3, 16, 5, 0.5);
  const std::vector<float> delta{0.5F, -0.5F, 0.50001F, -7.0F, 0.0F};
  EXPECT_EQ(CheckDelta(encoding, delta)->clipped, 2U);
}

TEST(EncoderTest, RefusesHeadersThatDoNotFit) {
  const Encoding encoding = Make(3, 16, 4);
  const std::vector<float> delta(4);
  const auto create = [&](std::vector<std::uint64_t> headers) {
    return Encoder::Create(encoding, *CheckDelta(encoding, delta), std::move(headers), Bytes(32))
        .status()
        .error();
  };
  EXPECT_EQ(create({1}), "secagg.wrong_length");
  EXPECT_EQ(create({1, 5, 0}), "secagg.wrong_length");
  EXPECT_EQ(create({2, 5}), "secagg.range");
  EXPECT_EQ(create({1, kOmegaOne + 1}), "secagg.range");
  EXPECT_EQ(create({1, kOmegaOne}), "");
}

TEST(EncoderTest, WeightZeroSendsTheMiddleWhateverTheDelta) {
  const Encoding encoding = Make(3, 8, 3);
  const auto words = EncodeAll(encoding, std::vector<float>{1.0F, -1.0F, 0.3F}, {1, 0}, Bytes(32));
  EXPECT_EQ(Fields(encoding, words), (std::vector<std::uint64_t>{127, 127, 127}));
}

}  // namespace
}  // namespace accord::secagg
