// What backup and restore share: copies that are whole and on the disk, or absent. Waits for the disk.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

#include "accord/ids.h"
#include "accord/status.h"

namespace accord::coordinator {

// Ok without an error; else `store.disk_full` or `store.io` with the path.
[[nodiscard]] Status StatusOfCode(const std::error_code& error, const std::string& what,
                                  const std::filesystem::path& path);
// Over a file that may be there; makes the directories.
[[nodiscard]] Status CopyFile(const std::filesystem::path& from, const std::filesystem::path& to);
// SHA-256 of the content. `sync`: it is on disk then.
[[nodiscard]] Result<Digest> HashFile(const std::filesystem::path& path, bool sync);

// A directory that is being filled. Removed with all that is in it, unless it became what it was made for.
class PartialDirectory {
 public:
  // `target` with ".partial" behind it; what an earlier one left there is removed.
  [[nodiscard]] static Result<PartialDirectory> Make(const std::filesystem::path& target);
  ~PartialDirectory();
  PartialDirectory(PartialDirectory&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  PartialDirectory& operator=(PartialDirectory&&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // Takes the name of `target`, which is absent or an empty directory. On disk when it returns.
  [[nodiscard]] Status Become(const std::filesystem::path& target);
  // The same where `target` is a directory, which gets the name `aside`, beside it: at no moment is there
  // none.
  [[nodiscard]] Status Replace(const std::filesystem::path& target, const std::filesystem::path& aside);

 private:
  explicit PartialDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace accord::coordinator
