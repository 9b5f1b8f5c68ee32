#include "dataset/certificate.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/errors.h"
#include "ledger/strict_json.h"

namespace accord::dataset {
namespace {

constexpr std::size_t kMaxTextBytes = 1'000;

std::string OptionalHex(const std::optional<Digest>& digest) { return digest ? digest->Hex() : ""; }

// Text for people: something, on one line, that a terminal can show as it is.
std::string ReadText(ledger::JsonReader& in, std::string_view field) {
  std::string text = in.Text(field);
  if (text.empty() || text.size() > kMaxTextBytes || Printable(text, kMaxTextBytes) != text)
    in.Refuse(field, "it is empty, too long, or has characters that cannot be shown");
  return text;
}

std::vector<std::string> ReadNames(ledger::JsonReader& in, std::string_view field) {
  std::vector<std::string> names = in.Texts(field);
  const bool all = std::ranges::all_of(names, [](const std::string& name) { return IsName(name); });
  const bool distinct = std::set<std::string>(names.begin(), names.end()).size() == names.size();
  if (names.empty() || names.size() > kMaxListed || !all || !distinct)
    in.Refuse(field, "it is to have 1 to 64 different words of a-z, 0-9, '-', '_', '.'");
  return names;
}

}  // namespace

Bytes Encode(const Certificate& one) {
  const nlohmann::ordered_json json{{"member", one.member},
                                    {"dataset_id", one.dataset},
                                    {"version", one.version},
                                    {"croissant_sha256", one.croissant.Hex()},
                                    {"merkle_root", one.root.Hex()},
                                    {"leaf_count", one.files},
                                    {"total_bytes", one.bytes},
                                    {"record_count", one.records},
                                    {"schema_sha256", OptionalHex(one.schema)},
                                    {"modalities", one.modalities},
                                    {"jurisdiction", one.jurisdiction},
                                    {"legal_basis", one.legal_basis},
                                    {"allowed_purposes", one.purposes},
                                    {"personal_data", one.personal_data},
                                    {"epsilon_budget_milli", one.epsilon_budget_milli},
                                    {"supersedes", OptionalHex(one.supersedes)},
                                    {"not_before", one.not_before},
                                    {"not_after", one.not_after}};
  const std::string text = json.dump();
  return {text.begin(), text.end()};
}

Result<Certificate> ParseCertificate(ByteView payload) {
  ledger::JsonReader in(payload, "certificate of data");
  Certificate one{.member = in.Text("member"),
                  .dataset = in.Text("dataset_id"),
                  .version = ReadText(in, "version"),
                  .croissant = in.Digest("croissant_sha256"),
                  .root = in.Digest("merkle_root"),
                  .files = in.Unsigned("leaf_count"),
                  .bytes = in.Unsigned("total_bytes"),
                  .records = in.Unsigned("record_count"),
                  .schema = in.OptionalDigest("schema_sha256"),
                  .modalities = ReadNames(in, "modalities"),
                  .jurisdiction = ReadText(in, "jurisdiction"),
                  .legal_basis = ReadText(in, "legal_basis"),
                  .purposes = ReadNames(in, "allowed_purposes"),
                  .personal_data = in.Bool("personal_data"),
                  .epsilon_budget_milli = in.Unsigned("epsilon_budget_milli"),
                  .supersedes = in.OptionalDigest("supersedes"),
                  .not_before = in.Unsigned("not_before"),
                  .not_after = in.Unsigned("not_after")};
  if (!IsName(one.member)) in.Refuse("member", "it is no id of a member");
  if (!IsName(one.dataset)) in.Refuse("dataset_id", "it is not 1 to 64 of a-z, 0-9, '-', '_', '.'");
  if (one.files == 0) in.Refuse("leaf_count", "there is no file");
  if (one.not_before >= one.not_after) in.Refuse("not_after", "it ends before it begins");
  ACCORD_RETURN_IF_ERROR(in.Finish());
  return one;
}

Status CheckCertificate(const ledger::Envelope& envelope, const Certificate& certificate,
                        std::span<const ledger::VerifierKey> keys, std::uint64_t now) {
  const std::string name = "the certificate of " + certificate.member + "/" + certificate.dataset;
  if (envelope.payload_type != kCertificateType)
    return Fail(errors::kDatasetSignature, "it is not signed as a certificate of data");
  if (SignersOf(envelope, keys).empty())
    return Fail(errors::kDatasetSignature, name + " is signed by none of the keys that speak for the member");
  if (now < certificate.not_before) return Fail(errors::kDatasetExpired, name + " is not in force yet");
  if (now >= certificate.not_after) return Fail(errors::kDatasetExpired, name + " is out of date");
  return {};
}

}  // namespace accord::dataset
