#include "store/blobs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/file.h"
#include "crypto/sha256.h"

namespace accord::store {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kReadChunk = 1U << 20;
constexpr const char* kTemporary = "tmp";

Status NotFound(const Digest& digest) { return Fail(errors::kBlobNotFound, "no blob " + digest.Hex()); }

Status SyncFile(int fd, const fs::path& path) {
  return ::fdatasync(fd) == 0 ? Status() : ErrnoStatus(errno, "cannot sync", path);
}

// The blob that `entry` of the fan-out is; nothing for whatever else lies about.
std::optional<BlobInfo> InfoOf(const fs::directory_entry& entry) {
  std::error_code error;
  const std::optional<Digest> digest = Digest::FromHex(entry.path().filename().string());
  if (!digest || !entry.is_regular_file(error)) return std::nullopt;
  const std::uintmax_t size = entry.file_size(error);
  if (error) return std::nullopt;
  return BlobInfo{*digest, size};
}

}  // namespace

class FileBlobWriter final : public BlobWriter {
 public:
  FileBlobWriter(Blobs& blobs, Fd fd, fs::path path, Durability durability)
      : blobs_(blobs), fd_(std::move(fd)), path_(std::move(path)), durability_(durability) {}
  ~FileBlobWriter() override {
    if (!committed_) ::unlink(path_.c_str());
  }
  FileBlobWriter(const FileBlobWriter&) = delete;
  FileBlobWriter& operator=(const FileBlobWriter&) = delete;

  Status Append(ByteView bytes) override {
    ACCORD_RETURN_IF_ERROR(Write(bytes));
    hash_.Update(bytes);
    return {};
  }

  // Without looking at what it is: for CommitAs.
  Status Write(ByteView bytes) {
    ACCORD_RETURN_IF_ERROR(WriteAt(fd_.get(), size_, bytes, path_));
    size_ += bytes.size();
    return {};
  }

  [[nodiscard]] std::uint64_t size() const override { return size_; }

  Result<Digest> Commit(const std::optional<Digest>& expected) override {
    ACCORD_CHECK(!committed_);
    const Digest digest = hash_.Finish();
    if (expected && *expected != digest) {
      return Fail(errors::kBlobChecksum, "expected " + expected->Hex() + ", got " + digest.Hex());
    }
    return CommitAs(digest);
  }

  // `digest` is that of what was written.
  Result<Digest> CommitAs(const Digest& digest) {
    if (durability_ == Durability::kDurable) ACCORD_RETURN_IF_ERROR(SyncFile(fd_.get(), path_));
    ACCORD_RETURN_IF_ERROR(blobs_.Install(path_, digest, durability_));
    committed_ = true;
    return digest;
  }

 private:
  Blobs& blobs_;
  const Fd fd_;
  const fs::path path_;
  const Durability durability_;
  crypto::Sha256 hash_;
  std::uint64_t size_ = 0;
  bool committed_ = false;
};

Result<std::size_t> Blob::Read(std::uint64_t offset, std::span<std::uint8_t> out) const {
  if (offset >= size_) return std::size_t{0};
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size_ - offset));
  ACCORD_ASSIGN_OR_RETURN(const std::size_t got, ReadAt(fd_.get(), offset, out.first(wanted), path_));
  if (got != wanted) return Fail(errors::kStoreCorrupt, path_.string() + " was cut while it was open");
  return got;
}

Result<std::unique_ptr<Blobs>> Blobs::Open(fs::path directory) {
  std::unique_ptr<Blobs> blobs(new Blobs(std::move(directory)));
  const fs::path temporary = blobs->directory_ / kTemporary;
  std::error_code error;
  fs::remove_all(temporary, error);
  if (!error) fs::create_directories(temporary, error);
  if (error) return ErrnoStatus(error.value(), "cannot prepare", temporary);
  ACCORD_RETURN_IF_ERROR(SyncDirectory(blobs->directory_));
  return blobs;
}

std::unique_ptr<const Blobs> Blobs::OpenToRead(fs::path directory) {
  return std::unique_ptr<const Blobs>(new Blobs(std::move(directory)));
}

Status Blobs::MakeDurable(const Digest& digest) const {
  const fs::path path = PathOf(digest);
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid() && errno == ENOENT) return Fail(errors::kBlobNotFound, "no blob " + digest.Hex());
  if (!fd.valid()) return ErrnoStatus(errno, "cannot open", path);
  ACCORD_RETURN_IF_ERROR(SyncFile(fd.get(), path));
  return SyncDirectory(path.parent_path());
}

Result<Digest> Blobs::Put(ByteView bytes, Durability durability) {
  const Digest digest = crypto::Sha256::Of(bytes);
  if (Result<std::uint64_t> size = Size(digest); size.ok() && *size == bytes.size() && Verify(digest).ok()) {
    if (durability == Durability::kDurable) ACCORD_RETURN_IF_ERROR(MakeDurable(digest));
    return digest;
  }
  ACCORD_ASSIGN_OR_RETURN(const std::unique_ptr<FileBlobWriter> writer, NewFileWriter(durability));
  ACCORD_RETURN_IF_ERROR(writer->Write(bytes));
  return writer->CommitAs(digest);
}

