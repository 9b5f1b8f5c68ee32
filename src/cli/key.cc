// accord key ...: the keys that members sign charters, proposals, votes and certificates with.
#include <filesystem>

#include "base/errors.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/named_file.h"
#include "cli/signer.h"
#include "crypto/ecdsa.h"
#include "crypto/pkcs11.h"
#include "crypto/sha256.h"

namespace accord::cli {
namespace {

constexpr std::string_view kP256 = "p256";

std::string_view KindName(const ledger::VerifierKey& key) {
  return key.type() == ledger::KeyType::kEcdsa ? "ECDSA P-256" : "Ed25519";
}

// What a charter has of a key that signs released models; empty for other kinds.
std::string ReleaseHash(const ledger::VerifierKey& key) {
  return crypto::IsP256Key(key.key()) ? crypto::Sha256::Of(key.key()).Hex() : "";
}

std::string KeyText(const ledger::KeyFile& file, const std::string& path) {
  const std::string release = ReleaseHash(file.verifier);
  const std::string place = file.pkcs11_uri.empty() ? path + ", encrypted" : file.pkcs11_uri;
  return "name          " + Printable(file.verifier.name(), 256) + "\nkind          " +
         std::string(KindName(file.verifier)) + "\nprivate key   " + Printable(place, 1'000) +
         "\nverifier key  " + file.verifier.Format() + "\n" +
         (release.empty() ? "" : "for releases  model_key = \"" + release + "\" in the charter\n");
}

std::string KeyJson(const ledger::KeyFile& file, const std::string& path) {
  return JsonObject({{"name", file.verifier.name()},
                     {"kind", std::string(KindName(file.verifier))},
                     {"vkey", file.verifier.Format()},
                     {"key_id", ledger::KeyIdOf(file.verifier)},
                     {"pkcs11", file.pkcs11_uri},
                     {"spki_sha256", ReleaseHash(file.verifier)},
                     {"file", path}});
}

Result<ledger::KeyFile> MakeKey(const KeyCreate& command, Session& session) {
  ACCORD_ASSIGN_OR_RETURN(const crypto::ZeroizingBytes passphrase,
                          NewPassphrase(session, command.passphrase_file));
  const crypto::SoftwareKey key = crypto::SoftwareKey::Generate(
      command.kind == kP256 ? crypto::SignatureKind::kEcdsaP256 : crypto::SignatureKind::kEd25519);
  ACCORD_ASSIGN_OR_RETURN(ledger::VerifierKey verifier, ledger::VerifierOf(command.name, key));
  return ledger::KeyFile{std::move(verifier), "", key.Encrypt(passphrase.view())};
}

// One that a token has made. It signs once, so that what the charter gets is a key that works.
Result<ledger::KeyFile> FindKey(const KeyCreate& command, Session& session) {
  ACCORD_ASSIGN_OR_RETURN(const crypto::ZeroizingBytes pin,
                          Secret(session, command.passphrase_file, "PIN of the token: "));
  ACCORD_ASSIGN_OR_RETURN(const auto key, crypto::OpenTokenKey(command.pkcs11, pin.view()));
  ACCORD_RETURN_IF_ERROR(key->Sign(AsBytes("accord key create")).status());
  ACCORD_ASSIGN_OR_RETURN(ledger::VerifierKey verifier, ledger::VerifierOf(command.name, *key));
  return ledger::KeyFile{std::move(verifier), command.pkcs11, ""};
}

Result<ledger::KeyFile> CreateKey(const KeyCreate& command, Session& session) {
  std::error_code error;
  if (std::filesystem::exists(command.out, error))
    return Fail(errors::kCliExists, command.out + " exists.",
                "Choose another name; a key is never overwritten.");
  if (!ledger::IsKeyName(command.name)) {
    return Fail(errors::kCliUsage, "\"" + Printable(command.name, 64) + "\" is not a name for a key.",
                "Use one without spaces and \"+\", such as fed.example/ke");
  }
  ACCORD_ASSIGN_OR_RETURN(ledger::KeyFile file,
                          command.pkcs11.empty() ? MakeKey(command, session) : FindKey(command, session));
  ACCORD_RETURN_IF_ERROR(WriteFileAtomic(command.out, AsBytes(file.Format()), FileMode::kPrivate));
  return file;
}

}  // namespace

ExitCode Run(const KeyCreate& command, Session& session) {
  const Result<ledger::KeyFile> file = CreateKey(command, session);
  if (!file.ok()) return session.printer().Failure(file.status());
  return session.printer().Answer(
      KeyText(*file, command.out) +
          "\nGive the verifier key to whoever writes the charter; it is not secret. " +
          (file->pkcs11_uri.empty() ? "Keep a copy of the file, and the passphrase\napart from it: whoever "
                                      "has both speaks for the "
                                      "member, and without them only an amendment of the charter helps.\n"
                                    : "Whoever has the token and its PIN speaks for the\nmember; when it is "
                                      "lost, only an amendment "
                                      "of the charter helps.\n"),
      KeyJson(*file, command.out));
}

ExitCode Run(const KeyShow& command, Session& session) {
  const Result<ledger::KeyFile> file = OfNamed(ledger::ReadKeyFile(command.file));
  if (!file.ok()) return session.printer().Failure(file.status());
  return session.printer().Answer(KeyText(*file, command.file), KeyJson(*file, command.file));
}

}  // namespace accord::cli
