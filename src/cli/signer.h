// The keys that commands sign with for a member: --key FILE, and who asks for what opens it. A passphrase
// comes from the terminal, without echo, or from a file that the person names; never from an argument or the
// environment, which others of the machine can see.
#pragma once

#include <string>

#include "accord/status.h"
#include "cli/session.h"
#include "crypto/zeroizing.h"
#include "ledger/signer.h"

namespace accord::cli {

inline constexpr std::size_t kMaxSecretBytes = 1'024;
inline constexpr std::size_t kMinPassphraseBytes = 10;

struct KeyOptions {
  std::string file;             // of ledger::KeyFile
  std::string passphrase_file;  // empty: the terminal
};

// What opens a private key that there is: a passphrase, or the PIN of a token.
[[nodiscard]] Result<crypto::ZeroizingBytes> Secret(Session& session, const std::string& file,
                                                    const std::string& prompt);

// Opens the key file and what it needs. Errors of ledger::ReadKeyFile, of the private key, and `cli.usage`
// where nobody can be asked.
[[nodiscard]] Result<ledger::Signer> OpenSigner(Session& session, const KeyOptions& options);

// A passphrase that is to protect a new key: typed twice; `cli.usage` for less than kMinPassphraseBytes.
[[nodiscard]] Result<crypto::ZeroizingBytes> NewPassphrase(Session& session, const std::string& file);

// The first line of an open file, pipe or terminal, without what ends it: `cli.usage` when it is longer than
// kMaxSecretBytes, `store.io`. Nothing of it is left anywhere else.
[[nodiscard]] Result<crypto::ZeroizingBytes> ReadSecretLine(int fd);

}  // namespace accord::cli
