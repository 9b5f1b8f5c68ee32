#include "coordinator/state_copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "store/fd.h"

namespace accord::coordinator {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kPiece = 1U << 20;

}  // namespace

Status StatusOfCode(const std::error_code& error, const std::string& what, const fs::path& path) {
  return error ? ErrnoStatus(error.value(), what, path) : Status();
}

Status CopyFile(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  if (!error) fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  return StatusOfCode(error, "cannot copy", from);
}

Result<Digest> HashFile(const fs::path& path, bool sync) {
  const store::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(errno, "cannot open", path);
  if (sync && ::fsync(fd.get()) != 0) return ErrnoStatus(errno, "cannot sync", path);
  crypto::Sha256 hash;
  std::vector<std::uint8_t> piece(kPiece);
  for (std::uint64_t offset = 0;;) {
    ACCORD_ASSIGN_OR_RETURN(const std::size_t got, store::ReadAt(fd.get(), offset, piece, path));
    if (got == 0) return hash.Finish();
    hash.Update(ByteView(piece).first(got));
    offset += got;
  }
}

Result<PartialDirectory> PartialDirectory::Make(const fs::path& target) {
  PartialDirectory partial(fs::path(target.string() + ".partial"));
  std::error_code error;
  fs::remove_all(partial.path(), error);
  if (!fs::create_directories(partial.path(), error))
    return ErrnoStatus(error.value(), "cannot make", partial.path());
  ::chmod(partial.path().c_str(), 0700);
  return partial;
}

PartialDirectory::~PartialDirectory() {
  std::error_code error;
  if (!path_.empty()) fs::remove_all(path_, error);
}

Status PartialDirectory::Become(const fs::path& target) {
  std::error_code error;
  fs::rename(path_, target, error);
  ACCORD_RETURN_IF_ERROR(StatusOfCode(error, "cannot rename to", target));
  path_.clear();
  return store::SyncDirectory(fs::absolute(target).parent_path());
}

Status PartialDirectory::Replace(const fs::path& target, const fs::path& aside) {
  ACCORD_RETURN_IF_ERROR(Become(aside));
  if (::renameat2(AT_FDCWD, aside.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) != 0) {
    const Status failed = ErrnoStatus(errno, "cannot take the place of", target);
    path_ = aside;  // the copy: removed
    return failed;
  }
  return store::SyncDirectory(fs::absolute(target).parent_path());
}

}  // namespace accord::coordinator
