#include "cli/download.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/errors.h"
#include "base/file.h"
#include "cli/words.h"
#include "crypto/sha256.h"

namespace accord::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kForce = "Choose another name, or replace the file: --force";

// The growing file and the hash of what it holds.
class Part {
 public:
  explicit Part(fs::path path) : path_(std::move(path)) {}
  ~Part() {
    if (fd_ >= 0) close(fd_);
  }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  // Opens it, alone, and reads what is there already.
  Status Open();
  Status Append(ByteView bytes);
  // Synced under its final name, or deleted when the hash is wrong.
  Status Finish(const DownloadOptions& options);
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  Status Failure(const std::string& what) const { return ErrnoStatus(errno, what, path_); }

  fs::path path_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
  crypto::Sha256 hash_;
};

Status Part::Open() {
  fd_ = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd_ < 0) return Fail(errors::kCliFile, Failure("cannot write").message());
  if (flock(fd_, LOCK_EX | LOCK_NB) != 0)
    return Fail(errors::kCliFile, "Another download writes " + path_.string() + " now.",
                "Wait until it has ended.");
  Bytes buffer(1U << 20);
  while (true) {
    const ssize_t got = read(fd_, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failure("cannot read");
    if (got == 0) return {};
    hash_.Update(ByteView(buffer).first(static_cast<std::size_t>(got)));
    size_ += static_cast<std::uint64_t>(got);
  }
}

Status Part::Append(ByteView bytes) {
  hash_.Update(bytes);
  while (!bytes.empty()) {
    const ssize_t put = write(fd_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return Failure("cannot write");
    bytes = bytes.subspan(static_cast<std::size_t>(put));
    size_ += static_cast<std::uint64_t>(put);
  }
  return {};
}

Status Part::Finish(const DownloadOptions& options) {
  if (hash_.Finish() != options.hash) {
    unlink(path_.c_str());
    return Fail(errors::kBlobChecksum,
                "The bytes that came do not have the SHA-256 " + options.hash.Hex() + ".",
                "Try again: the download starts anew.");
  }
  if (fsync(fd_) != 0) return Failure("cannot sync");
  const unsigned int flags = options.force ? 0 : RENAME_NOREPLACE;
  if (renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, options.out.c_str(), flags) == 0) return {};
  if (errno == EEXIST) return Fail(errors::kCliExists, options.out.string() + " exists.", kForce);
  if (errno != EINVAL || rename(path_.c_str(), options.out.c_str()) != 0)  // a file system without NOREPLACE
    return ErrnoStatus(errno, "cannot rename to", options.out);
  return {};
}

// The rest of the blob, going on after lost connections as long as each try brings something.
Status Fetch(Session& session, Backend& backend, const DownloadOptions& options, Part& part) {
  const auto sink = [&](std::uint64_t offset, std::uint64_t total, ByteView bytes) -> Status {
    if (offset != part.size())
      return Fail(errors::kBlobChecksum, "The coordinator sent bytes out of order.", "Try again.");
    ACCORD_RETURN_IF_ERROR(part.Append(bytes));
    if (options.progress) options.progress(part.size(), total);
    return {};
  };
  const rpc::CallLimits limits{.stop = session.environment().interrupts()};
  std::uint64_t before = 0;
  Status status;
  do {
    before = part.size();
    status = WithRetries(session.environment(),
                         [&] { return backend.DownloadBlob(options.hash, part.size(), sink, limits); });
    if (limits.stop.stop_requested())
      return Fail(errors::kCliInterrupted, "Stopped by Ctrl-C.",
                  "The same command goes on where this one stopped.");
  } while (status.code() == Code::kUnavailable && part.size() > before);
  return status;
}

}  // namespace

Result<std::uint64_t> Download(Session& session, Backend& backend, const DownloadOptions& options) {
  std::error_code error;
  if (fs::is_directory(options.out, error))
    return Fail(errors::kCliFile, options.out.string() + " is a directory.", "Name a file with --out.");
  if (!options.force && fs::exists(options.out, error))
    return Fail(errors::kCliExists, options.out.string() + " exists.", kForce);
  Part part(options.out.string() + "." + ShortId(options.hash) + ".part");
  ACCORD_RETURN_IF_ERROR(part.Open());
  ACCORD_RETURN_IF_ERROR(Fetch(session, backend, options, part));
  ACCORD_RETURN_IF_ERROR(part.Finish(options));
  return part.size();
}

}  // namespace accord::cli
