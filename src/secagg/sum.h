// The other side: sums of word vectors in Z_2^64, what must hold of a sum before it is believed, and the mean
// in it. Used by the coordinator, and by every node to check the coordinator. Pure.
#pragma once

#include <cstdint>
#include <span>

#include "accord/status.h"
#include "base/text.h"
#include "secagg/encoding.h"

namespace accord::secagg {

// Adds bytes of a word vector as sent (little-endian) into `words`: `slice` begins at byte `first_byte` of
// the vector. Any split of a vector into slices gives the same sum, also inside a word, in any order; each
// byte must be added once. first_byte + slice.size() <= 8 * words.size().
void AddBytes(std::span<std::uint64_t> words, std::uint64_t first_byte, ByteView slice);
// The words as sent: 8 bytes each, little-endian. out.size() = 8 * words.size().
void StoreWords(std::span<const std::uint64_t> words, std::span<std::uint8_t> out);

// The integers of coordinates [first, first + out.size()) of a packed vector (headers included in `words`).
void UnpackFields(const Encoding& encoding, std::span<const std::uint64_t> words, std::uint64_t first,
                  std::span<std::uint64_t> out);

// The checks of secagg.md 7.6 on an unmasked sum of `survivors` vectors, in its order: secagg.wrong_length;
// secagg.range (padding); secagg.wrong_count; secagg.range (a header above survivors * max); secagg.range (a
// field above 2M * survivors); secagg.zero_weight; and without noise (margin 0) secagg.mean_bound.
[[nodiscard]] Status CheckSum(const Encoding& encoding, std::span<const std::uint64_t> words,
                              std::uint32_t survivors);

// The weighted mean of the clipped updates, coordinates [first, first + out.size()), of a sum that passed
// CheckSum: (double)(z_j - survivors * M) / (s * ((double)Omega / 4294967295.0)).
void DecodeMean(const Encoding& encoding, std::span<const std::uint64_t> words, std::uint64_t first,
                std::span<double> out);

// Sums that were taken apart, of encodings with one scale and limit.
struct SumPart {
  const Encoding* encoding = nullptr;    // borrowed, as the words
  std::span<const std::uint64_t> words;  // passed CheckSum
};
// The same of all parts together: to the bit what one sum of all their vectors would give. At least one part.
void DecodeMean(std::span<const SumPart> parts, std::uint64_t first, std::span<double> out);

}  // namespace accord::secagg
