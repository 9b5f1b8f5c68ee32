// A file written piece by piece that stands whole or not at all: for content that is made while it is written
// and would not fit into memory twice. One thread at a time.
#pragma once

#include <filesystem>

#include "accord/status.h"
#include "base/file.h"
#include "base/text.h"

namespace accord {

// Makes the names in `directory` durable.
[[nodiscard]] Status SyncDirectory(const std::filesystem::path& directory);

class AtomicFile {
 public:
  // Opens a temporary file beside `path`; missing parent directories are made, but
  // not where the path ends with one ("out/"). Failures are those of
  // ErrnoStatus, here and below.
  [[nodiscard]] static Result<AtomicFile> Create(const std::filesystem::path& path, FileMode mode);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  // Without a Commit that succeeded the temporary file is removed, and `path` is as it was.
  ~AtomicFile();

  // Appends.
  [[nodiscard]] Status Write(ByteView piece);
  // Syncs, renames over `path` and syncs the directory: after ok the new content is durable. The last call.
  [[nodiscard]] Status Commit();

 private:
  AtomicFile(int fd, std::filesystem::path path, std::filesystem::path temporary);

  int fd_;  // owned; -1 after Commit and in what was moved from
  std::filesystem::path path_, temporary_;
};

}  // namespace accord
