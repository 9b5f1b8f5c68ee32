// What every key, signature and certificate of an attempt is bound to (secagg.md 2.1, 7.2): the offer, ctx
// and the hashes of the sets that the phases fix. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "accord/ids.h"
#include "accord/job_spec.h"
#include "base/text.h"

namespace accord::secagg {

// P0, the first row of 7.6. Fields as they came: nothing here is checked. Equal offers have equal fields.
struct Offer {
  std::string federation_id;  // at most 65,536 bytes, as all LVs
  Bytes job_id;               // the 32 bytes of a JobId; frozen vectors use others
  RoundId round;
  AttemptId attempt;
  Digest registry_hash;
  std::vector<NodeId> cohort;
  Digest model_hash;
  Digest train_cfg_hash;
  Bytes params;  // Params::Encode
  SecureMode mode = SecureMode::kMalicious;

  friend bool operator==(const Offer&, const Offer&) = default;
};

// ctx of 2.1.
[[nodiscard]] Digest Context(const Offer& offer);
[[nodiscard]] Digest CohortHash(std::span<const NodeId> cohort);
[[nodiscard]] Digest ParamsHash(ByteView params);

// Over the Advertise bodies, ascending by id.
[[nodiscard]] Digest RosterHash(std::span<const ByteView> bodies);
[[nodiscard]] Digest EntryDigest(ByteView entry);

// A node and the SHA-256 of its body.
struct HashedBody {
  NodeId id;
  Digest digest;
};
// Over the Shares heads of U2, ascending by id.
[[nodiscard]] Digest U2Hash(const Digest& roster_hash, std::span<const HashedBody> heads);
// Over the MaskedEnds of U3, ascending by id.
[[nodiscard]] Digest U3Hash(const Digest& u2_hash, std::span<const HashedBody> ends);

}  // namespace accord::secagg
