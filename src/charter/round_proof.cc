#include "charter/round_proof.h"

#include <array>

#include "base/errors.h"
#include "crypto/merkle.h"
#include "ledger/dsse.h"

namespace accord::charter {
namespace {

Status Unlogged(const std::string& why) {
  return Fail(errors::kRoundUnlogged, "the round before is not in the log as it has to be: " + why);
}

}  // namespace

Result<RoundCommit> OpenCommit(const ledger::Envelope& envelope, const ledger::VerifierKey& log) {
  if (envelope.payload_type != kRoundCommitType) return Unlogged("the entry is no commit of a round");
  if (ledger::SignersOf(envelope, std::array{log}).empty()) return Unlogged("the log did not sign it");
  return ParseRoundCommit(envelope.payload);
}

Result<RoundCommit> CheckRoundProof(const RoundStart& start, const RoundProof& proof, const Pinned& pinned,
                                    const Charter& charter) {
  ACCORD_ASSIGN_OR_RETURN(const ledger::Envelope envelope,
                          ledger::ParseEnvelope(AsBytes(proof.commit.entry)));
  ACCORD_ASSIGN_OR_RETURN(RoundCommit commit, OpenCommit(envelope, *charter.log));
  if (commit.job != start.job) return Unlogged("the commit is of another job");
  if (commit.round + 1 != start.round)
    return Unlogged("the commit is of round " + std::to_string(commit.round) + ", and round " +
                    std::to_string(start.round) + " is to begin");
  if (commit.model_out != start.model_in) return Unlogged("it made another model than the one to begin from");
  ACCORD_ASSIGN_OR_RETURN(const ledger::Checkpoint checkpoint,
                          CheckHead(pinned, proof.checkpoint, proof.consistency, charter));
  if (!ledger::VerifyInclusion(crypto::MerkleLeaf(AsBytes(proof.commit.entry)), proof.commit.index,
                               checkpoint.size, checkpoint.root, proof.commit.inclusion))
    return Fail(errors::kLogProof, "the commit of a round is not proven to be in the log");
  return commit;
}

}  // namespace accord::charter
