// X25519 (RFC 7748): the two key pairs that a node makes anew for each attempt (secagg.md 2.3).
#pragma once

#include <memory>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "crypto/zeroizing.h"

namespace accord::crypto {

using X25519PublicKey = FixedBytes<struct X25519PublicKeyTag, 32>;

// A private key. Const members may be used from several threads.
class X25519Key {
 public:
  // The key of 32 secret bytes, which are clamped in use (RFC 7748 5).
  [[nodiscard]] static X25519Key FromSecret(ByteView secret);

  ~X25519Key();
  X25519Key(X25519Key&&) noexcept;
  X25519Key& operator=(X25519Key&&) noexcept;

  [[nodiscard]] const X25519PublicKey& PublicKey() const;
  // The 32 bytes shared with the holder of `peer`. `secagg.bad_key` when they are all zero, which only a
  // public key of low order gives (RFC 7748 6.1).
  [[nodiscard]] Result<ZeroizingBytes> Derive(const X25519PublicKey& peer) const;

 private:
  struct Impl;
  explicit X25519Key(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace accord::crypto
