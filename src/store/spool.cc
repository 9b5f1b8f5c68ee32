#include "store/spool.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/file.h"

namespace accord::store {
namespace {

std::uint64_t Total(std::span<const ByteView> slices) {
  std::uint64_t total = 0;
  for (const ByteView slice : slices) total += slice.size();
  return total;
}

Status CheckFits(std::uint64_t size, std::uint64_t more, std::uint64_t capacity) {
  if (more <= capacity - size) return {};
  return Fail(errors::kUploadTooLong, "an upload of " + std::to_string(capacity) + " bytes has at least " +
                                          std::to_string(more - (capacity - size)) + " too many");
}

// Writes the slices one behind the other, many in one call: under TLS they come in pieces of 8 KiB.
Status WriteSlices(int fd, std::uint64_t offset, std::span<const ByteView> slices,
                   const std::filesystem::path& path) {
  constexpr std::size_t kBatch = 64;
  static_assert(kBatch <= IOV_MAX);
  while (!slices.empty()) {
    const std::span<const ByteView> batch = slices.first(std::min(kBatch, slices.size()));
    std::array<iovec, kBatch> parts;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      parts[i] = {const_cast<std::uint8_t*>(batch[i].data()), batch[i].size()};
    }
    const ssize_t wrote =
        ::pwritev(fd, parts.data(), static_cast<int>(batch.size()), static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return ErrnoStatus(errno, "cannot write a spool in", path);
    auto done = static_cast<std::uint64_t>(wrote);
    for (const ByteView slice : batch) {  // a short write goes on slice by slice
      const auto skip = static_cast<std::size_t>(std::min<std::uint64_t>(done, slice.size()));
      done -= skip;
      ACCORD_RETURN_IF_ERROR(WriteAt(fd, offset + skip, slice.subspan(skip), path));
      offset += slice.size();
    }
    slices = slices.subspan(batch.size());
  }
  return {};
}

}  // namespace

class MemorySpool final : public Spool {
 public:
  MemorySpool(SpoolPool& pool, SpoolPool::Buffer buffer) : pool_(pool), buffer_(std::move(buffer)) {}
  ~MemorySpool() override { pool_.Return(std::move(buffer_)); }
  MemorySpool(const MemorySpool&) = delete;
  MemorySpool& operator=(const MemorySpool&) = delete;

  using Spool::Append;
  Status Append(std::span<const ByteView> slices) override {
    ACCORD_RETURN_IF_ERROR(CheckFits(size_, Total(slices), buffer_.capacity));
    for (const ByteView slice : slices) {
      if (!slice.empty()) std::memcpy(buffer_.bytes.get() + size_, slice.data(), slice.size());
      size_ += slice.size();
    }
    return {};
  }

  Result<ByteView> Tile(std::uint64_t offset, std::size_t size) override {
    ACCORD_CHECK(offset <= size_ && size <= size_ - offset);
    return ByteView(buffer_.bytes.get() + offset, size);
  }

  void Reset() override { size_ = 0; }
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  [[nodiscard]] std::uint64_t capacity() const override { return buffer_.capacity; }
  [[nodiscard]] bool in_memory() const override { return true; }

 private:
  SpoolPool& pool_;
  SpoolPool::Buffer buffer_;
  std::uint64_t size_ = 0;
};

class FileSpool final : public Spool {
 public:
  FileSpool(SpoolPool& pool, SpoolPool::File file, std::uint64_t capacity)
      : pool_(pool), file_(std::move(file)), capacity_(capacity) {}
  ~FileSpool() override { pool_.Return(std::move(file_)); }
  FileSpool(const FileSpool&) = delete;
  FileSpool& operator=(const FileSpool&) = delete;

  using Spool::Append;
  Status Append(std::span<const ByteView> slices) override {
    const std::uint64_t more = Total(slices);
    ACCORD_RETURN_IF_ERROR(CheckFits(size_, more, capacity_));
    ACCORD_RETURN_IF_ERROR(WriteSlices(file_.fd.get(), size_, slices, pool_.options_.directory));
    size_ += more;
    return {};
  }

  Result<ByteView> Tile(std::uint64_t offset, std::size_t size) override {
    ACCORD_CHECK(offset <= size_ && size <= size_ - offset);
    if (tile_.size() < size) tile_.resize(size);
    const std::span<std::uint8_t> out(tile_.data(), size);
    ACCORD_ASSIGN_OR_RETURN(const std::size_t got,
                            ReadAt(file_.fd.get(), offset, out, pool_.options_.directory));
    if (got != size) return Fail(errors::kStoreIo, "a spool file is shorter than what was written to it");
    return ByteView(out);
  }

