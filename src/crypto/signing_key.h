// Keys that sign documents for a member of a federation: charters, proposals, votes, certificates of data.
// Where the private half is (in memory, in a token of hardware) is the maker's affair. A SigningKey is made
// once, at the start of a command; const members are for one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "accord/status.h"
#include "base/text.h"
#include "crypto/ed25519.h"
#include "crypto/x509.h"
#include "crypto/zeroizing.h"

namespace accord::crypto {

enum class SignatureKind : std::uint8_t { kEd25519, kEcdsaP256 };

class SigningKey {
 public:
  virtual ~SigningKey() = default;

  [[nodiscard]] virtual SignatureKind kind() const = 0;
  // Ed25519: 32 bytes; ECDSA: the DER of the SubjectPublicKeyInfo.
  [[nodiscard]] virtual Bytes PublicKey() const = 0;
  // Ed25519: 64 bytes (RFC 8032); ECDSA: over SHA-256 of the message, DER of (r, s). Fails where hardware
  // does.
  [[nodiscard]] virtual Result<Bytes> Sign(ByteView message) const = 0;
};

// A private key in this process's memory.
class SoftwareKey final : public SigningKey {
 public:
  explicit SoftwareKey(Ed25519Key key) : key_(std::move(key)) {}
  explicit SoftwareKey(P256Key key) : key_(std::move(key)) {}
  [[nodiscard]] static SoftwareKey Generate(SignatureKind kind);
  // The first ENCRYPTED PRIVATE KEY (PKCS#8, RFC 5958 and 7468) in `pem`, whatever text is before it.
  // `key.malformed` when there is none, or of another kind of key; `key.passphrase` when this one does not
  // open it.
  [[nodiscard]] static Result<SoftwareKey> Decrypt(std::string_view pem, ByteView passphrase);

  // Whether the text has one, whole as it was written; no passphrase opens the rest of a file that was cut.
  [[nodiscard]] static bool HasEncrypted(std::string_view pem);

  // What Decrypt reads, also `openssl pkey`: AES-256-CBC under a key that scrypt makes of the passphrase
  // (RFC 7914, N = 2^14, r = 8, p = 5: a tenth of a second and 16 MiB a guess).
  [[nodiscard]] std::string Encrypt(ByteView passphrase) const;

  [[nodiscard]] SignatureKind kind() const override;
  [[nodiscard]] Bytes PublicKey() const override;
  [[nodiscard]] Result<Bytes> Sign(ByteView message) const override;

 private:
  std::variant<Ed25519Key, P256Key> key_;
};

}  // namespace accord::crypto
