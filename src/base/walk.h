// The files below a directory, one after the other, in the order of the bytes of their paths: what is done to
// a directory of any size in bounded memory (a directory's own names and nothing more). What could be another
// file tomorrow, or for another reader, is an error and not left out: symbolic links, devices, pipes and
// sockets, what cannot be read, what changes while it is read. One thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "accord/status.h"
#include "base/text.h"

namespace accord {

struct WalkedFile {
  std::string path;  // below the root, with "/" between; any bytes but "\0", as the file system has them
  std::uint64_t size = 0;
};

class FileWalk {
 public:
  static constexpr std::size_t kMaxDepth = 100;        // of directories in one another
  static constexpr std::size_t kMaxNames = 4'000'000;  // in one directory
  static constexpr std::size_t kMaxPathBytes = 65'535;

  // `root` may be a symbolic link to a directory; nothing below it may. `walk.refused`, `store.io`.
  [[nodiscard]] static Result<FileWalk> Open(const std::filesystem::path& root);
  FileWalk(FileWalk&& other) noexcept = default;
  FileWalk& operator=(FileWalk&&) = delete;
  ~FileWalk();

  // The next file, or nothing at the end. `walk.refused` with the path and the reason; after an error there
  // is no next one.
  [[nodiscard]] Result<std::optional<WalkedFile>> Next();
  // The content of the file that Next() gave last, in pieces of at most 1 MiB. `walk.changed` when it is not
  // what it was, before or after; errors of `take` as they are.
  [[nodiscard]] Status Read(const std::function<Status(ByteView)>& take);

 private:
  struct Level {
    int fd = -1;                     // owned, of the directory
    std::string path;                // with "/" at its end; "" for the root
    std::vector<std::string> names;  // of directories with "/" at the end; sorted, the next one last
  };
  explicit FileWalk(std::filesystem::path root) : root_(std::move(root)) {}
  [[nodiscard]] Status Enter(int fd, std::string path);
  [[nodiscard]] Status ListNames(Level& level) const;
  [[nodiscard]] Status Refuse(const std::string& path, const std::string& why) const;

  std::filesystem::path root_;
  std::vector<Level> levels_;  // the open directories, the root first
  std::string path_, name_;    // of the file that Next() gave
  struct Identity {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t modified_ns = 0, changed_ns = 0;
    friend bool operator==(const Identity&, const Identity&) = default;
  } identity_;
  [[nodiscard]] static Identity IdentityOf(const void* stat);
};

}  // namespace accord
