// Generated data files for the tests of the readers.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace accord::data {

// The bytes of an IDX file: magic, dimensions, elements as given.
inline Bytes IdxBytes(std::uint8_t type, const std::vector<std::uint32_t>& shape, const Bytes& elements) {
  Bytes bytes = {0, 0, type, static_cast<std::uint8_t>(shape.size())};
  for (const std::uint32_t n : shape) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(n >> shift));
  }
  bytes.insert(bytes.end(), elements.begin(), elements.end());
  return bytes;
}

// 0, 1, 2 ... (mod 256).
inline Bytes Counting(std::size_t count) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(i);
  return bytes;
}

// A fresh directory that goes away with the test.
class FilesTest : public ::testing::Test {
 protected:
  FilesTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "accord-data-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  ~FilesTest() override { std::filesystem::remove_all(directory_); }

  std::filesystem::path Write(const std::string& name, ByteView bytes) const {
    const std::filesystem::path path = directory_ / name;
    std::ofstream(path, std::ios::binary) << AsText(bytes);
    return path;
  }
  std::filesystem::path Write(const std::string& name, std::string_view text) const {
    return Write(name, AsBytes(text));
  }
  std::filesystem::path WriteGzip(const std::string& name, ByteView bytes) const {
    const std::filesystem::path path = directory_ / name;
    const gzFile file = gzopen(path.c_str(), "wb");
    EXPECT_EQ(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())),
              static_cast<int>(bytes.size()));
    EXPECT_EQ(gzclose(file), Z_OK);
    return path;
  }
  std::filesystem::path Path(const std::string& name) const { return directory_ / name; }

 private:
  std::filesystem::path directory_;
};

}  // namespace accord::data
