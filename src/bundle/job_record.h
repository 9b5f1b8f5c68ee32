// What the log has of a job, as files of a bundle and back: charter, proposal, votes, rounds, certificates of
// data, each byte for byte with a proof of its own, all under one head. Pure.
#pragma once

#include <string>
#include <vector>

#include "accord/status.h"
#include "base/text.h"
#include "bundle/contents.h"
#include "charter/admission.h"

namespace accord::bundle {

// One of the data sets that the proposal names. Its certificate may be known to whoever makes the bundle and
// not be in the log: the proposal has its hash.
struct CertifiedData {
  charter::LoggedEntry certificate;  // JSON of its envelope
  bool logged = false;               // otherwise without a place and a proof
  std::string croissant;             // empty: not given
};

struct JobRecord {
  charter::JobBundle job;                    // without a proof of consistency
  std::vector<charter::LoggedEntry> rounds;  // commits of those that led to the model, in their order
  ByPath<CertifiedData> datasets;            // by hex of the SHA-256 of the certificate's payload
  Bytes plan;
};

// `note.malformed` for a checkpoint that is none.
[[nodiscard]] Status WriteRecord(const JobRecord& record, Contents& contents);
// Strict: `model.bundle` names the file that is missing, that is not what WriteRecord writes, or that no
// bundle has. Verifies nothing.
[[nodiscard]] Result<JobRecord> ReadRecord(const Contents& contents);
// The entries of charter.json alone.
[[nodiscard]] Result<std::vector<std::string>> ReadCharters(const Contents& contents);

}  // namespace accord::bundle
