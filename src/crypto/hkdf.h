// HKDF-SHA256 (RFC 5869).
#pragma once

#include <cstddef>

#include "base/text.h"
#include "crypto/zeroizing.h"

namespace accord::crypto {

// The 32-byte pseudo-random key of `ikm`; an empty salt counts as 32 zero bytes.
[[nodiscard]] ZeroizingBytes HkdfExtract(ByteView salt, ByteView ikm);
// `length` bytes (1 to 8,160) from a pseudo-random key of at least 32 bytes.
[[nodiscard]] ZeroizingBytes HkdfExpand(ByteView prk, ByteView info, std::size_t length = 32);

}  // namespace accord::crypto
