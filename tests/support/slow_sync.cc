// A slow disk for a program that a test starts with this in LD_PRELOAD: every sync of a file whose path
// contains ACCORD_TEST_SYNC_PATH takes ACCORD_TEST_SYNC_MS milliseconds more.
#include <dlfcn.h>
#include <poll.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace {

int Slowly(const char* name, int fd) {
  static const int ms = std::stoi(std::getenv("ACCORD_TEST_SYNC_MS"));
  static const std::string slow = std::getenv("ACCORD_TEST_SYNC_PATH");
  std::error_code gone;
  const std::string path =
      std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), gone).string();
  if (path.find(slow) != std::string::npos) ::poll(nullptr, 0, ms);
  using Sync = int (*)(int);
  return reinterpret_cast<Sync>(::dlsym(RTLD_NEXT, name))(fd);
}

}  // namespace

extern "C" int fsync(int fd) { return Slowly("fsync", fd); }
extern "C" int fdatasync(int fd) { return Slowly("fdatasync", fd); }