  void Reset() override { size_ = 0; }
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  [[nodiscard]] std::uint64_t capacity() const override { return capacity_; }
  [[nodiscard]] bool in_memory() const override { return false; }

 private:
  SpoolPool& pool_;
  SpoolPool::File file_;
  const std::uint64_t capacity_;  // at most the file's
  std::uint64_t size_ = 0;
  Bytes tile_;
};

Result<std::unique_ptr<SpoolPool>> SpoolPool::Open(SpoolOptions options) {
  std::error_code error;
  std::filesystem::create_directories(options.directory, error);
  if (error) return ErrnoStatus(error.value(), "cannot create", options.directory);
  return std::unique_ptr<SpoolPool>(new SpoolPool(std::move(options)));
}

Result<std::unique_ptr<Spool>> SpoolPool::Take(std::uint64_t size) {
  if (std::optional<Buffer> buffer = TakeBuffer(size)) {
    return std::unique_ptr<Spool>(new MemorySpool(*this, *std::move(buffer)));
  }
  ACCORD_ASSIGN_OR_RETURN(File file, TakeFile(size));
  return std::unique_ptr<Spool>(new FileSpool(*this, std::move(file), size));
}

std::optional<SpoolPool::Buffer> SpoolPool::TakeBuffer(std::uint64_t size) {
  {
    const MutexLock lock(mutex_);
    // Uploads of a job all have one size: only an equal buffer is worth keeping.
    for (auto it = free_buffers_.begin(); it != free_buffers_.end(); ++it) {
      if (it->capacity != size) continue;
      Buffer found = std::move(*it);
      free_buffers_.erase(it);
      return found;
    }
    while (!free_buffers_.empty() && size > options_.memory_budget - memory_held_) {
      memory_held_ -= free_buffers_.back().capacity;
      free_buffers_.pop_back();
    }
    if (size > options_.memory_budget - memory_held_) return std::nullopt;
    memory_held_ += size;
  }
  return Buffer{std::make_unique_for_overwrite<std::uint8_t[]>(size), size};
}

Result<SpoolPool::File> SpoolPool::TakeFile(std::uint64_t size) {
  File file = TakeFreeFile(size);
  Status grown = Grow(file, size);
  if (grown.error() == errors::kStoreDiskFull.id) {  // what is kept for reuse may be in the way
    file = {};
    Trim();
    grown = Grow(file, size);
  }
  if (!grown.ok()) return grown;
  return file;
}

// The smallest free file that is large enough, else the largest, else none.
SpoolPool::File SpoolPool::TakeFreeFile(std::uint64_t size) {
  const auto better = [size](const File& a, const File& b) {
    const bool a_fits = a.capacity >= size;
    const bool b_fits = b.capacity >= size;
    if (a_fits != b_fits) return a_fits;
    return a_fits ? a.capacity < b.capacity : a.capacity > b.capacity;
  };
  const MutexLock lock(mutex_);
  const auto best = std::min_element(free_files_.begin(), free_files_.end(), better);
  if (best == free_files_.end()) return {};
  File file = std::move(*best);
  free_files_.erase(best);
  return file;
}

// Makes the file, if there is none yet, and its first `size` bytes.
Status SpoolPool::Grow(File& file, std::uint64_t size) const {
  if (!file.fd.valid()) {
    std::string name = (options_.directory / "spool.XXXXXX").string();
    file.fd = Fd(::mkostemp(name.data(), O_CLOEXEC));
    if (!file.fd.valid()) return ErrnoStatus(errno, "cannot create a spool in", options_.directory);
    ::unlink(name.c_str());  // lives on without a name; not O_TMPFILE, which overlayfs lacks
  }
  if (file.capacity >= size) return {};
  ACCORD_RETURN_IF_ERROR(AllocateBlocks(file.fd.get(), size, options_.directory));
  file.capacity = size;
  return {};
}

void SpoolPool::Return(Buffer buffer) {
  const MutexLock lock(mutex_);
  free_buffers_.push_back(std::move(buffer));
}

void SpoolPool::Return(File file) {
  const MutexLock lock(mutex_);
  free_files_.push_back(std::move(file));
}

std::uint64_t SpoolPool::memory_held() const {
  const MutexLock lock(mutex_);
  return memory_held_;
}

void SpoolPool::Trim() {
  std::vector<Buffer> buffers;
  std::vector<File> files;
  const MutexLock lock(mutex_);
  buffers.swap(free_buffers_);
  files.swap(free_files_);
  for (const Buffer& buffer : buffers) memory_held_ -= buffer.capacity;
}

}  // namespace accord::store
