#include "secagg/signed_body.h"

#include <utility>

#include "base/codec.h"
#include "crypto/sha256.h"

namespace accord::secagg {
namespace {

Bytes SignatureInput(BodyType type, const Digest& ctx, ByteView body) {
  Writer writer;
  writer.Raw("FSA-1/sig/").Raw(BodyTypeName(type)).U8(0).Fixed(ctx).Fixed(BodyDigest(body));
  return std::move(writer).Take();
}

}  // namespace

SignedBody Sign(const crypto::Ed25519Key& key, BodyType type, const Digest& ctx, Bytes body) {
  const crypto::Ed25519Signature signature = key.Sign(SignatureInput(type, ctx, body));
  return {.body = std::move(body), .signature = signature};
}

bool Verify(const crypto::Ed25519PublicKey& key, BodyType type, const Digest& ctx,
            const SignedBody& message) {
  return Verify(key, type, ctx, message.body, message.signature);
}

bool Verify(const crypto::Ed25519PublicKey& key, BodyType type, const Digest& ctx, ByteView body,
            const crypto::Ed25519Signature& signature) {
  return crypto::Ed25519Verify(key, SignatureInput(type, ctx, body), signature);
}

Digest BodyDigest(ByteView body) { return crypto::Sha256::Of(body); }

}  // namespace accord::secagg
