#include "secagg/encode_kernel.h"

#include <algorithm>
#include <array>
#include <bit>

#include "secagg/vector_targets.h"

namespace accord::secagg {
namespace {

constexpr std::uint32_t kSignBit = 0x8000'0000;

// |y| <= M up to one rounding, below 2^31 + 1, so truncation to 32 bits is exact and stands in for floor.
// Unsigned 32-bit draws go through the signed conversion that all vector units have; both steps are exact.
ACCORD_BODY void RoundBody(const Scaling& scaling, const float* __restrict delta,
                           const std::uint32_t* __restrict draws, std::size_t count,
                           std::uint32_t* __restrict fields) {
  const double clip = scaling.clip;
  const double gain = scaling.gain;
  const std::uint32_t middle = scaling.limit;
  const double limit = static_cast<double>(scaling.limit);
  for (std::size_t j = 0; j < count; ++j) {
    const double wide = static_cast<double>(delta[j]);
    const double low = wide > -clip ? wide : -clip;
    const double a = low < clip ? low : clip;
    const double y = gain * a;
    const double truncated = static_cast<double>(static_cast<std::int32_t>(y));
    const double floor = truncated - (truncated > y ? 1.0 : 0.0);
    const double draw = static_cast<double>(static_cast<std::int32_t>(draws[j] ^ kSignBit)) + 2147483648.0;
    const double v = floor + (draw < (y - floor) * 4294967296.0 ? 1.0 : 0.0);
    const double not_low = v > -limit ? v : -limit;
    const double clamped = not_low < limit ? not_low : limit;
    fields[j] = static_cast<std::uint32_t>(static_cast<std::int32_t>(clamped)) + middle;
  }
}

ACCORD_BODY Scan ScanBody(const float* __restrict delta, std::size_t count, double clip) {
  // Of a float: beyond C exactly when beyond the greatest float that is not.
  float bound = static_cast<float>(clip);
  if (static_cast<double>(bound) > clip)
    bound = std::bit_cast<float>(std::bit_cast<std::uint32_t>(bound) - 1);
  const std::uint32_t bound_bits = std::bit_cast<std::uint32_t>(bound);
  constexpr std::uint32_t kInfinity = 0x7F80'0000;
  Scan scan;
  while (count > 0) {  // blocks, so that the counters in the vectors have 32 bits
    const std::size_t block = std::min<std::size_t>(count, 1 << 20);
    std::uint32_t clipped = 0;
    std::uint32_t not_finite = 0;
    for (std::size_t j = 0; j < block; ++j) {
      // Bits of positive floats are ordered as the floats are; NaN lies above infinity.
      const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(delta[j]) & ~kSignBit;
      clipped += magnitude > bound_bits ? 1 : 0;
      not_finite += magnitude >= kInfinity ? 1 : 0;
    }
    scan.clipped += clipped;
    scan.not_finite += not_finite;
    delta += block;
    count -= block;
  }
  return scan;
}

template <std::uint32_t kFields>
void PackFull(const std::uint32_t* __restrict fields, std::size_t words, std::uint32_t field_bits,
              std::uint64_t* __restrict out) {
  for (std::size_t w = 0; w < words; ++w) {
    std::uint64_t word = 0;
    for (std::uint32_t q = kFields; q-- > 0;) word = word << field_bits | fields[w * kFields + q];
    out[w] = word;
  }
}

#ifdef ACCORD_TARGET_512
ACCORD_TARGET_512 void Round512(const Scaling& scaling, std::span<const float> delta,
                                const std::uint32_t* draws, std::uint32_t* fields) {
  RoundBody(scaling, delta.data(), draws, delta.size(), fields);
}
ACCORD_TARGET_256 void Round256(const Scaling& scaling, std::span<const float> delta,
                                const std::uint32_t* draws, std::uint32_t* fields) {
  RoundBody(scaling, delta.data(), draws, delta.size(), fields);
}
ACCORD_TARGET_512 Scan Scan512(std::span<const float> delta, double clip) {
  return ScanBody(delta.data(), delta.size(), clip);
}
ACCORD_TARGET_256 Scan Scan256(std::span<const float> delta, double clip) {
  return ScanBody(delta.data(), delta.size(), clip);
}
#endif

constexpr std::array<Width, 3> kWidths{Width::kBase, Width::k256, Width::k512};

std::size_t CountWidths() {
#ifdef ACCORD_TARGET_512
  if (!__builtin_cpu_supports("avx2")) return 1;
  const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
  return wide ? 3 : 2;
#else
  return 1;
#endif
}

}  // namespace

std::span<const Width> Widths() {
  static const std::size_t count = CountWidths();
  return std::span(kWidths).first(count);
}

void RoundBlock([[maybe_unused]] Width width, const Scaling& scaling, std::span<const float> delta,
                const std::uint32_t* draws, std::uint32_t* fields) {
#ifdef ACCORD_TARGET_512
  if (width == Width::k512) return Round512(scaling, delta, draws, fields);
  if (width == Width::k256) return Round256(scaling, delta, draws, fields);
#endif
  RoundBody(scaling, delta.data(), draws, delta.size(), fields);
}

Scan ScanDelta([[maybe_unused]] Width width, std::span<const float> delta, double clip) {
#ifdef ACCORD_TARGET_512
  if (width == Width::k512) return Scan512(delta, clip);
  if (width == Width::k256) return Scan256(delta, clip);
#endif
  return ScanBody(delta.data(), delta.size(), clip);
}

void PackBlock(const std::uint32_t* fields, std::size_t count, std::uint32_t fields_per_word,
               std::uint32_t field_bits, std::uint64_t* words) {
  const std::size_t full = count / fields_per_word;
  switch (fields_per_word) {
    case 1:
      PackFull<1>(fields, full, field_bits, words);
      break;
    case 2:
      PackFull<2>(fields, full, field_bits, words);
      break;
    case 3:
      PackFull<3>(fields, full, field_bits, words);
      break;
    case 4:
      PackFull<4>(fields, full, field_bits, words);
      break;
    default:
      for (std::size_t w = 0; w < full; ++w) {
        words[w] = 0;
        for (std::size_t q = fields_per_word; q-- > 0;) {
          words[w] = words[w] << field_bits | fields[w * fields_per_word + q];
        }
      }
  }
  if (const std::size_t rest = count % fields_per_word; rest != 0) {
    words[full] = 0;
    for (std::size_t q = rest; q-- > 0;) {
      words[full] = words[full] << field_bits | fields[full * fields_per_word + q];
    }
  }
}

}  // namespace accord::secagg
