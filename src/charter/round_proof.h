// What a node is shown before it begins a round (governance.md b, RoundStart): that the round before it is in
// the log, made the model that this one starts from, and counts the node's own receipt. Pure.
#pragma once

#include <string>

#include "accord/ids.h"
#include "accord/status.h"
#include "charter/admission.h"
#include "charter/round_commit.h"
#include "ledger/proof.h"

namespace accord::charter {

struct RoundProof {
  LoggedEntry commit;         // of the round before
  std::string checkpoint;     // the signed note that `commit` is proven under
  ledger::Proof consistency;  // from the head that the node cosigned last
  ledger::Proof receipt;      // of the node's receipt under the commit's root; none when it has no part in it
};

// The commit of a round that the log itself signed: it says which models a federation's coordinator made of
// which updates, and can be held against what every node computed. `receipt.refused` is not among the errors:
// `round.unlogged` for another payload or signature, `ledger.malformed`.
[[nodiscard]] Result<RoundCommit> OpenCommit(const ledger::Envelope& envelope,
                                             const ledger::VerifierKey& log);

// The round that is to begin.
struct RoundStart {
  Digest job;               // the proposal's id
  std::uint64_t round = 0;  // at least 2
  Digest model_in;
};
// The commit of the round before, for CheckIncluded. `round.unlogged` when it is of another job or round, or
// made another model; `log.proof`, `log.quorum`, `log.rollback`, `log.split`, and errors of OpenCommit.
[[nodiscard]] Result<RoundCommit> CheckRoundProof(const RoundStart& start, const RoundProof& proof,
                                                  const Pinned& pinned, const Charter& charter);

}  // namespace accord::charter
