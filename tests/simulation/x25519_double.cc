// X25519 doubled by a keyed hash: what two keys share is a hash of the two public ones. Anyone could compute
// it; nobody here does. Takes the place of src/crypto/x25519.cc at the linker.
#include <algorithm>
#include <utility>

#include "crypto/sha256.h"
#include "crypto/x25519.h"

namespace accord::crypto {

struct X25519Key::Impl {
  X25519PublicKey key;
};

X25519Key::X25519Key(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
X25519Key::~X25519Key() = default;
X25519Key::X25519Key(X25519Key&&) noexcept = default;
X25519Key& X25519Key::operator=(X25519Key&&) noexcept = default;

X25519Key X25519Key::FromSecret(ByteView secret) {
  auto impl = std::make_unique<Impl>();
  impl->key.bytes = Sha256::Of(secret).bytes;
  return X25519Key(std::move(impl));
}

const X25519PublicKey& X25519Key::PublicKey() const { return impl_->key; }

Result<ZeroizingBytes> X25519Key::Derive(const X25519PublicKey& peer) const {
  const auto [less, more] = std::minmax(impl_->key, peer);
  Sha256 hash;
  hash.Update(ByteView(less.bytes));
  hash.Update(ByteView(more.bytes));
  return ZeroizingBytes::CopyOf(ByteView(hash.Finish().bytes));
}

}  // namespace accord::crypto
