#include "model/gguf_header.h"

#include <array>
#include <bit>

namespace accord::model {
namespace {

// gguf_metadata_value_type.
constexpr std::uint32_t kU8 = 0, kU32 = 4, kI32 = 5, kF32 = 6, kBool = 7, kString = 8, kArray = 9;

template <class T>
void Put(T value, Bytes& out) {
  const auto bytes = std::bit_cast<std::array<std::uint8_t, sizeof(T)>>(value);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void PutText(std::string_view text, Bytes& out) {
  Put(std::uint64_t{text.size()}, out);
  const ByteView bytes = AsBytes(text);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace

void GgufHeader::Key(std::string_view key, std::uint32_t type) {
  PutText(key, keys_);
  Put(type, keys_);
  ++key_count_;
}

void GgufHeader::U32(std::string_view key, std::uint32_t value) {
  Key(key, kU32);
  Put(value, keys_);
}
void GgufHeader::F32(std::string_view key, float value) {
  Key(key, kF32);
  Put(value, keys_);
}
void GgufHeader::Bool(std::string_view key, bool value) {
  Key(key, kBool);
  Put(static_cast<std::uint8_t>(value), keys_);
}
void GgufHeader::Text(std::string_view key, std::string_view value) {
  Key(key, kString);
  PutText(value, keys_);
}

void GgufHeader::Texts(std::string_view key, const std::vector<std::string>& values) {
  Key(key, kArray);
  Put(kString, keys_);
  Put(std::uint64_t{values.size()}, keys_);
  for (const std::string& value : values) PutText(value, keys_);
}
void GgufHeader::F32s(std::string_view key, const std::vector<float>& values) {
  Key(key, kArray);
  Put(kF32, keys_);
  Put(std::uint64_t{values.size()}, keys_);
  for (const float value : values) Put(value, keys_);
}
void GgufHeader::I32s(std::string_view key, const std::vector<std::int32_t>& values) {
  Key(key, kArray);
  Put(kI32, keys_);
  Put(std::uint64_t{values.size()}, keys_);
  for (const std::int32_t value : values) Put(value, keys_);
}

void GgufHeader::U8s(std::string_view key, ByteView values) {
  Key(key, kArray);
  Put(kU8, keys_);
  Put(std::uint64_t{values.size()}, keys_);
  keys_.insert(keys_.end(), values.begin(), values.end());
}

void GgufHeader::Tensor(std::string_view name, const std::vector<std::uint64_t>& shape, std::uint32_t type,
                        std::uint64_t bytes) {
  PutText(name, tensors_);
  Put(static_cast<std::uint32_t>(shape.size()), tensors_);
  for (std::size_t i = shape.size(); i-- > 0;) Put(shape[i], tensors_);
  Put(type, tensors_);
  Put(data_, tensors_);
  data_ += bytes + GgufPadding(bytes);
  ++tensor_count_;
}

Bytes GgufHeader::Finish() const {
  Bytes header = {'G', 'G', 'U', 'F'};
  Put(std::uint32_t{3}, header);
  Put(tensor_count_, header);
  Put(key_count_, header);
  header.insert(header.end(), keys_.begin(), keys_.end());
  header.insert(header.end(), tensors_.begin(), tensors_.end());
  header.resize(header.size() + GgufPadding(header.size()));
  return header;
}

}  // namespace accord::model
