// The number formats in which files store weights, and binary32 to and from the 16-bit ones: IEEE 754
// binary16 and bfloat16 (the upper half of binary32). To 16 bits is rounded to the nearest, ties to even;
// beyond the range that gives an infinity. Pure; any thread.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace accord::model {

enum class FloatFormat : std::uint8_t { kF32, kF16, kBf16 };

// Bytes of one number.
[[nodiscard]] constexpr std::uint64_t WidthOf(FloatFormat format) {
  return format == FloatFormat::kF32 ? 4 : 2;
}

[[nodiscard]] inline float FromBf16(std::uint16_t bits) {
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}

[[nodiscard]] inline std::uint16_t ToBf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>(bits >> 16 | 0x40);  // stays a NaN
  return static_cast<std::uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

[[nodiscard]] inline float FromF16(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000U) << 16;
  const std::uint32_t exponent = half >> 10 & 31;
  const std::uint32_t fraction = half & 1023;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000U | fraction << 13);
  if (exponent == 0) {  // subnormal: an exact multiple of 2^-24
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(static_cast<float>(fraction) * 0x1p-24F));
  }
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
}

[[nodiscard]] inline std::uint16_t ToF16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 16 & 0x8000;
  const std::uint32_t magnitude = bits & 0x7FFFFFFF;
  if (magnitude > 0x7F800000) return static_cast<std::uint16_t>(sign | 0x7E00);   // NaN
  if (magnitude >= 0x477FF000) return static_cast<std::uint16_t>(sign | 0x7C00);  // from 65520: infinity
  if (magnitude <
      0x38800000) {  // below 2^-14: so many times 2^-24, which the sum below rounds to a whole number
    const float scaled = std::bit_cast<float>(magnitude) + 0.5F;
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(scaled) - 0x3F000000));
  }
  const std::uint32_t rounded = magnitude + 0xFFF + (magnitude >> 13 & 1);
  return static_cast<std::uint16_t>(sign | (rounded - 0x38000000) >> 13);
}

}  // namespace accord::model
