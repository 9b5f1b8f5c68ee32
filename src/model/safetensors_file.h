// What stands where in a safetensors file, checked but not yet read: the part that models of ours and
// checkpoints of others have in common.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "accord/model.h"
#include "accord/status.h"
#include "base/text.h"
#include "model/float_format.h"

namespace accord::model {

// A file in memory or on disk.
struct Source {
  std::uint64_t size = 0;
  std::function<Status(std::uint64_t offset, std::span<std::uint8_t> out)> read;  // within size
};
// `file` is borrowed.
[[nodiscard]] Source MemorySource(ByteView file);
// Open as long as it lives. `store.io` when it cannot be opened.
[[nodiscard]] Result<Source> FileSource(const std::filesystem::path& path);

struct StoredTensors {
  ModelLayout layout;                   // by name; offsets as a flat buffer of this layout has them
  std::vector<FloatFormat> format;      // of each tensor
  std::vector<std::uint64_t> position;  // where the bytes of each tensor begin in the file
};

// The tensors of a file, which fill it without gap or overlap, and as many bytes each as shape and type say.
// `safetensors.header`, `safetensors.offsets`, `safetensors.truncated`; `safetensors.dtype` for another type;
// and as MakeLayout.
[[nodiscard]] Result<StoredTensors> ReadStoredTensors(const Source& source);

// "F32", "F16", "BF16": as headers say it.
[[nodiscard]] std::string_view DtypeOf(FloatFormat format);

// `safetensors.tensors`, naming the first tensor that is missing, superfluous or of another shape.
[[nodiscard]] Status CheckTensors(const ModelLayout& file, const ModelLayout& wanted);

}  // namespace accord::model
