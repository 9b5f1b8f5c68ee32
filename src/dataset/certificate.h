// The certificate of a data set (governance.md 2e): a member's signature under which bytes the set has, and
// what they may be used for. It proves which bytes were committed and who vouched for them. It does not prove
// that what it says is true, that anybody consented, or that a training read these bytes. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "ledger/dsse.h"
#include "ledger/vkey.h"

namespace accord::dataset {

inline constexpr std::string_view kCertificateType = "application/vnd.accord.dataset-cert.v1+json";
inline constexpr std::size_t kMaxListed = 64;  // modalities, and purposes

// What people have to know who rely on a certificate; shown wherever one is.
inline constexpr std::string_view kLimit =
    "It proves which bytes were committed, and who vouched for them; not that what it says is true, that "
    "anybody consented, or that a training read them.";

struct Certificate {
  std::string member;                               // IsName: who vouches
  std::string dataset;                              // `dataset_id`: IsName, the member's own word
  std::string version;                              // of the data, such as 1.2.0
  Digest croissant;                                 // SHA-256 of the public description (croissant.h)
  Digest root;                                      // `merkle_root` of the manifest (manifest.h)
  std::uint64_t files = 0, bytes = 0, records = 0;  // `leaf_count`, `total_bytes`, `record_count`
  std::optional<Digest> schema;                     // SHA-256 of what describes a record
  std::vector<std::string> modalities;              // IsName: "text", "image"
  std::string jurisdiction, legal_basis;            // whose law, and what in it allows the use
  std::vector<std::string> purposes;                // IsName; as jobs name them
  bool personal_data = true;
  std::uint64_t epsilon_budget_milli = 0;       // over all jobs, in thousandths; 0: no privacy budget is set
  std::optional<Digest> supersedes;             // the certificate that this one takes the place of
  std::uint64_t not_before = 0, not_after = 0;  // Unix seconds

  friend bool operator==(const Certificate&, const Certificate&) = default;
};

// The payload of an envelope, as JSON with exactly the fields of the format.
[[nodiscard]] Bytes Encode(const Certificate& certificate);
// `ledger.malformed` for what is no certificate or contradicts itself.
[[nodiscard]] Result<Certificate> ParseCertificate(ByteView payload);

// Whether a member of these keys certified: `dataset.signature` for another kind of document or none of the
// keys, `dataset.expired` when `now` is not within its time.
[[nodiscard]] Status CheckCertificate(const ledger::Envelope& envelope, const Certificate& certificate,
                                      std::span<const ledger::VerifierKey> keys, std::uint64_t now);

}  // namespace accord::dataset
