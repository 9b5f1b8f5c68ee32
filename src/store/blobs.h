// Blobs: bytes under their SHA-256, one file each, in a directory of 256 x 256. Models, plans, data that
// travels by GetBlob. Content is written to a temporary file, synced, renamed: a blob is whole or absent.
// Thread-safe; calls wait for the disk.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/mutex.h"
#include "base/text.h"
#include "store/fd.h"

namespace accord::store {

// Whether a blob must survive a power cut, or may be lost since it can be made again (then nothing is
// synced).
enum class Durability : std::uint8_t { kDurable, kRecomputable };

// One stored blob, open for reading; goes on reading also after Delete. Thread-safe.
class Blob {
 public:
  Blob(Fd fd, std::uint64_t size, std::filesystem::path path)
      : fd_(std::move(fd)), size_(size), path_(std::move(path)) {}

  [[nodiscard]] std::uint64_t size() const { return size_; }
  // Fills `out` from `offset` on and returns how many bytes that were: fewer than asked only at the end, 0 at
  // or behind it.
  [[nodiscard]] Result<std::size_t> Read(std::uint64_t offset, std::span<std::uint8_t> out) const;

 private:
  const Fd fd_;
  const std::uint64_t size_;
  const std::filesystem::path path_;  // for messages
};

// A blob that is being written. Destroyed before Commit, it leaves nothing. Not thread-safe.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  // After a failure (`store.disk_full`, `store.io`) the writer is of no more use.
  [[nodiscard]] virtual Status Append(ByteView bytes) = 0;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  // Stores what was appended and returns its digest; once. When `expected` is given and differs, nothing is
  // stored: `blob.checksum`.
  [[nodiscard]] virtual Result<Digest> Commit(const std::optional<Digest>& expected) = 0;
};

class FileBlobWriter;

struct BlobInfo {
  Digest digest;
  std::uint64_t size = 0;
};

class Blobs {
 public:
  // Makes the directory when it is missing; removes what writers left behind at a crash.
  [[nodiscard]] static Result<std::unique_ptr<Blobs>> Open(std::filesystem::path directory);

  // Changes nothing, not even what writers left behind.
  [[nodiscard]] static std::unique_ptr<const Blobs> OpenToRead(std::filesystem::path directory);

  // Stores `bytes`; a good blob that is there already is left alone (and made durable if asked), a damaged
  // one is replaced.
  [[nodiscard]] Result<Digest> Put(ByteView bytes, Durability durability = Durability::kDurable);
  // Makes a blob that was stored as recomputable survive a power cut; `blob.not_found` when it is not there.
  [[nodiscard]] Status MakeDurable(const Digest& digest) const;
  [[nodiscard]] Result<std::unique_ptr<BlobWriter>> NewWriter(Durability durability = Durability::kDurable);

  // `blob.not_found` when there is none.
  [[nodiscard]] Result<std::shared_ptr<const Blob>> Open(const Digest& digest) const;
  [[nodiscard]] Result<std::uint64_t> Size(const Digest& digest) const;
  [[nodiscard]] bool Has(const Digest& digest) const;
  // The whole content when it has at most `limit` bytes (else `store.io`), verified (`store.corrupt`).
  [[nodiscard]] Result<Bytes> Get(const Digest& digest, std::uint64_t limit) const;
  // Reads the blob and compares its SHA-256: `store.corrupt` when it differs.
  [[nodiscard]] Status Verify(const Digest& digest) const;

  // Ok also when there is none. Who collects garbage sees to it that nobody puts the same blob meanwhile.
  [[nodiscard]] Status Delete(const Digest& digest);
  // All blobs, sorted by digest: what garbage collection walks.
  [[nodiscard]] Result<std::vector<BlobInfo>> List() const;
  // Where a blob is, or would be.
  [[nodiscard]] std::filesystem::path PathOf(const Digest& digest) const;

 private:
  explicit Blobs(std::filesystem::path directory) : directory_(std::move(directory)) {}
  friend class FileBlobWriter;
  [[nodiscard]] Result<std::unique_ptr<FileBlobWriter>> NewFileWriter(Durability durability);
  [[nodiscard]] Status MakeDirectories(const std::filesystem::path& leaf);
  [[nodiscard]] Status Install(const std::filesystem::path& temporary, const Digest& digest,
                               Durability durability);

  const std::filesystem::path directory_;
  std::atomic<std::uint64_t> next_temporary_ = 0;
  Mutex making_directories_;  // until they are synced, so that nobody relies on an unsynced one
};

}  // namespace accord::store
