// f32 weights as the bytes of a file's format, a piece at a time. Called by the exporters. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "accord/model.h"
#include "accord/status.h"
#include "base/text.h"
#include "model/float_format.h"

namespace accord::model {

// Appends `values` as `format`. Gives the index of the first that is not finite there, of which and of all
// after it nothing is appended.
[[nodiscard]] std::optional<std::size_t> AppendFloats(FloatFormat format, std::span<const float> values,
                                                      Bytes& out);

inline constexpr std::size_t kQ8Block = 32;       // values
inline constexpr std::size_t kQ8BlockBytes = 34;  // a scale in binary16, and a signed byte for each value

// Appends `values`, a whole number of blocks, as ggml's Q8_0: each block has the scale d = max|x| / 127 and
// the bytes round(x / d), halves away from zero, all in binary32; d is stored as binary16 (ggml,
// quantize_row_q8_0_ref). Result as above; there the block of that value, and all after, are not appended.
[[nodiscard]] std::optional<std::size_t> AppendQ8(std::span<const float> values, Bytes& out);

// `model.values`: that element `index` of `tensor` cannot be written.
[[nodiscard]] Status BadValue(const TensorSpec& tensor, std::uint64_t index, float value);

}  // namespace accord::model
