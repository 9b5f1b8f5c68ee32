// What members are asked (governance.md 2b): to train this plan from this model with this code on these data
// sets, within these bounds. The plan is the job file, which travels with it. Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "charter/ballot.h"
#include "charter/charter.h"

namespace accord::charter {

inline constexpr std::string_view kProposalType = "application/vnd.accord.proposal.v1+json";
inline constexpr std::size_t kMaxDatasets = 1'000;

struct DatasetRef {
  std::string member;
  Digest certificate;  // SHA-256 of its payload

  friend bool operator==(const DatasetRef&, const DatasetRef&) = default;
};

struct Proposal {
  std::string federation;
  Digest charter;  // the version that it was made under
  std::string proposer;
  std::array<std::uint8_t, 16> nonce{};
  UnixSeconds not_before = 0, not_after = 0;
  Digest plan;            // SHA-256 of the job file's bytes
  Digest init;            // of the model that it begins from
  std::string code_kind;  // "builtin", "torchscript"
  Digest code;            // of the module; of builtin code zero
  std::vector<DatasetRef> datasets;
  std::uint64_t max_wall_s = 0, max_mem_mb = 0;
  bool gpu = false;
  std::vector<std::string> recipients;  // who gets the model: member ids, or "public"
  std::string license;                  // SPDX

  // Whether this member's data are named.
  [[nodiscard]] bool Names(std::string_view member) const;
  friend bool operator==(const Proposal&, const Proposal&) = default;
};

[[nodiscard]] Bytes Encode(const Proposal& proposal);
// `ledger.malformed` for what is no proposal, or contradicts itself.
[[nodiscard]] Result<Proposal> ParseProposal(ByteView payload);

// Whether the proposal, at this place of the log, may be voted on, and run, at ballot.now: of this federation
// and the ballot's version of its charter, in date, by an active member that may propose, with a key that was
// not revoked before it, on data of members that give some. `proposal.refused` with the reason.
[[nodiscard]] Status CheckProposal(const ledger::Envelope& envelope, const Proposal& proposal,
                                   std::uint64_t index, const Ballot& ballot);

}  // namespace accord::charter
