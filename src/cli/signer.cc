#include "cli/signer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/errors.h"
#include "base/file.h"
#include "cli/named_file.h"
#include "crypto/pkcs11.h"

namespace accord::cli {
namespace {

using crypto::ZeroizingBytes;

// A file as `--passphrase-file` names it, also /dev/fd/3. Ordinary files are for their owner alone.
Result<ZeroizingBytes> ReadPassphraseFile(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat info {};
  if (fd < 0 || ::fstat(fd, &info) != 0) {
    const Status failed = OfNamed(ErrnoStatus(errno, "cannot read", path));
    if (fd >= 0) ::close(fd);
    return failed;
  }
  Result<ZeroizingBytes> line = Fail(errors::kKeyExposed, path + " may be read by others than its owner");
  if (!S_ISREG(info.st_mode) || (info.st_mode & (S_IRWXG | S_IRWXO)) == 0) line = ReadSecretLine(fd);
  ::close(fd);
  return line;
}

}  // namespace

Result<ZeroizingBytes> Secret(Session& session, const std::string& file, const std::string& prompt) {
  return file.empty() ? session.environment().ask_secret(prompt) : ReadPassphraseFile(file);
}

Result<ZeroizingBytes> ReadSecretLine(int fd) {
  ZeroizingBytes line(kMaxSecretBytes);
  std::size_t size = 0;
  for (bool ended = false; !ended;) {
    std::uint8_t byte = 0;  // one at a time: no buffer that nobody cleanses
    const ssize_t got = ::read(fd, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus(errno, "cannot read", "the passphrase");
    ended = got == 0 || byte == '\n';
    if (ended) break;
    if (size == kMaxSecretBytes) return Fail(errors::kCliUsage, "The passphrase is too long.");
    line.bytes()[size++] = byte;
  }
  if (size > 0 && line.view()[size - 1] == '\r') --size;
  return ZeroizingBytes::CopyOf(line.view().first(size));
}

Result<ZeroizingBytes> NewPassphrase(Session& session, const std::string& file) {
  ACCORD_ASSIGN_OR_RETURN(ZeroizingBytes first, Secret(session, file, "New passphrase: "));
  if (first.size() < kMinPassphraseBytes) {
    return Fail(errors::kCliUsage, "The passphrase is too short.",
                "Take " + std::to_string(kMinPassphraseBytes) +
                    " characters or more: some words that nobody would say together. Who has the file can "
                    "guess as often as they like.");
  }
  if (!file.empty()) return first;
  ACCORD_ASSIGN_OR_RETURN(const ZeroizingBytes second, Secret(session, file, "Once more: "));
  if (!(first == second)) return Fail(errors::kCliUsage, "The two passphrases differ.");
  return first;
}

Result<ledger::Signer> OpenSigner(Session& session, const KeyOptions& options) {
  ACCORD_ASSIGN_OR_RETURN(ledger::KeyFile file, OfNamed(ledger::ReadKeyFile(options.file)));
  const std::string what = file.pkcs11_uri.empty() ? "Passphrase of " : "PIN of the token with ";
  ACCORD_ASSIGN_OR_RETURN(
      const ZeroizingBytes secret,
      Secret(session, options.passphrase_file, what + Printable(file.verifier.name(), 64) + ": "));
  std::unique_ptr<const crypto::SigningKey> key;
  if (!file.pkcs11_uri.empty()) {
    ACCORD_ASSIGN_OR_RETURN(key, crypto::OpenTokenKey(file.pkcs11_uri, secret.view()));
  } else {
    Result<crypto::SoftwareKey> own = crypto::SoftwareKey::Decrypt(file.pem, secret.view());
    if (own.status().error() == errors::kKeyMalformed.id)
      return Fail(errors::kKeyMalformed, options.file + ": " + own.status().message());
    ACCORD_RETURN_IF_ERROR(own.status());
    key = std::make_unique<const crypto::SoftwareKey>(*std::move(own));
  }
  return ledger::Signer::Make(std::move(file.verifier), std::move(key));
}

}  // namespace accord::cli
