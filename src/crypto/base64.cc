#include "crypto/base64.h"

#include <openssl/evp.h>

#include <algorithm>

namespace accord::crypto {

std::string ToBase64(ByteView bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL ends it with a zero
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::optional<Bytes> FromBase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  Bytes bytes(text.size() / 4 * 3);
  const int size = EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  const auto padding =
      std::ranges::count(text.substr(text.size() - std::min<std::size_t>(2, text.size())), '=');
  if (static_cast<std::size_t>(size) < static_cast<std::size_t>(padding)) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(size) - static_cast<std::size_t>(padding));
  if (ToBase64(bytes) != text) return std::nullopt;  // whitespace, bits that no encoder sets
  return bytes;
}

}  // namespace accord::crypto
