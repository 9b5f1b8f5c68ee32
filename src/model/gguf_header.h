// The front of a GGUF file: magic, keys with values, and what stands where. Internal to gguf.cc and
// gguf_adapter.cc. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace accord::model {

inline constexpr std::uint64_t kGgufAlignment = 32;

// Collects keys and tensors, and puts them together.
class GgufHeader {
 public:
  void U32(std::string_view key, std::uint32_t value);
  void F32(std::string_view key, float value);
  void Bool(std::string_view key, bool value);
  void Text(std::string_view key, std::string_view value);
  void Texts(std::string_view key, const std::vector<std::string>& values);
  void F32s(std::string_view key, const std::vector<float>& values);
  void I32s(std::string_view key, const std::vector<std::int32_t>& values);
  void U8s(std::string_view key, ByteView values);
  // Tensors stand in the order of these calls, each from a multiple of kGgufAlignment on. `shape` as ours:
  // the last dimension is contiguous; the file has them the other way round.
  void Tensor(std::string_view name, const std::vector<std::uint64_t>& shape, std::uint32_t type,
              std::uint64_t bytes);

  // All before the data of the first tensor, padded to the alignment.
  [[nodiscard]] Bytes Finish() const;

 private:
  void Key(std::string_view key, std::uint32_t type);

  Bytes keys_, tensors_;
  std::uint64_t key_count_ = 0, tensor_count_ = 0;
  std::uint64_t data_ = 0;  // bytes of the tensors so far, padded
};

// Zeros that are missing to the next multiple of kGgufAlignment.
[[nodiscard]] constexpr std::uint64_t GgufPadding(std::uint64_t bytes) {
  return (kGgufAlignment - bytes % kGgufAlignment) % kGgufAlignment;
}

}  // namespace accord::model
