#include "crypto/random.h"

#include <openssl/rand.h>

#include "base/check.h"

namespace accord::crypto {

void RandomBytes(std::span<std::uint8_t> out) {
  ACCORD_CHECK(out.size() < (1U << 30));
  ACCORD_CHECK(RAND_priv_bytes(out.data(), static_cast<int>(out.size())) == 1);
}

ZeroizingBytes RandomSecret(std::size_t size) {
  ZeroizingBytes secret(size);
  RandomBytes(secret.bytes());
  return secret;
}

}  // namespace accord::crypto
