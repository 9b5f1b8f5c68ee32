// A body beside its signature, as it travels (secagg.md 2.1): Ed25519 over
// "FSA-1/sig/" || type || 0x00 || ctx || SHA-256(body). Pure.
#pragma once

#include "accord/ids.h"
#include "base/text.h"
#include "crypto/ed25519.h"
#include "secagg/bodies.h"

namespace accord::secagg {

struct SignedBody {
  Bytes body;
  crypto::Ed25519Signature signature;

  friend bool operator==(const SignedBody&, const SignedBody&) = default;
};

[[nodiscard]] SignedBody Sign(const crypto::Ed25519Key& key, BodyType type, const Digest& ctx, Bytes body);
// Whether the holder of `key` signed exactly this body as this type under this ctx.
[[nodiscard]] bool Verify(const crypto::Ed25519PublicKey& key, BodyType type, const Digest& ctx,
                          const SignedBody& message);
// The same for a signature that travels without its body (certificates).
[[nodiscard]] bool Verify(const crypto::Ed25519PublicKey& key, BodyType type, const Digest& ctx,
                          ByteView body, const crypto::Ed25519Signature& signature);
// The 32 bytes that hashes of sets take of a body.
[[nodiscard]] Digest BodyDigest(ByteView body);

}  // namespace accord::secagg
