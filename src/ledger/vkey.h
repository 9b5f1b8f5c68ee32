// Public keys of logs and witnesses, as one line of text (c2sp.org/signed-note, "Verifier keys"):
//
//   <name>+<key id, 8 hex digits>+<base64 of type byte and key>
//
// Name and id together say whose a signature in a note is. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "accord/status.h"
#include "base/text.h"
#include "crypto/ed25519.h"

namespace accord::ledger {

// The type byte of a key, which its id covers. 0x06 is reserved for ML-DSA-44, which OpenSSL 3.0 lacks.
enum class KeyType : std::uint8_t {
  kEd25519 = 0x01,      // of a log; signs the text of a note
  kEcdsa = 0x02,        // P-256, P-384 or P-521 with SHA-256; signs the text; the key is a DER SPKI
  kCosignature = 0x04,  // Ed25519 of a witness; signs a time and the text (cosignature.h)
};

// A name for keys: UTF-8, not empty, without control characters, Unicode spaces and "+".
[[nodiscard]] bool IsKeyName(std::string_view name);

// A key and its name. Immutable.
class VerifierKey {
 public:
  // Strict: `vkey.malformed` unless the line is what Format() writes, id and all; `vkey.unsupported` for a
  // key of a type that is not in KeyType. An Ed25519 key must be sound (crypto/ed25519_point.h).
  [[nodiscard]] static Result<VerifierKey> Parse(std::string_view text);
  // `key` without the type byte. `vkey.malformed` for a bad name or key.
  [[nodiscard]] static Result<VerifierKey> Make(std::string name, KeyType type, Bytes key);

  [[nodiscard]] std::string Format() const;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] KeyType type() const { return type_; }
  [[nodiscard]] const Bytes& key() const { return key_; }
  // The first four bytes of SHA-256(name || "\n" || type || key), big-endian; for ECDSA of SHA-256(key).
  [[nodiscard]] std::uint32_t id() const { return id_; }
  // Whether both are one key, whatever it is called and may sign: tlog-policy's "duplicate".
  [[nodiscard]] bool SameKey(const VerifierKey& other) const { return key_ == other.key_; }

  // Whether `signature` (what follows the key id in a note) is by this key over `text`.
  [[nodiscard]] bool Verify(std::string_view text, ByteView signature) const;

  friend bool operator==(const VerifierKey&, const VerifierKey&) = default;

 private:
  VerifierKey(std::string name, KeyType type, Bytes key);

  std::string name_;
  KeyType type_;
  Bytes key_;
  std::uint32_t id_;
};

// The keys of a log and of a witness that hold these Ed25519 keys. The name is a bug unless IsKeyName.
[[nodiscard]] VerifierKey LogKey(std::string name, const crypto::Ed25519PublicKey& key);
[[nodiscard]] VerifierKey WitnessKey(std::string name, const crypto::Ed25519PublicKey& key);

}  // namespace accord::ledger
