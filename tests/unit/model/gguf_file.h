// Reads a GGUF file by the text of ggml's docs/gguf.md, with nothing of the writer's: for tests. Throws
// std::out_of_range (of at) for a file that ends too early.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/text.h"

namespace accord::testing {

struct GgufTensor {
  std::vector<std::uint64_t> ne;
  std::uint32_t type = 0;
  std::uint64_t offset = 0;
};

class GgufFile {
 public:
  explicit GgufFile(Bytes bytes) : bytes_(std::move(bytes)) {
    ACCORD_CHECK(Take<std::uint32_t>() == 0x46554747);  // "GGUF"
    version = Take<std::uint32_t>();
    const auto tensor_count = Take<std::uint64_t>();
    const auto key_count = Take<std::uint64_t>();
    for (std::uint64_t i = 0; i < key_count; ++i) {
      const std::string key = Text();
      order.push_back(key);
      ACCORD_CHECK(keys.emplace(key, Value(Take<std::uint32_t>())).second);
    }
    for (std::uint64_t i = 0; i < tensor_count; ++i) {
      const std::string name = Text();
      order.push_back(name);
      GgufTensor& tensor = tensors[name];
      tensor.ne.resize(Take<std::uint32_t>());
      for (std::uint64_t& n : tensor.ne) n = Take<std::uint64_t>();
      tensor.type = Take<std::uint32_t>();
      tensor.offset = Take<std::uint64_t>();
    }
    data_ = (at_ + 31) / 32 * 32;
  }

  // `count` bytes of a tensor's data.
  [[nodiscard]] Bytes Data(const std::string& name, std::size_t count) const {
    const std::size_t first = data_ + tensors.at(name).offset;
    ACCORD_CHECK(first + count <= bytes_.size());
    return {bytes_.begin() + static_cast<std::ptrdiff_t>(first),
            bytes_.begin() + static_cast<std::ptrdiff_t>(first + count)};
  }
  [[nodiscard]] std::vector<float> Floats(const std::string& name, std::size_t count) const {
    const Bytes bytes = Data(name, count * sizeof(float));
    std::vector<float> floats(count);
    std::memcpy(floats.data(), bytes.data(), bytes.size());
    return floats;
  }
  [[nodiscard]] std::size_t data_bytes() const { return bytes_.size() - data_; }

  std::uint32_t version = 0;
  std::map<std::string, std::string> keys;  // "type:value"; of an array "type[count]:first,second,..."
  std::map<std::string, GgufTensor> tensors;
  std::vector<std::string> order;

 private:
  template <class T>
  T Take() {
    T value{};
    ACCORD_CHECK(sizeof(T) <= bytes_.size() - at_);
    std::memcpy(&value, bytes_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }
  std::string Text() {
    const auto size = Take<std::uint64_t>();
    ACCORD_CHECK(size <= bytes_.size() - at_);
    std::string text(reinterpret_cast<const char*>(bytes_.data() + at_), size);
    at_ += size;
    return text;
  }
  std::string Value(std::uint32_t type) {
    if (type == 0) return "u8:" + std::to_string(Take<std::uint8_t>());
    if (type == 4) return "u32:" + std::to_string(Take<std::uint32_t>());
    if (type == 5) return "i32:" + std::to_string(Take<std::int32_t>());
    if (type == 6) return "f32:" + std::to_string(Take<float>());
    if (type == 7) return "bool:" + std::to_string(Take<std::uint8_t>());
    if (type == 8) return "text:" + Text();
    ACCORD_CHECK(type == 9);
    const auto element = Take<std::uint32_t>();
    const auto count = Take<std::uint64_t>();
    std::string values;
    std::string name;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string value = Value(element);
      name = value.substr(0, value.find(':'));
      values += (i == 0 ? "" : ",") + value.substr(value.find(':') + 1);
    }
    return name + "[" + std::to_string(count) + "]:" + values;
  }

  Bytes bytes_;
  std::size_t at_ = 0, data_ = 0;
};

}  // namespace accord::testing
