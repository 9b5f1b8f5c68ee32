// Models as safetensors files (https://github.com/huggingface/safetensors): u64 little-endian
// length of the header, the header as JSON padded with spaces to a multiple of 8, then the tensors,
// contiguous and sorted by name. Since a ModelLayout has that same order, a file is its prefix and then the
// flat buffer: nobody needs a second copy of the weights. Pure but for the two functions on paths; any
// thread.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "accord/ids.h"
#include "accord/model.h"
#include "accord/status.h"
#include "base/file.h"
#include "base/text.h"
#include "model/float_format.h"

namespace accord::model {

// Longest JSON header that the reader accepts.
inline constexpr std::uint64_t kMaxSafetensorsHeader = 16ULL << 20;

// Length word and header of a model of this layout; the file is this and then WeightBytes. Exports may have
// their tensors in another format.
[[nodiscard]] Bytes SafetensorsPrefix(const ModelLayout& layout, FloatFormat format = FloatFormat::kF32);
// The bytes of the flat buffer as they stand in the file (little-endian); borrowed.
[[nodiscard]] ByteView WeightBytes(std::span<const float> weights);
// Bytes of the whole file.
[[nodiscard]] std::uint64_t SafetensorsSize(const ModelLayout& layout);

// model_hash: the SHA-256 of the safetensors file of these weights. weights.size() must be layout.size.
[[nodiscard]] Digest ModelHash(const ModelLayout& layout, std::span<const float> weights);

// Writes the file whole, synced and renamed, or not at all (base/file.h), and returns its ModelHash.
[[nodiscard]] Result<Digest> WriteSafetensors(const std::filesystem::path& path, const ModelLayout& layout,
                                              std::span<const float> weights,
                                              FileMode mode = FileMode::kShared);

// The tensors of a safetensors file, from its bytes; init is zero in all. Strict: `safetensors.header` when
// the header is too long, not JSON, names a tensor twice or breaks the format; `safetensors.offsets` for
// overlaps, gaps, sizes that contradict the shape and trailing bytes; `safetensors.truncated`;
// `safetensors.dtype` for anything but F32. The layout returned is sorted by name, whatever the order in the
// file.
[[nodiscard]] Result<ModelLayout> ReadSafetensorsLayout(ByteView file);

// The weights of `layout`, in its order, from the bytes of a file or from a file. Fails as above, and with
// `safetensors.tensors` naming a tensor that is missing, superfluous or of another shape. Values are not
// looked at: NaN is the caller's to refuse.
[[nodiscard]] Result<std::vector<float>> ReadSafetensors(ByteView file, const ModelLayout& layout);
[[nodiscard]] Result<std::vector<float>> ReadSafetensors(const std::filesystem::path& path,
                                                         const ModelLayout& layout);

}  // namespace accord::model
