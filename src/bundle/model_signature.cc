#include "bundle/model_signature.h"

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/errors.h"
#include "crypto/base64.h"
#include "crypto/ecdsa.h"
#include "crypto/sha256.h"
#include "ledger/dsse.h"
#include "ledger/strict_json.h"

namespace accord::bundle {
namespace {

using ledger::JsonReader;
using nlohmann::ordered_json;

constexpr std::string_view kMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";
constexpr std::string_view kPredicate = "https://model_signing/signature/v1.0";

void Demand(JsonReader& in, std::string_view key, std::string_view value) {
  if (in.Text(key) != value) in.Refuse(key, "it is not " + std::string(value));
}

std::vector<FileList::File> ReadFiles(JsonReader& predicate) {
  std::vector<FileList::File> files;
  std::set<std::string> names;
  for (JsonReader& one : predicate.Objects("resources")) {
    FileList::File file{one.Text("name"), one.Digest("digest")};
    Demand(one, "algorithm", "sha256");
    if (!names.insert(file.name).second) one.Refuse("name", "the file is listed twice");
    files.push_back(std::move(file));
  }
  return files;
}

void CheckSerialization(JsonReader in, FileList& list) {
  Demand(in, "method", "files");
  Demand(in, "hash_type", "sha256");
  if (in.Bool("allow_symlinks")) in.Refuse("allow_symlinks", "links are not taken");
  list.ignored = in.Texts("ignore_paths");
}

// The envelope's one signature.
Bytes ReadSignature(JsonReader& envelope) {
  std::vector<JsonReader> all = envelope.Objects("signatures");
  if (all.size() != 1) envelope.Refuse("signatures", "there is not exactly one");
  if (all.empty()) return {};
  if (all[0].Has("keyid")) Demand(all[0], "keyid", "");
  return all[0].Base64("sig");
}

}  // namespace

Digest FileList::Root() const {
  crypto::Sha256 hash;
  for (const File& file : files) hash.Update(file.digest.bytes);
  return hash.Finish();
}

Bytes EncodeStatement(const FileList& list) {
  ordered_json resources = ordered_json::array();
  for (const FileList::File& file : list.files)
    resources.push_back({{"name", file.name}, {"algorithm", "sha256"}, {"digest", file.digest.Hex()}});
  const ordered_json subject{{"name", list.name}, {"digest", {{"sha256", list.Root().Hex()}}}};
  const ordered_json root{{"_type", kStatementType},
                          {"subject", ordered_json::array({subject})},
                          {"predicateType", kPredicate},
                          {"predicate",
                           {{"serialization",
                             {{"method", "files"},
                              {"hash_type", "sha256"},
                              {"allow_symlinks", false},
                              {"ignore_paths", list.ignored}}},
                            {"resources", std::move(resources)}}}};
  const std::string text = root.dump();
  return {text.begin(), text.end()};
}

Result<FileList> ParseStatement(ByteView payload) {
  JsonReader in(payload, "statement of a model's signature", kMaxFileBytes);
  FileList list;
  Demand(in, "_type", kStatementType);
  Demand(in, "predicateType", kPredicate);
  Digest root;
  std::vector<JsonReader> subjects = in.Objects("subject");
  if (subjects.size() != 1) in.Refuse("subject", "there is not exactly one");
  if (!subjects.empty()) {
    list.name = subjects[0].Text("name");
    root = subjects[0].Object("digest").Digest("sha256");
  }
  JsonReader predicate = in.Object("predicate");
  CheckSerialization(predicate.Object("serialization"), list);
  list.files = ReadFiles(predicate);
  if (list.Root() != root) in.Refuse("subject", "its digest is not that of the listed files");
  ACCORD_RETURN_IF_ERROR(in.Finish());
  return list;
}

std::string EncodeModelSignature(const ModelSignature& one) {
  const ordered_json signature{{"sig", crypto::ToBase64(one.signature)}, {"keyid", ""}};
  const ordered_json root{
      {"mediaType", kMediaType},
      {"verificationMaterial", {{"publicKey", {{"hint", one.hint}}}, {"tlogEntries", ordered_json::array()}}},
      {"dsseEnvelope",
       {{"payload", crypto::ToBase64(one.payload)},
        {"payloadType", kInTotoType},
        {"signatures", ordered_json::array({signature})}}}};
  return root.dump() + "\n";
}

Result<ModelSignature> ParseModelSignature(ByteView text) {
  JsonReader in(text, "signature of a model", 2 * kMaxFileBytes);
  ModelSignature one;
  Demand(in, "mediaType", kMediaType);
  JsonReader material = in.Object("verificationMaterial");
  one.hint = material.Object("publicKey").Text("hint");
  if (!material.Objects("tlogEntries").empty())
    material.Refuse("tlogEntries", "entries of Sigstore's log are not looked at here");
  JsonReader envelope = in.Object("dsseEnvelope");
  one.payload = envelope.Base64("payload");
  Demand(envelope, "payloadType", kInTotoType);
  one.signature = ReadSignature(envelope);
  ACCORD_RETURN_IF_ERROR(in.Finish());
  return one;
}

std::string HintOf(ByteView spki) { return crypto::Sha256::Of(crypto::PublicKeyToPem(spki)).Hex(); }

Result<std::string> SignFiles(const FileList& list, const ledger::Signer& release) {
  const Bytes& spki = release.verifier().key();
  if (release.verifier().type() != ledger::KeyType::kEcdsa || !crypto::IsP256Key(spki)) {
    return Fail(errors::kKeyMalformed, "the release key is not on P-256, which the format asks for",
                "Make one: accord key create --kind p256");
  }
  ledger::Envelope envelope{std::string(kInTotoType), EncodeStatement(list), {}};
  ACCORD_RETURN_IF_ERROR(release.Sign(envelope));
  return EncodeModelSignature({HintOf(spki), envelope.payload, envelope.signatures.front().signature});
}

Result<FileList> OpenModelSignature(ByteView text, ByteView spki) {
  ACCORD_ASSIGN_OR_RETURN(const ModelSignature one, ParseModelSignature(text));
  if (one.hint != HintOf(spki)) return Refuse(kSignatureFile, "it names another key than the release key");
  const Bytes message = ledger::Pae(kInTotoType, one.payload);
  if (!crypto::IsP256Key(spki) || !crypto::EcdsaVerify(spki, message, one.signature))
    return Refuse(kSignatureFile, "the release key did not sign this");
  return ParseStatement(one.payload);
}

}  // namespace accord::bundle
