// Safetensors files as others write them, for tests: any type, any order, one after the other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/file.h"
#include "base/text.h"

namespace accord::testing {

struct FileTensor {
  std::string name;
  std::string dtype;
  std::vector<std::uint64_t> shape;
  Bytes data;
};

// `values` as little-endian words of `width` bytes.
inline Bytes Words(const std::vector<std::uint32_t>& values, int width) {
  Bytes bytes;
  for (const std::uint32_t value : values) {
    for (int i = 0; i < width; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  return bytes;
}

inline Bytes SafetensorsFile(const std::vector<FileTensor>& tensors) {
  std::string header;
  Bytes data;
  for (const FileTensor& tensor : tensors) {
    std::string shape;
    for (const std::uint64_t n : tensor.shape) shape += (shape.empty() ? "" : ", ") + std::to_string(n);
    header += std::string(header.empty() ? "{" : ", ") + "\"" + tensor.name + R"(": {"dtype": ")" +
              tensor.dtype + R"(", "shape": [)" + shape + R"(], "data_offsets": [)" +
              std::to_string(data.size()) + ", " + std::to_string(data.size() + tensor.data.size()) + "]}";
    data.insert(data.end(), tensor.data.begin(), tensor.data.end());
  }
  header += "}";
  Bytes file;
  for (int i = 0; i < 8; ++i) file.push_back(static_cast<std::uint8_t>(header.size() >> (8 * i)));
  file.insert(file.end(), header.begin(), header.end());
  file.insert(file.end(), data.begin(), data.end());
  return file;
}

inline void Put(const std::filesystem::path& path, ByteView content) {
  ACCORD_CHECK(WriteFileAtomic(path, content, FileMode::kShared).ok());
}

}  // namespace accord::testing
