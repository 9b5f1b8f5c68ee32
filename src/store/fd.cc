#include "store/fd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/file.h"

namespace accord::store {
namespace {

constexpr std::size_t kZeroChunk = 1U << 20;

Status AppendZeros(int fd, std::uint64_t size, const std::filesystem::path& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return ErrnoStatus(errno, "cannot inspect", path);
  const std::vector<std::uint8_t> zeros(kZeroChunk);
  for (auto offset = static_cast<std::uint64_t>(info.st_size); offset < size;) {
    const auto chunk = static_cast<std::size_t>(std::min<std::uint64_t>(kZeroChunk, size - offset));
    ACCORD_RETURN_IF_ERROR(WriteAt(fd, offset, ByteView(zeros).first(chunk), path));
    offset += chunk;
  }
  return {};
}

}  // namespace

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

Status WriteAt(int fd, std::uint64_t offset, ByteView bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return ErrnoStatus(wrote == 0 ? ENOSPC : errno, "cannot write", path);
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
    offset += static_cast<std::uint64_t>(wrote);
  }
  return {};
}

Result<std::size_t> ReadAt(int fd, std::uint64_t offset, std::span<std::uint8_t> out,
                           const std::filesystem::path& path) {
  std::size_t have = 0;
  while (have < out.size()) {
    const ssize_t got = ::pread(fd, out.data() + have, out.size() - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus(errno, "cannot read", path);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  return have;
}

Status AllocateBlocks(int fd, std::uint64_t size, const std::filesystem::path& path) {
  if (size == 0) return {};
  int result = 0;
  do {
    result = ::fallocate(fd, 0, 0, static_cast<off_t>(size));
  } while (result != 0 && errno == EINTR);
  if (result == 0) return {};
  if (errno != EOPNOTSUPP && errno != ENOSYS) return ErrnoStatus(errno, "cannot allocate", path);
  return AppendZeros(fd, size, path);
}

Status SyncDirectory(const std::filesystem::path& directory) {
  const Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0) return ErrnoStatus(errno, "cannot sync", directory);
  return {};
}

}  // namespace accord::store