Result<std::unique_ptr<BlobWriter>> Blobs::NewWriter(Durability durability) {
  ACCORD_ASSIGN_OR_RETURN(std::unique_ptr<FileBlobWriter> writer, NewFileWriter(durability));
  return std::unique_ptr<BlobWriter>(std::move(writer));
}

Result<std::unique_ptr<FileBlobWriter>> Blobs::NewFileWriter(Durability durability) {
  fs::path path = directory_ / kTemporary / std::to_string(next_temporary_++);
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) return ErrnoStatus(errno, "cannot create", path);
  return std::make_unique<FileBlobWriter>(*this, std::move(fd), std::move(path), durability);
}

Result<std::shared_ptr<const Blob>> Blobs::Open(const Digest& digest) const {
  fs::path path = PathOf(digest);
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return errno == ENOENT ? NotFound(digest) : ErrnoStatus(errno, "cannot open", path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return ErrnoStatus(errno, "cannot inspect", path);
  return std::make_shared<const Blob>(std::move(fd), static_cast<std::uint64_t>(info.st_size),
                                      std::move(path));
}

Result<std::uint64_t> Blobs::Size(const Digest& digest) const {
  struct stat info {};
  const fs::path path = PathOf(digest);
  if (::stat(path.c_str(), &info) == 0) return static_cast<std::uint64_t>(info.st_size);
  return errno == ENOENT ? NotFound(digest) : ErrnoStatus(errno, "cannot inspect", path);
}

bool Blobs::Has(const Digest& digest) const { return Size(digest).ok(); }

Result<Bytes> Blobs::Get(const Digest& digest, std::uint64_t limit) const {
  ACCORD_ASSIGN_OR_RETURN(const std::shared_ptr<const Blob> blob, Open(digest));
  if (blob->size() > limit) {
    return Fail(errors::kStoreIo, "blob " + digest.Hex() + " has " + FormatBytes(blob->size()) +
                                      ", more than the limit of " + FormatBytes(limit));
  }
  Bytes content(static_cast<std::size_t>(blob->size()));
  ACCORD_RETURN_IF_ERROR(blob->Read(0, content).status());
  if (crypto::Sha256::Of(content) != digest) return Fail(errors::kStoreCorrupt, "blob " + digest.Hex());
  return content;
}

Status Blobs::Verify(const Digest& digest) const {
  ACCORD_ASSIGN_OR_RETURN(const std::shared_ptr<const Blob> blob, Open(digest));
  crypto::Sha256 hash;
  Bytes chunk(std::min<std::uint64_t>(kReadChunk, blob->size()));
  for (std::uint64_t offset = 0; offset < blob->size();) {
    ACCORD_ASSIGN_OR_RETURN(const std::size_t got, blob->Read(offset, chunk));
    hash.Update(ByteView(chunk).first(got));
    offset += got;
  }
  return hash.Finish() == digest ? Status() : Fail(errors::kStoreCorrupt, "blob " + digest.Hex());
}

Status Blobs::Delete(const Digest& digest) {
  const fs::path path = PathOf(digest);
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return ErrnoStatus(errno, "cannot remove", path);
}

Result<std::vector<BlobInfo>> Blobs::List() const {
  std::vector<BlobInfo> blobs;
  std::error_code error;
  for (fs::recursive_directory_iterator it(directory_, error), end; !error && it != end;
       it.increment(error)) {
    if (const std::optional<BlobInfo> info = InfoOf(*it)) blobs.push_back(*info);
  }
  if (error) return ErrnoStatus(error.value(), "cannot list", directory_);
  std::sort(blobs.begin(), blobs.end(),
            [](const BlobInfo& a, const BlobInfo& b) { return a.digest < b.digest; });
  return blobs;
}

fs::path Blobs::PathOf(const Digest& digest) const {
  const std::string hex = digest.Hex();
  return directory_ / hex.substr(0, 2) / hex.substr(2, 2) / hex;
}

Status Blobs::MakeDirectories(const fs::path& leaf) {
  const MutexLock lock(making_directories_);
  for (const fs::path& directory : {leaf.parent_path(), leaf}) {
    if (::mkdir(directory.c_str(), 0700) == 0) {
      ACCORD_RETURN_IF_ERROR(SyncDirectory(directory.parent_path()));
    } else if (errno != EEXIST) {
      return ErrnoStatus(errno, "cannot create", directory);
    }
  }
  return {};
}

Status Blobs::Install(const fs::path& temporary, const Digest& digest, Durability durability) {
  const fs::path path = PathOf(digest);
  ACCORD_RETURN_IF_ERROR(MakeDirectories(path.parent_path()));
  if (::rename(temporary.c_str(), path.c_str()) != 0) return ErrnoStatus(errno, "cannot rename to", path);
  return durability == Durability::kDurable ? SyncDirectory(path.parent_path()) : Status();
}

}  // namespace accord::store
