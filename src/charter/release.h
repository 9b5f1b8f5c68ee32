// What the log holds of a model that has left the federation (governance.md 2d): which model, of which job,
// and by hashes, which papers it left with. Signed by a member. Pure.
#pragma once

#include <string_view>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "charter/charter.h"

namespace accord::charter {

inline constexpr std::string_view kReleaseType = "application/vnd.accord.model-release.v1+json";

struct ModelRelease {
  Digest job;         // the proposal's id
  Digest model;       // SHA-256 of model.safetensors
  Digest signature;   // of model.sig, which is over all files of the bundle but itself and the next
  Digest provenance;  // of the payload of provenance.dsse.json, which members may go on to endorse
  UnixSeconds time = 0;

  friend bool operator==(const ModelRelease&, const ModelRelease&) = default;
};

[[nodiscard]] Bytes Encode(const ModelRelease& release);
// `ledger.malformed` for what is no release.
[[nodiscard]] Result<ModelRelease> ParseModelRelease(ByteView payload);

}  // namespace accord::charter
