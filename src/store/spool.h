// Spools: where the words of an upload wait until it is complete and can be added. In memory while the budget
// lasts, above it in files that are reused from upload to upload, since rewriting a file whose blocks exist
// is many times as fast as writing a fresh one. Nothing here survives a restart: a partial upload never
// counts. The pool is thread-safe; one Spool is used by one thread at a time. The pool outlives its spools.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "accord/status.h"
#include "base/mutex.h"
#include "base/text.h"
#include "store/fd.h"

namespace accord::store {

class SpoolPool;

class Spool {
 public:
  virtual ~Spool() = default;  // back to the pool

  // Appends the slices, whatever their split. More than the declared size in all is `upload.too_long`. After
  // any failure the size is what it was.
  [[nodiscard]] virtual Status Append(std::span<const ByteView> slices) = 0;
  [[nodiscard]] Status Append(ByteView bytes) { return Append(std::span(&bytes, 1)); }
  // The bytes [offset, offset + size): a view that is good until the next call. In memory it is the store
  // itself, else a buffer of the spool. Reading behind size() is a bug.
  [[nodiscard]] virtual Result<ByteView> Tile(std::uint64_t offset, std::size_t size) = 0;
  // Empty again, for a sender that starts over.
  virtual void Reset() = 0;

  [[nodiscard]] virtual std::uint64_t size() const = 0;
  [[nodiscard]] virtual std::uint64_t capacity() const = 0;  // as declared
  [[nodiscard]] virtual bool in_memory() const = 0;
};

struct SpoolOptions {
  std::filesystem::path directory;  // made when missing; the files have no names, so a crash leaves none
  std::uint64_t memory_budget = 0;  // bytes; every spool above it is a file
};

class SpoolPool {
 public:
  [[nodiscard]] static Result<std::unique_ptr<SpoolPool>> Open(SpoolOptions options);

  // A spool for `size` bytes, all of it reserved now: in memory if it fits what is left of the budget, else
  // in a file, else `store.disk_full`, so that no upload fails half way for want of room.
  [[nodiscard]] Result<std::unique_ptr<Spool>> Take(std::uint64_t size);

  // Bytes of memory held: by spools in use, and kept for the next ones. Never above the budget.
  [[nodiscard]] std::uint64_t memory_held() const;
  // Frees what is kept for reuse, files and memory: when no job runs, or when the disk is full.
  void Trim();

 private:
  friend class MemorySpool;
  friend class FileSpool;
  struct File {
    Fd fd;
    std::uint64_t capacity = 0;  // bytes whose blocks exist
  };
  struct Buffer {
    std::unique_ptr<std::uint8_t[]> bytes;
    std::uint64_t capacity = 0;
  };
  explicit SpoolPool(SpoolOptions options) : options_(std::move(options)) {}

  [[nodiscard]] std::optional<Buffer> TakeBuffer(std::uint64_t size);
  [[nodiscard]] Result<File> TakeFile(std::uint64_t size);
  [[nodiscard]] File TakeFreeFile(std::uint64_t size);
  [[nodiscard]] Status Grow(File& file, std::uint64_t size) const;
  void Return(Buffer buffer);
  void Return(File file);

  const SpoolOptions options_;
  mutable Mutex mutex_;
  std::uint64_t memory_held_ ACCORD_GUARDED_BY(mutex_) = 0;
  std::vector<Buffer> free_buffers_ ACCORD_GUARDED_BY(mutex_);
  std::vector<File> free_files_ ACCORD_GUARDED_BY(mutex_);
};

}  // namespace accord::store
