#include "base/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace accord {
namespace {

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

std::filesystem::path DirectoryOf(const std::filesystem::path& path) {
  return path.parent_path().empty() ? "." : path.parent_path();
}

}  // namespace

Status SyncDirectory(const std::filesystem::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, "cannot sync", directory);
  const int error = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  return error == 0 ? Status() : ErrnoStatus(error, "cannot sync", directory);
}

AtomicFile::AtomicFile(int fd, std::filesystem::path path, std::filesystem::path temporary)
    : fd_(fd), path_(std::move(path)), temporary_(std::move(temporary)) {}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)) {}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

Result<AtomicFile> AtomicFile::Create(const std::filesystem::path& path, FileMode file_mode) {
  if (!path.has_filename()) return ErrnoStatus(EISDIR, "cannot create", path);  // "out/" would be made
  ACCORD_RETURN_IF_ERROR(CreateDirectories(DirectoryOf(path)));
  static std::atomic<std::uint64_t> writes{0};  // two threads that write one path must not share a file
  const std::filesystem::path temporary =
      path.string() + ".tmp." + std::to_string(::getpid()) + "." + std::to_string(writes++);
  const mode_t mode = file_mode == FileMode::kPrivate ? 0600 : 0644;
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return ErrnoStatus(errno, "cannot create", temporary);
  AtomicFile file(fd, path, temporary);
  if (::fchmod(fd, mode) != 0) return ErrnoStatus(errno, "cannot set the mode of", temporary);
  return file;
}

Status AtomicFile::Write(ByteView piece) {
  while (!piece.empty()) {
    const ssize_t wrote = ::write(fd_, piece.data(), piece.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return ErrnoStatus(errno, "cannot write", temporary_);
    piece = piece.subspan(static_cast<std::size_t>(wrote));
  }
  return {};
}

Status AtomicFile::Commit() {
  if (::fdatasync(fd_) != 0) return ErrnoStatus(errno, "cannot sync", temporary_);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return ErrnoStatus(errno, "cannot rename to", path_);
  ::close(std::exchange(fd_, -1));
  return SyncDirectory(DirectoryOf(path_));
}

}  // namespace accord
