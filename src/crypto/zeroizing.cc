#include "crypto/zeroizing.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <utility>

#include "base/errors.h"
#include "base/file.h"
#include "crypto/secret_memory.h"

namespace accord::crypto {

void Cleanse(std::span<std::uint8_t> bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

bool EqualConstantTime(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// What data_ points to is of SecretMemory(): the destructor takes it from data_ and gives it back there.
ZeroizingBytes::ZeroizingBytes(std::size_t size)
    : data_(size > 0 ? static_cast<std::uint8_t*>(SecretMemory().allocate(size)) : nullptr), size_(size) {
  std::fill_n(data_.get(), size_, std::uint8_t{0});
}

ZeroizingBytes ZeroizingBytes::CopyOf(ByteView bytes) {
  ZeroizingBytes copy(bytes.size());
  std::copy_n(bytes.data(), bytes.size(), copy.data_.get());
  return copy;
}

ZeroizingBytes::ZeroizingBytes(ZeroizingBytes&& other) noexcept
    : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}

ZeroizingBytes& ZeroizingBytes::operator=(ZeroizingBytes&& other) noexcept {
  ZeroizingBytes moved(std::move(other));  // so that what was here ends with it
  std::swap(data_, moved.data_);
  std::swap(size_, moved.size_);
  return *this;
}

ZeroizingBytes::~ZeroizingBytes() {
  if (data_ == nullptr) return;
  Cleanse(bytes());
  SecretMemory().deallocate(data_.release(), size_);
}

Result<ZeroizingBytes> ReadSecretFile(const std::filesystem::path& path) {
  ACCORD_ASSIGN_OR_RETURN(Bytes content, ReadFile(path, 64 << 10));
  ZeroizingBytes secret = ZeroizingBytes::CopyOf(content);
  Cleanse(content);
  return secret;
}

Result<ZeroizingBytes> ReadPrivateFile(const std::filesystem::path& path) {
  using std::filesystem::perms;
  std::error_code error;  // a file that is not there is for ReadFile to say
  const perms mode = std::filesystem::status(path, error).permissions();
  if (!error && (mode & (perms::group_all | perms::others_all)) != perms::none)
    return Fail(errors::kKeyExposed, path.string() + " may be read by others than its owner");
  return ReadSecretFile(path);
}

}  // namespace accord::crypto
