#include "crypto/zeroizing.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <utility>

#include "base/file.h"

namespace accord::crypto {

void Cleanse(std::span<std::uint8_t> bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

bool EqualConstantTime(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

ZeroizingBytes::ZeroizingBytes(std::size_t size)
    : data_(size > 0 ? std::make_unique<std::uint8_t[]>(size) : nullptr), size_(size) {}

ZeroizingBytes ZeroizingBytes::CopyOf(ByteView bytes) {
  ZeroizingBytes copy(bytes.size());
  std::copy(bytes.begin(), bytes.end(), copy.data_.get());
  return copy;
}

ZeroizingBytes::ZeroizingBytes(ZeroizingBytes&& other) noexcept
    : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}

ZeroizingBytes& ZeroizingBytes::operator=(ZeroizingBytes&& other) noexcept {
  if (this != &other) {
    Cleanse(bytes());
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

ZeroizingBytes::~ZeroizingBytes() { Cleanse(bytes()); }

Result<ZeroizingBytes> ReadSecretFile(const std::filesystem::path& path) {
  ACCORD_ASSIGN_OR_RETURN(Bytes content, ReadFile(path, 64 << 10));
  ZeroizingBytes secret = ZeroizingBytes::CopyOf(content);
  Cleanse(content);
  return secret;
}

}  // namespace accord::crypto
