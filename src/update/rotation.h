// Transform::kHadamard: a random rotation that spreads every value of an update over its block, so that one
// clip and few bits do for all of them (spec/learning.md 3). In blocks of 4096 coordinates, the last one
// filled up with zeros: random signs, then the orthonormal Walsh-Hadamard transform. Its scale 1/64 is exact,
// and additions in a fixed order round alike on every machine, so coordinator and nodes undo it to the same
// bits. The signs are public: from the job's seed and the round through Philox. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "accord/ids.h"

namespace accord::update {

inline constexpr std::size_t kRotationBlock = 4096;

// Coordinates of a rotated update of this many parameters.
[[nodiscard]] constexpr std::uint64_t RotatedSize(std::uint64_t parameters) {
  return (parameters + kRotationBlock - 1) / kRotationBlock * kRotationBlock;
}

class Rotation {
 public:
  using Block = std::span<double, kRotationBlock>;

  Rotation(std::uint64_t job_seed, RoundId round) : seed_(job_seed), round_(round.value) {}

  // Block `index` of an update, in place: y = H (s * x), and back: x = s * (H y).
  void Forward(std::uint64_t index, Block block) const;
  void Inverse(std::uint64_t index, Block block) const;

  // All of an update: RotatedSize(delta.size()) values, each rounded to f32.
  [[nodiscard]] std::vector<float> Rotated(std::span<const float> delta) const;

 private:
  void Flip(std::uint64_t index, Block block) const;

  std::uint64_t seed_;
  std::uint64_t round_;
};

}  // namespace accord::update
