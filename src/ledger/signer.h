// A key that signs under a name: what a member's people hold (governance.md 2a), as a file names it.
//
//   accord-key v1
//   vkey: <verifier key>                        public: the charter has it
//   pkcs11: <URI of the private key>            when a token holds it (RFC 7512)
//   -----BEGIN ENCRYPTED PRIVATE KEY----- ...   when this file does; OpenSSL reads it too
//
// Pure but for reading the file; who opens the private key is in crypto/signing_key.h and crypto/pkcs11.h.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "accord/status.h"
#include "crypto/signing_key.h"
#include "ledger/dsse.h"
#include "ledger/vkey.h"

namespace accord::ledger {

struct KeyFile {
  VerifierKey verifier;
  std::string pkcs11_uri;  // one of the two is empty
  std::string pem;

  // `key.malformed` unless it is of this form. Opens nothing.
  [[nodiscard]] static Result<KeyFile> Parse(std::string_view text);
  [[nodiscard]] std::string Format() const;
};
// `key.exposed` when group or others have any right to it; errors of reading and of Parse.
[[nodiscard]] Result<KeyFile> ReadKeyFile(const std::filesystem::path& path);

// A private key with the verifier key that others know it by. Movable; one thread at a time.
class Signer {
 public:
  // `key.mismatch` when they are not of one pair.
  [[nodiscard]] static Result<Signer> Make(VerifierKey verifier,
                                           std::unique_ptr<const crypto::SigningKey> key);

  [[nodiscard]] const VerifierKey& verifier() const { return verifier_; }
  // Adds a signature to the envelope, with KeyIdOf(verifier()) as the hint; one with this hint that is there
  // is replaced. Fails as the key does.
  [[nodiscard]] Status Sign(Envelope& envelope) const;

 private:
  Signer(VerifierKey verifier, std::unique_ptr<const crypto::SigningKey> key);

  VerifierKey verifier_;
  std::unique_ptr<const crypto::SigningKey> key_;
};

// The verifier key of a private key under this name. `vkey.malformed` unless IsKeyName.
[[nodiscard]] Result<VerifierKey> VerifierOf(std::string name, const crypto::SigningKey& key);

}  // namespace accord::ledger
