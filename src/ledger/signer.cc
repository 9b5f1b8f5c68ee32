#include "ledger/signer.h"

#include <utility>

#include "base/errors.h"
#include "crypto/zeroizing.h"

namespace accord::ledger {
namespace {

constexpr std::string_view kKeyFileHead = "accord-key v1\n", kVkeyLabel = "vkey: ", kPkcs11Label = "pkcs11: ",
                           kPemBegin = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n";

Status NoKeyFile(const std::string& why) {
  return Fail(errors::kKeyMalformed, "not the file of a key: " + why);
}

// What follows `label` on the first line of `text`, which goes on after it.
Result<std::string> TakeLine(std::string_view& text, std::string_view label) {
  const std::size_t end = text.find('\n');
  if (!text.starts_with(label) || end == text.npos)
    return NoKeyFile("it has no line that begins with \"" + std::string(label) + "\"");
  std::string value(text.substr(label.size(), end - label.size()));
  text.remove_prefix(end + 1);
  return value;
}

}  // namespace

Result<KeyFile> KeyFile::Parse(std::string_view text) {
  if (!text.starts_with(kKeyFileHead)) return NoKeyFile("it does not begin with \"accord-key v1\"");
  text.remove_prefix(kKeyFileHead.size());
  ACCORD_ASSIGN_OR_RETURN(const std::string vkey, TakeLine(text, kVkeyLabel));
  Result<VerifierKey> verifier = VerifierKey::Parse(vkey);
  if (!verifier.ok()) return NoKeyFile(verifier.status().message());
  if (verifier->type() == KeyType::kCosignature) return NoKeyFile("a witness's key signs no documents");
  KeyFile file{*std::move(verifier), "", ""};
  if (text.starts_with(kPemBegin)) {
    if (!crypto::SoftwareKey::HasEncrypted(text)) return NoKeyFile("its private key is cut short or damaged");
    file.pem = std::string(text);
    return file;
  }
  ACCORD_ASSIGN_OR_RETURN(file.pkcs11_uri, TakeLine(text, kPkcs11Label));
  if (!file.pkcs11_uri.starts_with("pkcs11:") || !text.empty())
    return NoKeyFile("it is to end with the URI of a key in a token");
  return file;
}

std::string KeyFile::Format() const {
  std::string text(kKeyFileHead);
  text.append(kVkeyLabel).append(verifier.Format()).append("\n");
  if (!pkcs11_uri.empty()) text.append(kPkcs11Label).append(pkcs11_uri).append("\n");
  return text + pem;
}

Result<KeyFile> ReadKeyFile(const std::filesystem::path& path) {
  ACCORD_ASSIGN_OR_RETURN(const crypto::ZeroizingBytes text, crypto::ReadPrivateFile(path));
  return KeyFile::Parse(AsText(text.view()));
}

Result<VerifierKey> VerifierOf(std::string name, const crypto::SigningKey& key) {
  const bool ed25519 = key.kind() == crypto::SignatureKind::kEd25519;
  return VerifierKey::Make(std::move(name), ed25519 ? KeyType::kEd25519 : KeyType::kEcdsa, key.PublicKey());
}

Signer::Signer(VerifierKey verifier, std::unique_ptr<const crypto::SigningKey> key)
    : verifier_(std::move(verifier)), key_(std::move(key)) {}

Result<Signer> Signer::Make(VerifierKey verifier, std::unique_ptr<const crypto::SigningKey> key) {
  const Result<VerifierKey> own = VerifierOf(verifier.name(), *key);
  if (!own.ok() || *own != verifier)
    return Fail(errors::kKeyMismatch, "the private key is not the one of " + verifier.Format());
  return Signer(std::move(verifier), std::move(key));
}

Status Signer::Sign(Envelope& envelope) const {
  ACCORD_ASSIGN_OR_RETURN(Bytes signature, key_->Sign(Pae(envelope.payload_type, envelope.payload)));
  // Signing again replaces what this key said before: ECDSA never signs twice alike.
  std::erase_if(envelope.signatures,
                [&](const DsseSignature& one) { return one.keyid == KeyIdOf(verifier_); });
  envelope.signatures.push_back({KeyIdOf(verifier_), std::move(signature)});
  return {};
}

}  // namespace accord::ledger
