#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/atomic_file.h"
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
  ACCORD_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path, mode));
  for (const ByteView piece : pieces) ACCORD_RETURN_IF_ERROR(file.Write(piece));
  return file.Commit();
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
