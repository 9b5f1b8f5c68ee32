#include "store/state_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "base/errors.h"
#include "base/file.h"
#include "store/fd.h"

namespace accord::store {
namespace {

constexpr std::size_t kPidDigits = 32;

// What the holder wrote into the lock file; for the message only.
std::string HolderOf(int lock_fd, const std::filesystem::path& file) {
  std::array<std::uint8_t, kPidDigits> text{};
  const Result<std::size_t> got = ReadAt(lock_fd, 0, text, file);
  const std::string pid = got.ok() ? Printable(AsText(ByteView(text).first(*got))) : "";
  return pid.empty() ? "another process" : "process " + pid;
}

Status Lock(int fd, const std::filesystem::path& file) {
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return {};
  if (errno != EWOULDBLOCK) return ErrnoStatus(errno, "cannot lock", file);
  return Fail(errors::kStoreLocked, file.parent_path().string() + " is in use by " + HolderOf(fd, file));
}

}  // namespace

Status StateDir::CheckUnused(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    return Fail(errors::kCliFile, path.string() + " is no state directory");
  }
  const std::filesystem::path file = StatePaths(path).lock_file();
  const Fd fd(::open(file.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd.valid()) return errno == ENOENT ? Status() : ErrnoStatus(errno, "cannot open", file);
  return Lock(fd.get(), file);
}

Result<std::unique_ptr<StateDir>> StateDir::Open(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::create_directories(path, error)) {
    ::chmod(path.c_str(), 0700);
    ACCORD_RETURN_IF_ERROR(SyncDirectory(std::filesystem::absolute(path / "..")));
  }
  if (error) return ErrnoStatus(error.value(), "cannot create", path);
  const std::filesystem::path file = StatePaths(path).lock_file();
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return ErrnoStatus(errno, "cannot open", file);
  std::unique_ptr<StateDir> state(new StateDir(path, fd));
  ACCORD_RETURN_IF_ERROR(Lock(fd, file));
  // Best effort, since a full disk must not keep a program from starting: the pid is for messages.
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(fd, 0) == 0) (void)WriteAt(fd, 0, AsBytes(pid), file);
  ACCORD_ASSIGN_OR_RETURN(state->reserve_, Reserve::Open(state->reserve_file()));
  return state;
}

StateDir::~StateDir() { ::close(lock_fd_); }

}  // namespace accord::store
