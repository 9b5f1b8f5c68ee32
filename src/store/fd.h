// Descriptors and whole reads and writes on them, for the files of this module. No global state.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <utility>

#include "accord/status.h"
#include "base/text.h"

namespace accord::store {

// Owns a descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd();
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// `path` names the file in messages. Short transfers and interruptions are dealt with.
[[nodiscard]] Status WriteAt(int fd, std::uint64_t offset, ByteView bytes, const std::filesystem::path& path);
// The number of bytes read: fewer than asked only at the end of the file.
[[nodiscard]] Result<std::size_t> ReadAt(int fd, std::uint64_t offset, std::span<std::uint8_t> out,
                                         const std::filesystem::path& path);
// Makes the first `size` bytes of the file exist on disk, so that writing them cannot meet a full disk;
// existing content stays. By fallocate, or by zeros behind the end where the file system has none.
[[nodiscard]] Status AllocateBlocks(int fd, std::uint64_t size, const std::filesystem::path& path);
[[nodiscard]] Status SyncDirectory(const std::filesystem::path& directory);

}  // namespace accord::store
