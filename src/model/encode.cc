#include "model/encode.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "base/check.h"
#include "base/errors.h"

namespace accord::model {
namespace {

void Append16(std::uint16_t bits, Bytes& out) {
  out.push_back(static_cast<std::uint8_t>(bits));
  out.push_back(static_cast<std::uint8_t>(bits >> 8));
}

std::optional<std::size_t> FirstNotFinite(std::span<const float> values) {
  const auto bad = std::find_if(values.begin(), values.end(), [](float x) { return !std::isfinite(x); });
  if (bad == values.end()) return std::nullopt;
  return static_cast<std::size_t>(bad - values.begin());
}

}  // namespace

std::optional<std::size_t> AppendFloats(FloatFormat format, std::span<const float> values, Bytes& out) {
  if (format == FloatFormat::kF32) {
    const std::optional<std::size_t> bad = FirstNotFinite(values);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(values.data());
    out.insert(out.end(), bytes, bytes + bad.value_or(values.size()) * sizeof(float));
    return bad;
  }
  const bool half = format == FloatFormat::kF16;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint16_t bits = half ? ToF16(values[i]) : ToBf16(values[i]);
    if (!std::isfinite(half ? FromF16(bits) : FromBf16(bits))) return i;
    Append16(bits, out);
  }
  return std::nullopt;
}

std::optional<std::size_t> AppendQ8(std::span<const float> values, Bytes& out) {
  ACCORD_CHECK(values.size() % kQ8Block == 0);
  for (std::size_t first = 0; first < values.size(); first += kQ8Block) {
    const auto block = values.subspan(first, kQ8Block);
    if (const auto bad = FirstNotFinite(block)) return first + *bad;
    std::size_t largest = 0;
    for (std::size_t i = 1; i < block.size(); ++i) {
      if (std::fabs(block[i]) > std::fabs(block[largest])) largest = i;
    }
    const float scale = std::fabs(block[largest]) / 127.0F;
    const std::uint16_t stored = ToF16(scale);
    if (!std::isfinite(FromF16(stored))) return first + largest;
    Append16(stored, out);
    // The quotient by the scale before its rounding, as ggml has it; subnormal scales have no inverse.
    const float inverse = scale > 0 ? 1.0F / scale : 0.0F;
    for (const float x : block) {
      const float q = std::isfinite(inverse) ? std::round(x * inverse) : 0.0F;
      out.push_back(static_cast<std::uint8_t>(static_cast<std::int8_t>(q)));
    }
  }
  return std::nullopt;
}

Status BadValue(const TensorSpec& tensor, std::uint64_t index, float value) {
  return Fail(errors::kModelValues,
              "element " + std::to_string(index) + " of tensor " + tensor.name +
                  (std::isnan(value)       ? " is not a number"
                   : !std::isfinite(value) ? " is infinite"
                                           : " is too large for the format: " + std::to_string(value)));
}

}  // namespace accord::model
