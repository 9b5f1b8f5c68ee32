// The rotation of updates: frozen values, its inverse, and what it does for few bits (spec/learning.md 3).
#include "update/rotation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

#include "secagg/encode.h"
#include "secagg/sum.h"
#include "secagg/weight.h"
#include "update/headers.h"
#include "update/next_model.h"

namespace accord::update {
namespace {

std::vector<double> WholeNumbers() {
  std::vector<double> values(kRotationBlock);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i % 17) - 8;
  return values;
}

double NormOf(std::span<const double> values) {
  return std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0));
}

// From the definition of the transform, H[i][j] = (-1)^popcount(i & j) / 64, in another language.
TEST(RotationTest, GivesFrozenValues) {
  std::vector<double> values = WholeNumbers();
  Rotation(7, RoundId{3}).Forward(5, Rotation::Block(values));
  EXPECT_EQ(values[0], 1.5625);
  EXPECT_EQ(values[1], -3.5625);
  EXPECT_EQ(values[2], 7.875);
  EXPECT_EQ(values[1000], -5.5);
  EXPECT_EQ(values[4095], 6.3125);
}

// Sums of small whole numbers are exact, so the way back is, too.
TEST(RotationTest, TheInverseGivesTheValuesBack) {
  std::vector<double> values = WholeNumbers();
  const Rotation rotation(123'456'789'012, RoundId{1ULL << 40});
  rotation.Forward(1ULL << 33, Rotation::Block(values));
  EXPECT_NE(values, WholeNumbers());
  EXPECT_NEAR(NormOf(values), NormOf(WholeNumbers()), 1e-9);
  rotation.Inverse(1ULL << 33, Rotation::Block(values));
  EXPECT_EQ(values, WholeNumbers());
}

TEST(RotationTest, EveryJobRoundAndBlockHasSignsOfItsOwn) {
  const auto rotated = [](std::uint64_t seed, std::uint64_t round, std::uint64_t block) {
    std::vector<double> values = WholeNumbers();
    Rotation(seed, RoundId{round}).Forward(block, Rotation::Block(values));
    return values;
  };
  const auto one = rotated(1, 1, 0);
  EXPECT_EQ(rotated(1, 1, 0), one);
  EXPECT_NE(rotated(2, 1, 0), one);
  EXPECT_NE(rotated(1, 2, 0), one);
  EXPECT_NE(rotated(1, 1, 1), one);
}

TEST(RotationTest, AnUpdateIsFilledUpToWholeBlocks) {
  EXPECT_EQ(RotatedSize(1), 4096U);
  EXPECT_EQ(RotatedSize(4096), 4096U);
  EXPECT_EQ(RotatedSize(4097), 8192U);
  std::vector<float> delta(5000);
  for (std::size_t i = 0; i < delta.size(); ++i) delta[i] = static_cast<float>(i % 5) - 2.0F;
  const Rotation rotation(9, RoundId{2});
  const std::vector<float> rotated = rotation.Rotated(delta);
  ASSERT_EQ(rotated.size(), 8192U);
  std::vector<double> tail(rotated.begin() + 4096, rotated.end());
  rotation.Inverse(1, Rotation::Block(tail));
  for (std::size_t i = 0; i < tail.size(); ++i)
    EXPECT_EQ(tail[i], 4096 + i < delta.size() ? delta[4096 + i] : 0.0) << i;
}

// ---------------------------------------------------------------- few bits

constexpr std::uint32_t kNodes = 8;
constexpr std::size_t kParameters = 1 << 18;

// Updates of nodes that agree on the whole: Student's t with three degrees of freedom, in blocks of
// log-normal scales, as tensors have them, and a little of each node's own.
std::vector<std::vector<float>> Updates() {
  std::mt19937_64 random(5);
  std::student_t_distribution<double> heavy(3.0);
  std::normal_distribution<double> normal;
  std::vector<std::vector<float>> updates(kNodes, std::vector<float>(kParameters));
  double scale = 0.0;
  for (std::size_t i = 0; i < kParameters; ++i) {
    if (i % 1024 == 0) scale = 1e-3 * std::exp(0.5 * normal(random));
    const double common = heavy(random);
    for (auto& update : updates) update[i] = static_cast<float>(scale * (common + 0.2 * heavy(random)));
  }
  return updates;
}

double RmsOf(std::span<const float> values) {
  double sum = 0.0;
  for (const float value : values) sum += static_cast<double>(value) * value;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

// The error of the mean that comes out of the sum, as a share of the mean's norm.
double ErrorOf(const std::vector<std::vector<float>>& updates, std::uint32_t bits, Transform transform,
               double rms) {
  JobSpec spec;
  spec.secure = SecureMode::kSemiHonest;
  spec.outer = {.rule = "fedavg", .lr = 1.0};
  spec.update = {.bits = bits,
                 .clip = rms * RmsOf(updates[0]),
                 .transform = transform,
                 .max_examples = 1,
                 .weights = WeightPolicy::kEqual};
  const auto encoding = *EncodingFor(spec, round::Purpose::kTrain, kParameters, kNodes);
  std::vector<std::uint64_t> sum(encoding.Words());
  std::vector<std::uint64_t> words(encoding.Words());
  const RoundId round{4};
  for (std::uint32_t node = 0; node < kNodes; ++node) {
    const std::vector<float> values =
        transform == Transform::kHadamard ? Rotation(spec.seed, round).Rotated(updates[node]) : updates[node];
    NodeId id;
    id.bytes.fill(static_cast<std::uint8_t>(node));
    const auto key = secagg::NoiseKey(ByteView(secagg::RoundingSeed(spec.seed, round, id).bytes));
    const auto weight = secagg::WeightOf(spec.update.weights, 1, 1);
    auto encoder = *secagg::Encoder::Create(encoding, *secagg::CheckDelta(encoding, values),
                                            *HeaderValues(spec, weight, {}, 0), key.view());
    encoder.Encode(0, words);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += words[i];
  }
  std::vector<float> found(kParameters);
  EXPECT_TRUE(
      NextModel(spec, {.round = round, .cohort = kNodes, .survivors = kNodes, .words = sum}, found).ok());
  double error = 0.0;
  double norm = 0.0;
  for (std::size_t i = 0; i < kParameters; ++i) {
    double mean = 0.0;
    for (const auto& update : updates) mean += update[i] / static_cast<double>(kNodes);
    error += (found[i] - mean) * (found[i] - mean);
    norm += mean * mean;
  }
  return std::sqrt(error / norm);
}

TEST(RotationTest, FewBitsLoseAsLittleAsTheTableSays) {
  const auto updates = Updates();
  EXPECT_LT(ErrorOf(updates, 8, Transform::kHadamard, 6.0), 0.0085);
  EXPECT_LT(ErrorOf(updates, 4, Transform::kHadamard, 4.0), 0.099);
  EXPECT_GT(ErrorOf(updates, 8, Transform::kNone, 24.0), 0.1)
      << "one clip does not do for values of all scales";
  EXPECT_GT(ErrorOf(updates, 4, Transform::kNone, 6.0), 0.3);
}

TEST(RotationTest, FourBitsOfSixNodesTakeLessThanAByteAParameter) {
  JobSpec spec;
  spec.secure = SecureMode::kMalicious;
  spec.update = {.bits = 4, .clip = 1.0, .transform = Transform::kHadamard, .max_examples = 1000};
  for (const std::uint64_t parameters : {120'000ULL, 470'000ULL, 2'000'000ULL}) {
    const auto encoding = EncodingFor(spec, round::Purpose::kTrain, parameters, 6);
    ASSERT_TRUE(encoding.ok());
    EXPECT_LE(static_cast<double>(encoding->Words() * 8) / static_cast<double>(parameters), 1.0)
        << parameters;
  }
}

}  // namespace
}  // namespace accord::update
