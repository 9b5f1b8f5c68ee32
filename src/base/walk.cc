#include "base/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/errors.h"
#include "base/file.h"

namespace accord {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;
constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
// A pipe that nobody writes to would be waited for otherwise.
constexpr int kFile = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

class OpenedFile {
 public:
  explicit OpenedFile(int fd) : fd_(fd) {}
  ~OpenedFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  OpenedFile(const OpenedFile&) = delete;
  OpenedFile& operator=(const OpenedFile&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::int64_t Nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

const char* KindOf(mode_t mode) {
  if (S_ISLNK(mode)) return "a symbolic link";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

}  // namespace

FileWalk::Identity FileWalk::IdentityOf(const void* stat) {
  const auto& info = *static_cast<const struct stat*>(stat);
  return {static_cast<std::uint64_t>(info.st_dev), static_cast<std::uint64_t>(info.st_ino),
          static_cast<std::uint64_t>(info.st_size), Nanoseconds(info.st_mtim), Nanoseconds(info.st_ctim)};
}

FileWalk::~FileWalk() {
  for (const Level& level : levels_) ::close(level.fd);
}

Status FileWalk::Refuse(const std::string& path, const std::string& why) const {
  return Fail(errors::kWalkRefused, Printable((root_ / path).string(), 1'000) + " " + why);
}

Result<FileWalk> FileWalk::Open(const std::filesystem::path& root) {
  FileWalk walk(root);
  const int fd = ::open(root.c_str(), kDirectory & ~O_NOFOLLOW);
  if (fd < 0) return ErrnoStatus(errno, "cannot open the directory", root);
  ACCORD_RETURN_IF_ERROR(walk.Enter(fd, ""));
  return walk;
}

Status FileWalk::Enter(int fd, std::string path) {
  levels_.push_back({.fd = fd, .path = std::move(path), .names = {}});
  if (levels_.size() > kMaxDepth + 1) return Refuse(levels_.back().path, "is nested too deep");
  return ListNames(levels_.back());
}

// Directories are sorted as if their names ended in "/", as the paths of what is in them have it: that is the
// order of the whole paths, "a-b" before "a/c" before "ab".
Status FileWalk::ListNames(Level& level) const {
  DIR* const directory = ::fdopendir(::fcntl(level.fd, F_DUPFD_CLOEXEC, 0));
  if (directory == nullptr) return ErrnoStatus(errno, "cannot list", root_ / level.path);
  Status status;
  errno = 0;
  while (const dirent* entry = ::readdir(directory)) {
    std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat info {};
    if (::fstatat(level.fd, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      status = ErrnoStatus(errno, "cannot read", root_ / (level.path + name));
    } else if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
      status = Refuse(level.path + name, std::string("is ") + KindOf(info.st_mode));
    } else if (level.path.size() + name.size() > kMaxPathBytes) {
      status = Refuse(level.path + name, "has too long a path");
    } else if (level.names.size() == kMaxNames) {
      status = Refuse(level.path, "has too many names; put them into directories below it");
    }
    if (!status.ok()) break;
    if (S_ISDIR(info.st_mode)) name += '/';
    level.names.push_back(std::move(name));
    errno = 0;
  }
  if (status.ok() && errno != 0) status = ErrnoStatus(errno, "cannot list", root_ / level.path);
  ::closedir(directory);
  std::ranges::sort(level.names, std::ranges::greater());
  return status;
}

Result<std::optional<WalkedFile>> FileWalk::Next() {
  name_.clear();
  while (!levels_.empty()) {
    Level& level = levels_.back();
    if (level.names.empty()) {
      ::close(level.fd);
      levels_.pop_back();
      continue;
    }
    const std::string name = std::move(level.names.back());
    level.names.pop_back();
    const std::string path = level.path + name;
    if (name.ends_with('/')) {
      const int fd = ::openat(level.fd, name.substr(0, name.size() - 1).c_str(), kDirectory);
      if (fd < 0) return ErrnoStatus(errno, "cannot open the directory", root_ / path);
      ACCORD_RETURN_IF_ERROR(Enter(fd, path));
      continue;
    }
    struct stat info {};
    if (::fstatat(level.fd, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
      return ErrnoStatus(errno, "cannot read", root_ / path);
    if (!S_ISREG(info.st_mode)) return Refuse(path, std::string("is ") + KindOf(info.st_mode));
    path_ = path;
    name_ = name;
    identity_ = IdentityOf(&info);
    return std::optional(WalkedFile{path, identity_.size});
  }
  return std::optional<WalkedFile>();
}

Status FileWalk::Read(const std::function<Status(ByteView)>& take) {
  const auto changed = [this] {
    return Fail(errors::kWalkChanged,
                Printable((root_ / path_).string(), 1'000) + " changed while it was read");
  };
  const OpenedFile file(::openat(levels_.back().fd, name_.c_str(), kFile));
  struct stat info {};
  if (file.get() < 0 || ::fstat(file.get(), &info) != 0)
    return ErrnoStatus(errno, "cannot read", root_ / path_);
  if (!(IdentityOf(&info) == identity_)) return changed();
  Bytes piece(std::min<std::uint64_t>(kPieceBytes, identity_.size + 1));
  std::uint64_t have = 0;
  while (true) {
    const ssize_t got = ::read(file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus(errno, "cannot read", root_ / path_);
    if (got == 0) break;
    have += static_cast<std::uint64_t>(got);
    if (have > identity_.size) return changed();  // who goes on writing would be read for ever
    ACCORD_RETURN_IF_ERROR(take(ByteView(piece).first(static_cast<std::size_t>(got))));
  }
  if (::fstat(file.get(), &info) != 0) return ErrnoStatus(errno, "cannot read", root_ / path_);
  return have == identity_.size && IdentityOf(&info) == identity_ ? Status() : changed();
}

}  // namespace accord
