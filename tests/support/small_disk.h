// A disk small enough to fill: a tmpfs in a mount namespace of the test process, so that it is gone with the
// process whatever happens. Needs root or unprivileged user namespaces; Mount() says when it has neither.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/check.h"
#include "tests/support/temp_dir.h"

namespace accord::testing {

class SmallDisk {
 public:
  ~SmallDisk() {
    if (mounted_) ::umount2(dir_.path().c_str(), MNT_DETACH);
  }

  // Call before the process has threads. False: this machine does not allow it, so skip the test.
  [[nodiscard]] bool Mount(std::uint64_t size) {
    static const bool allowed = EnterNamespace();
    const std::string options = "size=" + std::to_string(size);
    mounted_ = allowed && ::mount("tmpfs", dir_.path().c_str(), "tmpfs", 0, options.c_str()) == 0;
    return mounted_;
  }

  // Takes all that is free but `left` bytes; Free gives it back.
  void Fill(std::uint64_t left = 0) {
    const int fd = ::open(filler().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ACCORD_CHECK(fd >= 0);
    struct stat info {};
    ACCORD_CHECK(::fstat(fd, &info) == 0);
    off_t end = info.st_size;
    for (off_t step = 1 << 20; step >= 4096; step /= 2) {
      while (::fallocate(fd, 0, end, step) == 0) end += step;
    }
    ACCORD_CHECK(static_cast<std::uint64_t>(end) >= left);
    ACCORD_CHECK(::ftruncate(fd, end - static_cast<off_t>(left)) == 0);
    ::close(fd);
  }
  void Free() { std::filesystem::remove(filler()); }

  [[nodiscard]] const std::filesystem::path& path() const { return dir_.path(); }

 private:
  static bool EnterNamespace() {
    const int flags = CLONE_NEWNS | (::geteuid() == 0 ? 0 : CLONE_NEWUSER);
    return ::unshare(flags) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  }
  [[nodiscard]] std::filesystem::path filler() const { return dir_.path() / "filler"; }

  TempDir dir_;
  bool mounted_ = false;
};

}  // namespace accord::testing
