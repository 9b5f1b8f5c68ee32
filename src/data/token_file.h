// Tokens in a file, 2 bytes each where the vocabulary allows and 4 elsewhere, in this machine's byte order:
// what the cache of a corpus is made of. Written by one thread; a finished file may be read by any.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "accord/status.h"
#include "base/text.h"
#include "data/text.h"

namespace accord::data {

// Owns a descriptor.
class TokenFd {
 public:
  TokenFd(int fd, std::filesystem::path path) : fd_(fd), path_(std::move(path)) {}
  ~TokenFd();
  TokenFd(const TokenFd&) = delete;
  TokenFd& operator=(const TokenFd&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // Fills `out` from the byte `offset`; `store.io` when the file ends before.
  [[nodiscard]] Status ReadAt(std::uint64_t offset, std::span<std::uint8_t> out) const;
  [[nodiscard]] Status WriteAt(std::uint64_t offset, ByteView bytes) const;

 private:
  int fd_;
  std::filesystem::path path_;
};

// Bytes of one token.
[[nodiscard]] std::uint32_t TokenWidth(std::uint64_t vocab_size);

class TokenWriter {
 public:
  // Creates or empties `path`.
  [[nodiscard]] static Result<TokenWriter> Create(const std::filesystem::path& path, std::uint32_t width);

  [[nodiscard]] Status Append(std::span<const std::int32_t> tokens);
  // Tokens so far.
  [[nodiscard]] std::uint64_t size() const { return (flushed_ + buffer_.size()) / width_; }
  // Forgets the tokens from number `size` on.
  [[nodiscard]] Status Truncate(std::uint64_t size);
  // Takes the tokens from number `size` on off this file's end and appends them to `other`, of the same
  // width.
  [[nodiscard]] Status MoveTail(std::uint64_t size, TokenWriter& other);
  // All on disk.
  [[nodiscard]] Status Sync();

 private:
  TokenWriter(std::unique_ptr<TokenFd> fd, std::uint32_t width) : fd_(std::move(fd)), width_(width) {}
  [[nodiscard]] Status AppendBytes(ByteView bytes);
  [[nodiscard]] Status Flush();

  std::unique_ptr<TokenFd> fd_;
  std::uint32_t width_;
  std::uint64_t flushed_ = 0;  // bytes in the file
  Bytes buffer_;               // bytes after them
};

// The first `tokens` tokens of a file.
class TokenFile final : public TokenSource {
 public:
  // Fails with `store.io` when it cannot be read or has another size.
  [[nodiscard]] static Result<std::unique_ptr<TokenFile>> Open(const std::filesystem::path& path,
                                                               std::uint32_t width, std::uint64_t tokens);
  [[nodiscard]] std::uint64_t tokens() const override { return tokens_; }
  [[nodiscard]] Status Read(std::uint64_t first, std::span<std::int32_t> out) const override;
  // CRC-32C of all bytes.
  [[nodiscard]] Result<std::uint32_t> Checksum() const;

 private:
  TokenFile(std::unique_ptr<TokenFd> fd, std::uint32_t width, std::uint64_t tokens)
      : fd_(std::move(fd)), width_(width), tokens_(tokens) {}

  std::unique_ptr<TokenFd> fd_;
  std::uint32_t width_;
  std::uint64_t tokens_;
};

}  // namespace accord::data
