// The inner loop of the MAC, for src/secagg/poly_mac.cc alone: sums of small pieces of words times field
// elements, with one reduction a block. Every width gives the same sums.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "secagg/encode_kernel.h"

namespace accord::secagg {

inline constexpr std::size_t kMacBlockWords = 1024;
inline constexpr std::size_t kMacPieces = 4;  // at once
inline constexpr unsigned kMacPieceBits = 24;

struct MacPieces {
  std::size_t count;                 // 1 to kMacPieces
  std::uint64_t shifts[kMacPieces];  // below 64
  std::uint64_t masks[kMacPieces];   // below 2^kMacPieceBits
};
// Powers below 2^61, of c = 1 and of c = 2; as many as words.
struct MacPowers {
  const std::uint64_t* first;
  const std::uint64_t* second;
};
// sums[2 v + c] = sum over w of ((words[w] >> shifts[v]) & masks[v]) * powers_c[w], modulo 2^61 - 1,
// canonical. At most kMacBlockWords words.
void SumPieces(Width width, const MacPieces& pieces, std::span<const std::uint64_t> words,
               const MacPowers& powers, std::uint64_t* sums);

}  // namespace accord::secagg
