#include "ledger/log_storage.h"

#include <system_error>

#include "base/errors.h"
#include "base/file.h"
#include "ledger/tile.h"

namespace accord::ledger {
namespace {

// The longest file of a log: a full bundle of the longest entries.
constexpr std::uint64_t kMaxFileBytes = kTileWidth * (2 + kMaxEntryBytes);

}  // namespace

Result<Bytes> LogDirectory::Read(const std::string& path) {
  const std::filesystem::path file = root_ / path;
  std::error_code error;
  if (!std::filesystem::exists(file, error) && !error) {
    return Fail(errors::kLogNotFound, "the log has no file " + file.string());
  }
  return ReadFile(file, kMaxFileBytes);
}

Status LogDirectory::Write(const std::string& path, ByteView content) {
  return WriteFileAtomic(root_ / path, content, FileMode::kShared);
}

Status LogDirectory::Remove(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(root_ / path, error);
  return error ? ErrnoStatus(error.value(), "cannot remove", root_ / path) : Status();
}

Result<std::vector<std::string>> LogDirectory::List() {
  std::vector<std::string> paths;
  std::error_code error;
  std::filesystem::recursive_directory_iterator files(root_, error);
  if (error == std::errc::no_such_file_or_directory) return paths;
  for (; !error && files != std::filesystem::recursive_directory_iterator(); files.increment(error)) {
    if (files->is_regular_file(error))
      paths.push_back(files->path().lexically_relative(root_).generic_string());
  }
  if (error) return ErrnoStatus(error.value(), "cannot list", root_);
  return paths;
}

}  // namespace accord::ledger
