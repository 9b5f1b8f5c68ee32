// Files as Accord writes them: whole, synced and renamed, or not at all.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "accord/status.h"
#include "base/text.h"

namespace accord {

enum class FileMode : std::uint8_t { kShared /* 0644 */, kPrivate /* 0600 */ };

// Writes a temporary file beside `path`, syncs it, renames it over `path` and syncs the directory: after ok
// the new content is durable, after a failure the old one is untouched. Creates missing parent directories.
[[nodiscard]] Status WriteFileAtomic(const std::filesystem::path& path, ByteView content, FileMode mode);
// The same for content in several pieces, one after the other: a header and a large borrowed buffer.
[[nodiscard]] Status WriteFileAtomic(const std::filesystem::path& path, std::span<const ByteView> pieces,
                                     FileMode mode);
// At most `limit` bytes; a longer file is `store.io`.
[[nodiscard]] Result<Bytes> ReadFile(const std::filesystem::path& path, std::uint64_t limit = 1ULL << 30);
// The Status of errno after a failed call on `path`: ENOSPC and EDQUOT become `store.disk_full`.
[[nodiscard]] Status ErrnoStatus(int error, const std::string& what, const std::filesystem::path& path);

}  // namespace accord
