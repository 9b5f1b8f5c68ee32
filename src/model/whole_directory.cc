#include "model/whole_directory.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "base/atomic_file.h"
#include "base/file.h"

namespace accord::model {

Status WriteWholeDirectory(const std::filesystem::path& directory,
                           const std::function<Status(const std::filesystem::path&)>& write) {
  std::filesystem::path plain = directory;
  if (!plain.has_filename()) plain = plain.parent_path();  // "out/" is out
  std::error_code ignored;
  if (std::filesystem::exists(plain, ignored) && !std::filesystem::is_empty(plain, ignored)) {
    return ErrnoStatus(ENOTEMPTY, "cannot write to", plain);
  }
  const std::filesystem::path temporary = plain.string() + ".tmp." + std::to_string(::getpid());
  std::filesystem::remove_all(temporary, ignored);
  Status written = write(temporary);
  if (written.ok() && std::rename(temporary.c_str(), plain.c_str()) != 0) {
    written = ErrnoStatus(errno, "cannot rename to", plain);
  }
  if (written.ok()) return SyncDirectory(plain.parent_path().empty() ? "." : plain.parent_path());
  std::filesystem::remove_all(temporary, ignored);
  return written;
}

}  // namespace accord::model
