// The inner loops of encoding, for src/secagg/encode.cc alone: plain C++, compiled several times for wider
// vectors and chosen at run time. IEEE arithmetic without contraction, so every version gives the same bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace accord::secagg {

enum class Width { kBase, k256, k512 };
// Those that this CPU has, widest last.
[[nodiscard]] std::span<const Width> Widths();

struct Scaling {
  double clip;          // C
  double gain;          // g = s * ((double)omega / 4294967295.0)
  std::uint32_t limit;  // M
};

// fields[j] = v + M of coordinate j (secagg.md 2.7), with draws[j] of the noise keystream. The arrays do not
// overlap. A NaN, which CheckDelta refuses, would count as -C.
void RoundBlock(Width width, const Scaling& scaling, std::span<const float> delta, const std::uint32_t* draws,
                std::uint32_t* fields);

// Coordinate j of the block is field j mod m of word j / m, least significant first; missing fields are 0.
void PackBlock(const std::uint32_t* fields, std::size_t count, std::uint32_t fields_per_word,
               std::uint32_t field_bits, std::uint64_t* words);

struct Scan {
  std::uint64_t clipped = 0;     // |delta[j]| > C
  std::uint64_t not_finite = 0;  // NaN and infinities
};
[[nodiscard]] Scan ScanDelta(Width width, std::span<const float> delta, double clip);

}  // namespace accord::secagg
