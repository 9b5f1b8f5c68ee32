#include "tests/simulation/lost_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <vector>

#include "base/mutex.h"

namespace accord::simulation {

std::atomic<const sim::Disk*> CurrentDisk = nullptr;

namespace {

Mutex synced_mutex;                                              // a sum is stored by a thread of its own
std::set<std::uint64_t> synced ACCORD_GUARDED_BY(synced_mutex);  // inodes

bool Full() {
  const sim::Disk* disk = CurrentDisk;
  return disk != nullptr && disk->full;
}

void NoteSync(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return;
  const MutexLock lock(synced_mutex);
  synced.insert(info.st_ino);
}

bool WasSynced(const std::filesystem::path& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return true;
  const MutexLock lock(synced_mutex);
  return synced.contains(info.st_ino);
}

}  // namespace

void LoseFiles(const std::filesystem::path& directory, sim::Random& random) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    if (it->is_regular_file(error) && it->path().filename() != "reserve") files.push_back(it->path());
  }
  std::ranges::sort(files);  // the order of a directory is the system's
  for (const auto& file : files) {
    if (WasSynced(file)) continue;
    const auto size = std::filesystem::file_size(file, error);
    switch (random.Below(4)) {
      case 0:
        std::filesystem::remove(file, error);
        break;
      case 1:
        std::filesystem::resize_file(file, size / 2, error);
        break;
      case 2:  // the right length, of zeros
        std::filesystem::resize_file(file, 0, error);
        std::filesystem::resize_file(file, size, error);
        break;
      default:
        break;
    }
  }
}

void ForgetFiles() {
  const MutexLock lock(synced_mutex);
  synced.clear();
}

}  // namespace accord::simulation

// In place of libc's, for the whole program.
extern "C" {

int fdatasync(int fd) {
  accord::simulation::NoteSync(fd);
  return 0;
}
int fsync(int fd) {
  accord::simulation::NoteSync(fd);
  return 0;
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  if (accord::simulation::Full()) {
    errno = ENOSPC;
    return -1;
  }
  return ::syscall(SYS_pwrite64, fd, bytes, size, offset);
}
int fallocate(int fd, int mode, off_t offset, off_t size) {
  if (accord::simulation::Full()) {
    errno = ENOSPC;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fallocate, fd, mode, offset, size));
}
}
