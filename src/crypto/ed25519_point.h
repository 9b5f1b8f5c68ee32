// Which Ed25519 public keys may stand for somebody. OpenSSL's verification takes any point: under one of
// small order there are signatures that nobody made, of messages that nobody wrote.
#pragma once

#include "crypto/ed25519.h"

namespace accord::crypto {

// Whether the key is written in its one canonical form (RFC 8032 5.1.3: y < 2^255 - 19) and is none of the
// eight points whose order divides the cofactor.
[[nodiscard]] bool IsSoundEd25519Key(const Ed25519PublicKey& key);

}  // namespace accord::crypto
