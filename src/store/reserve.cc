#include "store/reserve.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include "base/errors.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "store/fd.h"

namespace accord::store {

Result<std::unique_ptr<Reserve>> Reserve::Open(std::filesystem::path file, std::uint64_t size) {
  std::unique_ptr<Reserve> reserve(new Reserve(std::move(file), size));
  const MutexLock lock(reserve->mutex_);
  if (Status status = reserve->Allocate(); !status.ok()) {
    if (status.error() != errors::kStoreDiskFull.id) return status;
    LogWarn("store.reserve_missing", {{"error", Describe(status)}});
  }
  return reserve;
}

void Reserve::Release() {
  const MutexLock lock(mutex_);
  if (!held_) return;
  ::unlink(file_.c_str());
  held_ = false;
  LogWarn("store.reserve_released", {{"file", file_.string()}, {"size", FormatBytes(size_)}});
}

Status Reserve::Restore() {
  const MutexLock lock(mutex_);
  if (held_) return {};
  struct statvfs disk {};
  if (::statvfs(file_.parent_path().c_str(), &disk) != 0) {
    return ErrnoStatus(errno, "cannot inspect the disk of", file_);
  }
  const std::uint64_t available = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  if (available < 2 * size_) {
    return Fail(errors::kStoreDiskFull, "the disk of " + file_.string() + " has " + FormatBytes(available) +
                                            " free; work goes on from " + FormatBytes(2 * size_));
  }
  ACCORD_RETURN_IF_ERROR(Allocate());
  LogInfo("store.reserve_restored", {{"file", file_.string()}, {"size", FormatBytes(size_)}});
  return {};
}

bool Reserve::held() const {
  const MutexLock lock(mutex_);
  return held_;
}

Status Reserve::Allocate() {
  const Fd fd(::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid()) return ErrnoStatus(errno, "cannot create", file_);
  if (Status status = AllocateBlocks(fd.get(), size_, file_); !status.ok()) {
    ::unlink(file_.c_str());
    return status;
  }
  held_ = true;
  return {};
}

}  // namespace accord::store
