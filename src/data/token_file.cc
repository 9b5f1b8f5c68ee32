#include "data/token_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/errors.h"
#include "base/file.h"

namespace accord::data {
namespace {

constexpr std::size_t kTokenBuffer = 1U << 20;  // bytes; even, so that no token is cut

template <class Stored>
void Widen(ByteView bytes, std::span<std::int32_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    Stored token = 0;
    std::memcpy(&token, bytes.data() + i * sizeof token, sizeof token);
    out[i] = static_cast<std::int32_t>(token);
  }
}

template <class Stored>
void Narrow(std::span<const std::int32_t> tokens, std::uint8_t* out) {
  for (const std::int32_t token : tokens) {
    const auto stored = static_cast<Stored>(token);
    std::memcpy(out, &stored, sizeof stored);
    out += sizeof stored;
  }
}

}  // namespace

std::uint64_t TokenSource::windows(std::uint64_t context) const {
  ACCORD_CHECK(context > 0);
  return tokens() <= context ? 0 : (tokens() - 2) / context + 1;
}

Result<std::uint64_t> TokenSource::Window(std::uint64_t index, std::uint64_t context,
                                          std::span<std::int32_t> out) const {
  ACCORD_CHECK(index < windows(context) && out.size() == context + 1);
  const std::uint64_t first = std::min(index * context, tokens() - context - 1);
  ACCORD_RETURN_IF_ERROR(Read(first, out));
  return index * context - first;
}

TokenFd::~TokenFd() {
  if (fd_ >= 0) ::close(fd_);
}

Status TokenFd::ReadAt(std::uint64_t offset, std::span<std::uint8_t> out) const {
  while (!out.empty()) {
    const ssize_t got = ::pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus(errno, "cannot read", path_);
    if (got == 0) return Fail(errors::kStoreIo, path_.string() + " ends too early");
    out = out.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return {};
}

Status TokenFd::WriteAt(std::uint64_t offset, ByteView bytes) const {
  while (!bytes.empty()) {
    const ssize_t wrote = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return ErrnoStatus(wrote == 0 ? ENOSPC : errno, "cannot write", path_);
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
    offset += static_cast<std::uint64_t>(wrote);
  }
  return {};
}

std::uint32_t TokenWidth(std::uint64_t vocab_size) { return vocab_size <= 1U << 16 ? 2 : 4; }

Result<TokenWriter> TokenWriter::Create(const std::filesystem::path& path, std::uint32_t width) {
  auto fd =
      std::make_unique<TokenFd>(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), path);
  if (fd->get() < 0) return ErrnoStatus(errno, "cannot create", path);
  return TokenWriter(std::move(fd), width);
}

Status TokenWriter::Append(std::span<const std::int32_t> tokens) {
  const std::size_t have = buffer_.size();
  buffer_.resize(have + tokens.size() * width_);
  if (width_ == 2) {
    Narrow<std::uint16_t>(tokens, buffer_.data() + have);
  } else {
    Narrow<std::uint32_t>(tokens, buffer_.data() + have);
  }
  return buffer_.size() < kTokenBuffer ? Status() : Flush();
}

Status TokenWriter::AppendBytes(ByteView bytes) {
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  return buffer_.size() < kTokenBuffer ? Status() : Flush();
}

Status TokenWriter::Flush() {
  ACCORD_RETURN_IF_ERROR(fd_->WriteAt(flushed_, buffer_));
  flushed_ += buffer_.size();
  buffer_.clear();
  return {};
}

Status TokenWriter::Truncate(std::uint64_t size) {
  const std::uint64_t bytes = size * width_;
  ACCORD_CHECK(bytes <= flushed_ + buffer_.size());
  if (bytes >= flushed_) {
    buffer_.resize(bytes - flushed_);
    return {};
  }
  buffer_.clear();
  if (::ftruncate(fd_->get(), static_cast<off_t>(bytes)) != 0) {
    return ErrnoStatus(errno, "cannot shorten", fd_->path());
  }
  flushed_ = bytes;
  return {};
}

Status TokenWriter::MoveTail(std::uint64_t size, TokenWriter& other) {
  ACCORD_CHECK(other.width_ == width_);
  const std::uint64_t from = size * width_;
  if (from < flushed_) {
    ACCORD_RETURN_IF_ERROR(Flush());
    Bytes piece;
    for (std::uint64_t at = from; at < flushed_; at += piece.size()) {
      piece.resize(std::min<std::uint64_t>(kTokenBuffer, flushed_ - at));
      ACCORD_RETURN_IF_ERROR(fd_->ReadAt(at, piece));
      ACCORD_RETURN_IF_ERROR(other.AppendBytes(piece));
    }
  } else {
    ACCORD_RETURN_IF_ERROR(other.AppendBytes(ByteView(buffer_).subspan(from - flushed_)));
  }
  return Truncate(size);
}

Status TokenWriter::Sync() {
  ACCORD_RETURN_IF_ERROR(Flush());
  if (::fdatasync(fd_->get()) != 0) return ErrnoStatus(errno, "cannot sync", fd_->path());
  return {};
}

Result<std::unique_ptr<TokenFile>> TokenFile::Open(const std::filesystem::path& path, std::uint32_t width,
                                                   std::uint64_t tokens) {
  auto fd = std::make_unique<TokenFd>(::open(path.c_str(), O_RDONLY | O_CLOEXEC), path);
  struct stat info {};
  if (fd->get() < 0 || ::fstat(fd->get(), &info) != 0) return ErrnoStatus(errno, "cannot read", path);
  if (static_cast<std::uint64_t>(info.st_size) != tokens * width) {
    return Fail(errors::kStoreIo, path.string() + " has another size than it was written with");
  }
  return std::unique_ptr<TokenFile>(new TokenFile(std::move(fd), width, tokens));
}

Status TokenFile::Read(std::uint64_t first, std::span<std::int32_t> out) const {
  ACCORD_CHECK(first <= tokens_ && out.size() <= tokens_ - first);
  Bytes bytes(out.size() * width_);
  ACCORD_RETURN_IF_ERROR(fd_->ReadAt(first * width_, bytes));
  if (width_ == 2) {
    Widen<std::uint16_t>(bytes, out);
  } else {
    Widen<std::uint32_t>(bytes, out);
  }
  return {};
}

Result<std::uint32_t> TokenFile::Checksum() const {
  std::uint32_t crc = 0;
  Bytes piece;
  for (std::uint64_t at = 0; at < tokens_ * width_; at += piece.size()) {
    piece.resize(std::min<std::uint64_t>(kTokenBuffer, tokens_ * width_ - at));
    ACCORD_RETURN_IF_ERROR(fd_->ReadAt(at, piece));
    crc = Crc32c(piece, crc);
  }
  return crc;
}

}  // namespace accord::data
