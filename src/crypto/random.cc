#include "crypto/random.h"

#include <openssl/rand.h>

#include "base/check.h"

namespace accord::crypto {

void RandomBytes(std::span<std::uint8_t> out) {
  ACCORD_CHECK(out.size() < (1U << 30));
  ACCORD_CHECK(RAND_priv_bytes(out.data(), static_cast<int>(out.size())) == 1);
}

std::uint64_t RandomBelow(std::uint64_t bound) {
  const std::uint64_t unfair = (0 - bound) % bound;  // what 2^64 has over a multiple of it is drawn again
  std::uint64_t number = 0;
  do {
    RandomBytes({reinterpret_cast<std::uint8_t*>(&number), sizeof number});
  } while (number < unfair);
  return number % bound;
}

ZeroizingBytes RandomSecret(std::size_t size) {
  ZeroizingBytes secret(size);
  RandomBytes(secret.bytes());
  return secret;
}

}  // namespace accord::crypto
