#include "crypto/x25519.h"

#include <array>

#include "base/check.h"
#include "base/errors.h"
#include "crypto/openssl_internal.h"

namespace accord::crypto {
namespace {

constexpr const char* kType = "X25519";
constexpr std::size_t kSecretBytes = 32;

}  // namespace

struct X25519Key::Impl {
  ZeroizingBytes secret;
  X25519PublicKey public_key;
};

X25519Key::X25519Key(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
X25519Key::~X25519Key() = default;
X25519Key::X25519Key(X25519Key&&) noexcept = default;
X25519Key& X25519Key::operator=(X25519Key&&) noexcept = default;

X25519Key X25519Key::FromSecret(ByteView secret) {
  ACCORD_CHECK(secret.size() == kSecretBytes);
  const PkeyPtr key = RawKeyPair(kType, secret);
  X25519PublicKey public_key;
  std::size_t size = public_key.bytes.size();
  ACCORD_CHECK(EVP_PKEY_get_raw_public_key(key.get(), public_key.bytes.data(), &size) == 1);
  return X25519Key(std::make_unique<Impl>(Impl{ZeroizingBytes::CopyOf(secret), public_key}));
}

const X25519PublicKey& X25519Key::PublicKey() const { return impl_->public_key; }

Result<ZeroizingBytes> X25519Key::Derive(const X25519PublicKey& peer) const {
  const ErrorScope scope;
  const PkeyPtr other(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, peer.bytes.data(), peer.bytes.size()));
  const PkeyPtr own = RawKeyPair(kType, impl_->secret.view(), impl_->public_key.bytes);
  const PkeyCtxPtr ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, own.get(), nullptr));
  ACCORD_CHECK(other != nullptr && ctx != nullptr && EVP_PKEY_derive_init(ctx.get()) == 1);
  ZeroizingBytes shared(kSecretBytes);
  std::size_t size = shared.size();
  // OpenSSL refuses an all-zero result itself; not every version has to.
  static constexpr std::array<std::uint8_t, kSecretBytes> kZero{};
  if (EVP_PKEY_derive_set_peer(ctx.get(), other.get()) != 1 ||
      EVP_PKEY_derive(ctx.get(), shared.bytes().data(), &size) != 1 || size != kSecretBytes ||
      EqualConstantTime(shared.view(), kZero)) {
    return Fail(errors::kSecaggBadKey, "the key " + peer.Hex() + " gives no shared secret");
  }
  return shared;
}

}  // namespace accord::crypto
