// Secret bytes: cleansed before their memory is given back, never copied by accident, never printed.
// Used by everything that holds a key, a token's secret or a seed. Not thread-safe; move between threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "accord/status.h"
#include "base/text.h"

namespace accord::crypto {

// Overwrites `bytes` with zeros in a way that the compiler cannot leave out.
void Cleanse(std::span<std::uint8_t> bytes);
// Whether both have the same size and content, in a time that depends on the size alone.
[[nodiscard]] bool EqualConstantTime(ByteView a, ByteView b);

class ZeroizingBytes {
 public:
  ZeroizingBytes() = default;
  // `size` zero bytes, to be filled through bytes().
  explicit ZeroizingBytes(std::size_t size);
  [[nodiscard]] static ZeroizingBytes CopyOf(ByteView bytes);

  ZeroizingBytes(const ZeroizingBytes&) = delete;
  ZeroizingBytes& operator=(const ZeroizingBytes&) = delete;
  ZeroizingBytes(ZeroizingBytes&& other) noexcept;
  ZeroizingBytes& operator=(ZeroizingBytes&& other) noexcept;
  ~ZeroizingBytes();

  // A second copy, where a secret has two owners; on purpose not a constructor.
  [[nodiscard]] ZeroizingBytes Clone() const { return CopyOf(view()); }
  [[nodiscard]] std::span<std::uint8_t> bytes() { return {data_.get(), size_}; }
  [[nodiscard]] ByteView view() const { return {data_.get(), size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  friend bool operator==(const ZeroizingBytes& a, const ZeroizingBytes& b) {
    return EqualConstantTime(a.view(), b.view());
  }

 private:
  std::unique_ptr<std::uint8_t[]> data_;
  std::size_t size_ = 0;
};

// The content of a small file (at most 64 KiB) that holds a secret; `store.io` as ReadFile.
[[nodiscard]] Result<ZeroizingBytes> ReadSecretFile(const std::filesystem::path& path);
// The same for a file of a person, who may have made it with any rights: `key.exposed` unless its owner alone
// has some.
[[nodiscard]] Result<ZeroizingBytes> ReadPrivateFile(const std::filesystem::path& path);

}  // namespace accord::crypto
