// The field of FSA-1: integers modulo p = 2^61 - 1 (secagg.md 2.4). Shares, tags and masks of tags live in
// it. Every function takes and gives canonical values (below p) unless it says otherwise, and neither
// branches nor indexes by a value: all of them may be secret. Pure.
#pragma once

#include <cstdint>

namespace accord::secagg {

inline constexpr unsigned kFieldBits61 = 61;
inline constexpr std::uint64_t kFieldPrime = (1ULL << kFieldBits61) - 1;

// a - p when a >= p, else a; a < 2p.
[[nodiscard]] constexpr std::uint64_t FieldCanonical(std::uint64_t a) {
  const std::uint64_t less = a - kFieldPrime;    // wraps when a < p
  const std::uint64_t below = 0 - (less >> 63);  // all ones then
  return less + (kFieldPrime & below);
}

// Any 64-bit value modulo p: 2^61 = 1.
[[nodiscard]] constexpr std::uint64_t FieldReduce(std::uint64_t a) {
  return FieldCanonical((a & kFieldPrime) + (a >> kFieldBits61));
}

// Any 128-bit value modulo p.
[[nodiscard]] constexpr std::uint64_t FieldReduceWide(unsigned __int128 a) {
  const auto low = static_cast<std::uint64_t>(a) & kFieldPrime;
  const auto middle = static_cast<std::uint64_t>(a >> kFieldBits61) & kFieldPrime;
  const auto high = static_cast<std::uint64_t>(a >> (2 * kFieldBits61));  // below 2^6
  return FieldReduce(low + middle + high);
}

[[nodiscard]] constexpr std::uint64_t FieldAdd(std::uint64_t a, std::uint64_t b) {
  return FieldCanonical(a + b);
}
[[nodiscard]] constexpr std::uint64_t FieldSubtract(std::uint64_t a, std::uint64_t b) {
  return FieldCanonical(a + (kFieldPrime - b));
}
[[nodiscard]] constexpr std::uint64_t FieldMultiply(std::uint64_t a, std::uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;  // below 2^122
  return FieldCanonical((static_cast<std::uint64_t>(product) & kFieldPrime) +
                        static_cast<std::uint64_t>(product >> kFieldBits61));
}

// a^exponent; its time depends on the exponent, which is public everywhere.
[[nodiscard]] constexpr std::uint64_t FieldPower(std::uint64_t a, std::uint64_t exponent) {
  std::uint64_t power = 1;
  for (; exponent != 0; exponent >>= 1) {
    if ((exponent & 1) != 0) power = FieldMultiply(power, a);
    a = FieldMultiply(a, a);
  }
  return power;
}

// 1/a by Fermat; 0 for 0.
[[nodiscard]] constexpr std::uint64_t FieldInverse(std::uint64_t a) { return FieldPower(a, kFieldPrime - 2); }

}  // namespace accord::secagg
