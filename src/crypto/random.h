// Random bytes for secrets, from OpenSSL's private generator. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "crypto/zeroizing.h"

namespace accord::crypto {

// Fills `out`. A machine without working randomness must not go on: failure stops the process.
void RandomBytes(std::span<std::uint8_t> out);
// Below `bound`, which is not 0; each number as likely.
[[nodiscard]] std::uint64_t RandomBelow(std::uint64_t bound);
[[nodiscard]] ZeroizingBytes RandomSecret(std::size_t size);

}  // namespace accord::crypto
