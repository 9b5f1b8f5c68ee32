// Ed25519 doubled by a keyed hash, for simulations that are after orders of events and not after signatures:
// a signature is a hash of the public key and the message. Anyone could forge it; nobody here does. Takes the
// place of src/crypto/ed25519.cc at the linker.
#include <utility>

#include "base/file.h"
#include "crypto/ed25519.h"
#include "crypto/sha256.h"

namespace accord::crypto {
namespace {

Ed25519Signature Signature(const Ed25519PublicKey& key, ByteView message) {
  Sha256 hash;
  hash.Update(ByteView(key.bytes));
  hash.Update(message);
  const Digest half = hash.Finish();
  Ed25519Signature signature;
  std::copy(half.bytes.begin(), half.bytes.end(), signature.bytes.begin());
  std::copy(half.bytes.begin(), half.bytes.end(), signature.bytes.begin() + 32);
  return signature;
}

}  // namespace

struct Ed25519Key::Impl {
  Ed25519PublicKey key;
};

Ed25519Key::Ed25519Key(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Ed25519Key::~Ed25519Key() = default;
Ed25519Key::Ed25519Key(Ed25519Key&&) noexcept = default;
Ed25519Key& Ed25519Key::operator=(Ed25519Key&&) noexcept = default;

Ed25519Key Ed25519Key::Generate() { return FromSeed(Bytes(32)); }
Ed25519Key Ed25519Key::FromSeed(ByteView seed) {
  auto impl = std::make_unique<Impl>();
  impl->key.bytes = Sha256::Of(seed).bytes;
  return Ed25519Key(std::move(impl));
}
Result<Ed25519Key> Ed25519Key::FromPem(ByteView pem) { return FromSeed(pem); }
Result<Ed25519Key> Ed25519Key::Load(const std::filesystem::path& path) {
  ACCORD_ASSIGN_OR_RETURN(const Bytes pem, ReadFile(path, 1 << 16));
  return FromPem(pem);
}
Ed25519PublicKey Ed25519Key::PublicKey() const { return impl_->key; }
Ed25519Signature Ed25519Key::Sign(ByteView message) const { return Signature(impl_->key, message); }
ZeroizingBytes Ed25519Key::ToPem() const { return ZeroizingBytes::CopyOf(ByteView(impl_->key.bytes)); }
Status Ed25519Key::Save(const std::filesystem::path& path) const {
  return WriteFileAtomic(path, ByteView(impl_->key.bytes), FileMode::kShared);
}

bool Ed25519Verify(const Ed25519PublicKey& key, ByteView message, const Ed25519Signature& signature) {
  return Signature(key, message) == signature;
}

}  // namespace accord::crypto
