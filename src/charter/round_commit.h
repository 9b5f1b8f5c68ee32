// What the log holds of a round (governance.md 2d, 2f): from which model to which, who took part, and the
// root over the receipts, each of which stays out of the log. A node demands that its own receipt is under
// that root before it begins the next round. Pure.
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
#include "charter/charter.h"
#include "ledger/proof.h"

namespace accord::charter {

inline constexpr std::string_view kRoundCommitType = "application/vnd.accord.roundcommit.v1+json";

struct RoundCommit {
  Digest job;
  std::uint64_t round = 0;
  Digest model_in, model_out;
  std::vector<std::string> cohort;   // SPIFFE ids of those whose updates are in the model, ascending
  std::vector<std::string> dropped;  // of those that began and are not, ascending
  std::optional<Digest> group_seed;  // where groups are drawn anew each round
  Digest receipts_root;              // RFC 6962, over the receipts of the cohort in its order
  UnixSeconds time = 0;

  friend bool operator==(const RoundCommit&, const RoundCommit&) = default;
};

[[nodiscard]] Bytes Encode(const RoundCommit& commit);
// `ledger.malformed` for what is no commit of a round, or contradicts itself.
[[nodiscard]] Result<RoundCommit> ParseRoundCommit(ByteView payload);

// Receipts are leaves as the JSON of their envelopes, byte for byte as their nodes sent them, in the order of
// the cohort. None is a bug.
[[nodiscard]] Digest ReceiptsRoot(std::span<const std::string> receipts);
// `index` below their number, or it is a bug.
[[nodiscard]] ledger::Proof ProveReceipt(std::span<const std::string> receipts, std::size_t index);
// Whether `receipt`, of this node, is counted in the round. `receipt.omitted` when the node is not in the
// cohort or the proof does not lead from the receipt to the root.
[[nodiscard]] Status CheckIncluded(const RoundCommit& commit, const std::string& node,
                                   std::string_view receipt, std::span<const Digest> proof);

}  // namespace accord::charter
