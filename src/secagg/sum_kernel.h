// The inner loops over the words of a sum, for src/secagg/sum.cc alone: plain C++, compiled several times for
// wider vectors and chosen at run time. Every version gives the same bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "secagg/encode_kernel.h"

namespace accord::secagg {

// How fields lie in a word: the first in its lowest bits.
struct FieldShape {
  std::uint32_t per_word;  // m
  std::uint32_t bits;      // f, at most 53
};

// Over all fields of some words; of none: `least` is the greatest number there is, the others 0.
struct FieldScan {
  std::uint64_t least = ~0ULL;
  std::uint64_t most = 0;
  std::uint64_t any = 0;  // the bits that are set in any word, also those of no field
};
[[nodiscard]] FieldScan ScanFields(Width width, FieldShape shape, std::span<const std::uint64_t> words);

// All fields in order: `fields` has room for words.size() * per_word. The arrays do not overlap.
void UnpackWords(Width width, FieldShape shape, std::span<const std::uint64_t> words, std::uint64_t* fields);

// means[j] = (double)integers[j] / denominator. The arrays do not overlap.
void Divide(Width width, std::span<const std::int64_t> integers, double denominator, double* means);

}  // namespace accord::secagg
