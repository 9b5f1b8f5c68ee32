#include "update/rotation.h"

#include <algorithm>
#include <bit>

#include "model/philox.h"

namespace accord::update {
namespace {

constexpr double kScale = 1.0 / 64.0;  // 1 / sqrt(4096)
static_assert(kRotationBlock == 64 * 64);

constexpr std::uint32_t kSignsStream = 0x4E474953;  // "SIGN": apart from other draws of the same seed
constexpr std::size_t kSignsPerDraw = 128;

// One stage: sums and differences of elements `half` apart.
void Stage(Rotation::Block block, std::size_t half) {
  for (std::size_t at = 0; at < block.size(); at += 2 * half) {
    double* const a = block.data() + at;
    double* const b = a + half;
    for (std::size_t i = 0; i < half; ++i) {
      const double sum = a[i] + b[i];
      b[i] = a[i] - b[i];
      a[i] = sum;
    }
  }
}

void Hadamard(Rotation::Block block) {
  for (std::size_t half = 1; half < block.size(); half *= 2) Stage(block, half);
  for (double& value : block) value *= kScale;
}

}  // namespace

void Rotation::Flip(std::uint64_t index, Block block) const {
  const model::PhiloxKey key = model::SeedKey(seed_);
  const model::PhiloxKey round = model::SeedKey(round_);
  for (std::size_t at = 0; at < block.size(); at += kSignsPerDraw) {
    const auto draw = static_cast<std::uint32_t>(at / kSignsPerDraw);  // 32 of them a block
    const std::uint64_t counter = index * (kRotationBlock / kSignsPerDraw) + draw;
    const model::PhiloxBlock bits =
        model::Philox(key, {static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32U),
                            round[0], round[1] ^ kSignsStream});
    for (std::size_t i = 0; i < kSignsPerDraw; ++i) {
      const std::uint64_t sign = static_cast<std::uint64_t>(bits[i / 32] >> (i % 32) & 1U) << 63U;
      block[at + i] = std::bit_cast<double>(std::bit_cast<std::uint64_t>(block[at + i]) ^ sign);
    }
  }
}

void Rotation::Forward(std::uint64_t index, Block block) const {
  Flip(index, block);
  Hadamard(block);
}

void Rotation::Inverse(std::uint64_t index, Block block) const {
  Hadamard(block);
  Flip(index, block);
}

std::vector<float> Rotation::Rotated(std::span<const float> delta) const {
  std::vector<float> rotated(RotatedSize(delta.size()));
  std::array<double, kRotationBlock> block;
  for (std::size_t first = 0; first < delta.size(); first += kRotationBlock) {
    const auto part = delta.subspan(first, std::min(kRotationBlock, delta.size() - first));
    block.fill(0.0);
    std::ranges::copy(part, block.begin());
    Forward(first / kRotationBlock, block);
    std::ranges::transform(block, rotated.begin() + static_cast<std::ptrdiff_t>(first),
                           [](double value) { return static_cast<float>(value); });
  }
  return rotated;
}

}  // namespace accord::update
