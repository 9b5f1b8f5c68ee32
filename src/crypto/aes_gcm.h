// AES-256-GCM (SP 800-38D) with a nonce of 12 bytes: the channel that carries shares between two nodes
// (secagg.md 2.3). A key and nonce may seal one message only; the caller sees to that.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "accord/status.h"
#include "base/text.h"
#include "crypto/zeroizing.h"

namespace accord::crypto {

inline constexpr std::size_t kGcmTagBytes = 16;
using GcmNonce = std::array<std::uint8_t, 12>;

// The ciphertext, as long as `plaintext`, and the tag after it. `key` has 32 bytes. Both inputs may be empty.
[[nodiscard]] Bytes GcmSeal(ByteView key, const GcmNonce& nonce, ByteView aad, ByteView plaintext);
// The plaintext of `sealed`, or `secagg.bad_ciphertext` when it is shorter than a tag or not sealed under
// exactly this key, nonce and aad; nothing of it is given out then.
[[nodiscard]] Result<ZeroizingBytes> GcmOpen(ByteView key, const GcmNonce& nonce, ByteView aad,
                                             ByteView sealed);

}  // namespace accord::crypto
