// Ed25519 (RFC 8032, pure): the long-lived protocol key of a node, which signs FSA-1 messages and receipts
// and never changes when TLS keys do (governance.md h).
#pragma once

#include <filesystem>
#include <memory>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "crypto/zeroizing.h"

namespace accord::crypto {

using Ed25519PublicKey = FixedBytes<struct Ed25519PublicKeyTag, 32>;
using Ed25519Signature = FixedBytes<struct Ed25519SignatureTag, 64>;

// A private key. Const members may be used from several threads.
class Ed25519Key {
 public:
  [[nodiscard]] static Ed25519Key Generate();
  // The key of a 32-byte seed (RFC 8032 5.1.5).
  [[nodiscard]] static Ed25519Key FromSeed(ByteView seed);
  // PKCS#8 PEM. `key.malformed` when it is not exactly that.
  [[nodiscard]] static Result<Ed25519Key> FromPem(ByteView pem);
  // A PEM file; errors of FromPem and of reading.
  [[nodiscard]] static Result<Ed25519Key> Load(const std::filesystem::path& path);

  ~Ed25519Key();
  Ed25519Key(Ed25519Key&&) noexcept;
  Ed25519Key& operator=(Ed25519Key&&) noexcept;

  [[nodiscard]] Ed25519PublicKey PublicKey() const;
  [[nodiscard]] Ed25519Signature Sign(ByteView message) const;
  [[nodiscard]] ZeroizingBytes ToPem() const;
  // Writes the PEM with mode 0600, whole or not at all.
  [[nodiscard]] Status Save(const std::filesystem::path& path) const;

 private:
  struct Impl;
  explicit Ed25519Key(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Whether `signature` is by the holder of `key` over exactly `message`. Non-canonical S is refused.
[[nodiscard]] bool Ed25519Verify(const Ed25519PublicKey& key, ByteView message,
                                 const Ed25519Signature& signature);

}  // namespace accord::crypto
