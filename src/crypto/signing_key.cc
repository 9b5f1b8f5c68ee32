#include "crypto/signing_key.h"

#include <openssl/pkcs12.h>

#include <array>

#include "base/check.h"
#include "base/errors.h"
#include "base/overloaded.h"
#include "crypto/openssl_internal.h"
#include "crypto/random.h"
#include "crypto/x509_internal.h"

namespace accord::crypto {
namespace {

using Pkcs8Ptr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, OpensslFree<PKCS8_PRIV_KEY_INFO_free>>;
using EncryptedPtr = std::unique_ptr<X509_SIG, OpensslFree<X509_SIG_free>>;

// One of the settings that OWASP's Password Storage Cheat Sheet holds equal; OpenSSL decrypts with no more
// than 32 MiB, so N cannot be larger, and p is.
constexpr std::uint64_t kScryptN = 1 << 14, kScryptR = 8, kScryptP = 5;
constexpr std::size_t kSaltBytes = 16;

const char* Chars(ByteView passphrase) { return reinterpret_cast<const char*>(passphrase.data()); }

// The first one, or null.
EncryptedPtr ReadEncrypted(std::string_view pem) {
  const BioPtr bio = ReadBio(AsBytes(pem));
  return EncryptedPtr(PEM_read_bio_PKCS8(bio.get(), nullptr, nullptr, nullptr));
}

}  // namespace

SoftwareKey SoftwareKey::Generate(SignatureKind kind) {
  if (kind == SignatureKind::kEd25519) return SoftwareKey(Ed25519Key::Generate());
  return SoftwareKey(P256Key::Generate());
}

Result<SoftwareKey> SoftwareKey::Decrypt(std::string_view pem, ByteView passphrase) {
  const ErrorScope scope;
  const EncryptedPtr encrypted = ReadEncrypted(pem);
  if (encrypted == nullptr) return Fail(errors::kKeyMalformed, "there is no encrypted private key in PEM");
  const Pkcs8Ptr decrypted(
      PKCS8_decrypt(encrypted.get(), Chars(passphrase), static_cast<int>(passphrase.size())));
  if (decrypted == nullptr) return Fail(errors::kKeyPassphrase, "the passphrase does not open the key");
  const PkeyPtr key(EVP_PKCS82PKEY(decrypted.get()));
  if (key == nullptr) return Fail(errors::kKeyMalformed, "what is encrypted is no private key");
  const ZeroizingBytes plain = PrivateKeyToPem(key.get());
  if (IsP256(key.get())) {
    ACCORD_ASSIGN_OR_RETURN(P256Key p256, P256Key::FromPem(plain.view()));
    return SoftwareKey(std::move(p256));
  }
  ACCORD_ASSIGN_OR_RETURN(Ed25519Key ed25519, Ed25519Key::FromPem(plain.view()));
  return SoftwareKey(std::move(ed25519));
}

bool SoftwareKey::HasEncrypted(std::string_view pem) {
  const ErrorScope scope;
  return ReadEncrypted(pem) != nullptr;
}

std::string SoftwareKey::Encrypt(ByteView passphrase) const {
  const ZeroizingBytes plain = std::visit([](const auto& key) { return key.ToPem(); }, key_);
  const PkeyPtr key = PrivateKeyFromPem(plain.view());
  const Pkcs8Ptr info(EVP_PKEY2PKCS8(key.get()));
  std::array<std::uint8_t, kSaltBytes> salt{};
  RandomBytes(salt);
  X509_ALGOR* const scheme = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt.data(), kSaltBytes,
                                                   /*aiv=*/nullptr, kScryptN, kScryptR, kScryptP);
  ACCORD_CHECK(info != nullptr && scheme != nullptr);
  const EncryptedPtr encrypted(  // owns the scheme from here on
      PKCS8_set0_pbe(Chars(passphrase), static_cast<int>(passphrase.size()), info.get(), scheme));
  const BioPtr bio(BIO_new(BIO_s_mem()));
  ACCORD_CHECK(encrypted != nullptr && bio != nullptr &&
               PEM_write_bio_PKCS8(bio.get(), encrypted.get()) == 1);
  return std::string(AsText(BioContent(bio.get())));
}

SignatureKind SoftwareKey::kind() const {
  return std::holds_alternative<Ed25519Key>(key_) ? SignatureKind::kEd25519 : SignatureKind::kEcdsaP256;
}

Bytes SoftwareKey::PublicKey() const {
  return std::visit(overloaded{[](const Ed25519Key& key) {
                                 const Ed25519PublicKey bytes = key.PublicKey();
                                 return Bytes(bytes.bytes.begin(), bytes.bytes.end());
                               },
                               [](const P256Key& key) { return SpkiOf(key.impl().key.get()); }},
                    key_);
}

Result<Bytes> SoftwareKey::Sign(ByteView message) const {
  return std::visit(overloaded{[&](const Ed25519Key& key) {
                                 const Ed25519Signature signature = key.Sign(message);
                                 return Bytes(signature.bytes.begin(), signature.bytes.end());
                               },
                               [&](const P256Key& key) { return key.Sign(message); }},
                    key_);
}

}  // namespace accord::crypto
