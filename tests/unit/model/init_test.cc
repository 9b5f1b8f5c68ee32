#include "model/init.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "model/layout.h"
#include "model/philox.h"

namespace accord::model {
namespace {

// Random123's kat_vectors, "philox4x32 10".
TEST(PhiloxTest, GivesThePublishedVectors) {
  EXPECT_EQ(Philox({0, 0}, {0, 0, 0, 0}), (PhiloxBlock{0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8}));
  constexpr std::uint32_t kOnes = 0xFFFFFFFF;
  EXPECT_EQ(Philox({kOnes, kOnes}, {kOnes, kOnes, kOnes, kOnes}),
            (PhiloxBlock{0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD}));
  EXPECT_EQ(Philox({0xA4093822, 0x299F31D0}, {0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344}),
            (PhiloxBlock{0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1}));
}

std::uint32_t Bits(const TensorSpec& tensor, std::uint64_t seed, std::uint64_t i) {
  float x = 0;
  InitialTensor(tensor, seed, i, {&x, 1});
  return std::bit_cast<std::uint32_t>(x);
}

// Made by tests/unit/model/check_model.py's independent implementation; frozen: a change breaks every job.
TEST(InitialWeightsTest, AreFrozen) {
  const TensorSpec weight{.name = "layers.0.weight", .size = 100, .init = {.bound = 0.5}};
  EXPECT_EQ(Bits(weight, 7, 0), 0xBEF36C9EU);
  EXPECT_EQ(Bits(weight, 7, 1), 0x3E81E8B1U);
  EXPECT_EQ(Bits(weight, 7, 2), 0x3D81C67DU);
  EXPECT_EQ(Bits(weight, 7, 3), 0xBD8C70F2U);
  EXPECT_EQ(Bits(weight, 7, 4), 0x3D9584D8U);
  EXPECT_EQ(Bits(weight, 8, 0), 0xBE1EBEC0U);
  const TensorSpec bias{.name = "layers.0.bias", .size = 100, .init = {.bound = 0.5}};
  EXPECT_EQ(Bits(bias, 7, 0), 0x3E788487U);
  const TensorSpec far{.name = "conv1.weight", .size = 1ULL << 36, .init = {.bound = 1.0 / std::sqrt(25.0)}};
  EXPECT_EQ(Bits(far, ~0ULL, (1ULL << 35) + 1), 0x3DD0CC5AU);
}

TEST(InitialWeightsTest, DoNotDependOnTheTiling) {
  const ModelLayout layout = BuildLayout({.kind = "mlp", .input = {7}, .classes = 3, .hidden = {5}}).value();
  std::vector<float> whole(layout.size);
  InitialWeights(layout, 42, whole);
  for (const TensorSpec& tensor : layout.tensors) {
    for (std::uint64_t tile = 1; tile <= 7; ++tile) {
      std::vector<float> pieces(tensor.size);
      for (std::uint64_t first = 0; first < tensor.size; first += tile) {
        const std::uint64_t count = std::min(tile, tensor.size - first);
        InitialTensor(tensor, 42, first, std::span(pieces).subspan(first, count));
      }
      EXPECT_TRUE(std::equal(pieces.begin(), pieces.end(), whole.begin() + static_cast<long>(tensor.offset)));
    }
  }
}

TEST(InitialWeightsTest, AreUniformWithinTheBound) {
  const TensorSpec tensor{.name = "w", .size = 100'000, .init = {.bound = 0.25}};
  std::vector<float> weights(tensor.size);
  InitialTensor(tensor, 1, 0, weights);
  double sum = 0;
  double squares = 0;
  for (const float x : weights) {
    ASSERT_LE(std::fabs(x), 0.25F);
    sum += x;
    squares += static_cast<double>(x) * x;
  }
  const double n = static_cast<double>(tensor.size);
  const double deviation = 0.25 / std::sqrt(3.0);
  EXPECT_NEAR(sum / n, 0.0, 5 * deviation / std::sqrt(n));
  EXPECT_NEAR(squares / n, deviation * deviation, 0.01 * deviation * deviation);
}

TEST(InitialWeightsTest, AreTheConstantWhereTheBoundIsZero) {
  const TensorSpec tensor{.name = "norm", .size = 3, .init = {.constant = 1.0}};
  std::vector<float> weights(3);
  InitialTensor(tensor, 1, 0, weights);
  EXPECT_EQ(weights, (std::vector<float>{1, 1, 1}));
}

}  // namespace
}  // namespace accord::model
