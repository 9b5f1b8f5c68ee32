#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/errors.h"

namespace accord {
namespace {

// Closes on every path; the descriptor is owned.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

Status WriteAll(int fd, ByteView content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t wrote = ::write(fd, content.data(), content.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return ErrnoStatus(errno, "cannot write", path);
    content = content.subspan(static_cast<std::size_t>(wrote));
  }
  return {};
}

Status SyncDirectory(const std::filesystem::path& directory) {
  const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || ::fsync(fd.get()) != 0) return ErrnoStatus(errno, "cannot sync", directory);
  return {};
}

// Creates what is missing of `directory`, durably.
Status CreateDirectories(const std::filesystem::path& directory) {
  std::error_code error;
  if (directory.empty() || std::filesystem::is_directory(directory, error)) return {};
  const std::filesystem::path parent = directory.parent_path();
  ACCORD_RETURN_IF_ERROR(CreateDirectories(parent));
  const bool made = std::filesystem::create_directory(directory, error);
  if (error) return ErrnoStatus(error.value(), "cannot create", directory);
  return made ? SyncDirectory(parent.empty() ? "." : parent) : Status();
}

Status WriteTemporary(const std::filesystem::path& temporary, std::span<const ByteView> pieces, mode_t mode) {
  const Descriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (fd.get() < 0) return ErrnoStatus(errno, "cannot create", temporary);
  if (::fchmod(fd.get(), mode) != 0) return ErrnoStatus(errno, "cannot set the mode of", temporary);
  for (const ByteView piece : pieces) ACCORD_RETURN_IF_ERROR(WriteAll(fd.get(), piece, temporary));
  if (::fdatasync(fd.get()) != 0) return ErrnoStatus(errno, "cannot sync", temporary);
  return {};
}

}  // namespace

Status ErrnoStatus(int error, const std::string& what, const std::filesystem::path& path) {
  const std::string message = what + " " + path.string() + ": " + std::strerror(error);
  if (error == ENOSPC || error == EDQUOT) return Fail(errors::kStoreDiskFull, message);
  return Fail(errors::kStoreIo, message);
}

Status WriteFileAtomic(const std::filesystem::path& path, ByteView content, FileMode mode) {
  return WriteFileAtomic(path, std::span(&content, 1), mode);
}

Status WriteFileAtomic(const std::filesystem::path& path, std::span<const ByteView> pieces, FileMode mode) {
  const std::filesystem::path directory = path.parent_path().empty() ? "." : path.parent_path();
  ACCORD_RETURN_IF_ERROR(CreateDirectories(directory));
  static std::atomic<std::uint64_t> writes{0};  // two threads that write one path must not share a file
  const std::filesystem::path temporary =
      path.string() + ".tmp." + std::to_string(::getpid()) + "." + std::to_string(writes++);
  Status written = WriteTemporary(temporary, pieces, mode == FileMode::kPrivate ? 0600 : 0644);
  if (written.ok() && ::rename(temporary.c_str(), path.c_str()) != 0)
    written = ErrnoStatus(errno, "cannot rename to", path);
  if (!written.ok()) {
    ::unlink(temporary.c_str());
    return written;
  }
  return SyncDirectory(directory);
}

Result<Bytes> ReadFile(const std::filesystem::path& path, std::uint64_t limit) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (fd.get() < 0 || ::fstat(fd.get(), &info) != 0) return ErrnoStatus(errno, "cannot read", path);
  if (!S_ISREG(info.st_mode)) return Fail(errors::kStoreIo, path.string() + " is not a regular file");
  if (static_cast<std::uint64_t>(info.st_size) > limit) {
    return Fail(errors::kStoreIo, path.string() + " has " +
                                      FormatBytes(static_cast<std::uint64_t>(info.st_size)) +
                                      ", more than the limit of " + FormatBytes(limit));
  }
  Bytes content(static_cast<std::size_t>(info.st_size));
  std::size_t have = 0;
  while (have < content.size()) {
    const ssize_t got = ::read(fd.get(), content.data() + have, content.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus(errno, "cannot read", path);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  content.resize(have);
  return content;
}

}  // namespace accord
