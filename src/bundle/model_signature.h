// model.sig: the signature of a model as OpenSSF's model_signing writes and verifies it (version 1.0): a
// Sigstore bundle (v0.3) around a DSSE envelope around an in-toto statement that lists files with their
// SHA-256. By a key on P-256: the format takes no Ed25519. `model_signing verify key` and `openssl dgst
// -verify` take it, too. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "bundle/contents.h"
#include "ledger/signer.h"

namespace accord::bundle {

inline constexpr std::string_view kInTotoType = "application/vnd.in-toto+json";
inline constexpr std::string_view kStatementType = "https://in-toto.io/Statement/v1";

// What is signed: the one subject, whose digest is over the digests of the files in their order, and these.
struct FileList {
  struct File {
    std::string name;
    Digest digest;
    friend bool operator==(const File&, const File&) = default;
  };
  std::string name;                  // of the model
  std::vector<std::string> ignored;  // paths that it says nothing of
  std::vector<File> files;

  // SHA-256 over the raw digests, one after the other.
  [[nodiscard]] Digest Root() const;
  friend bool operator==(const FileList&, const FileList&) = default;
};
[[nodiscard]] Bytes EncodeStatement(const FileList& list);
// `ledger.malformed` for what is no such statement, or whose subject is another than its files come to.
[[nodiscard]] Result<FileList> ParseStatement(ByteView payload);

struct ModelSignature {
  std::string hint;  // of the key: hex SHA-256 of its PEM
  Bytes payload;
  Bytes signature;  // DER of (r, s)
};
[[nodiscard]] std::string EncodeModelSignature(const ModelSignature& signature);
// `ledger.malformed`.
[[nodiscard]] Result<ModelSignature> ParseModelSignature(ByteView text);

[[nodiscard]] std::string HintOf(ByteView spki);
// The file. `key.malformed` unless the key is on P-256; fails as it does.
[[nodiscard]] Result<std::string> SignFiles(const FileList& list, const ledger::Signer& release);
// What the holder of this key (DER of its SPKI) signed; lenient in how the JSON is laid out.
// `ledger.malformed`; `model.bundle` with the reason when it is not by this key.
[[nodiscard]] Result<FileList> OpenModelSignature(ByteView text, ByteView spki);

}  // namespace accord::bundle
