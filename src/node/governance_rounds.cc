// The rounds of a job that members decided on: each begins from what the log says of the one before, and of
// each this node signs its own part (governance.md b, f).
#include <algorithm>
#include <memory>
#include <optional>

#include "base/errors.h"
#include "charter/round_proof.h"
#include "ledger/dsse.h"
#include "node/governance.h"

namespace accord::node {
namespace {

Status Unlogged(const std::string& why) { return Fail(errors::kRoundUnlogged, why); }

// Whether the log has the groups of a round as this node draws them.
Status CheckDraw(const Admission& admitted, const charter::RoundCommit& commit) {
  std::optional<Digest> drawn;
  if (admitted.draw) drawn = admitted.draw->SeedOf(commit.round);
  if (commit.group_seed == drawn) return {};
  return Fail(errors::kGroupsDraw, "the log has round " + std::to_string(commit.round) + " with the seed " +
                                       (commit.group_seed ? commit.group_seed->Hex() : "none") +
                                       ", and it is " + (drawn ? drawn->Hex() : "none"));
}

}  // namespace

Result<const Admission*> Governance::AdmittedJob(const JobId& job) const {
  const auto found = admitted_.find(job);
  if (found != admitted_.end()) return &found->second;
  return Fail(errors::kBundleMissing, "no decision on the job was shown to this node since it started");
}

std::shared_ptr<const charter::GroupDraw> Governance::DrawOf(const JobId& job) const {
  const auto found = admitted_.find(job);
  return found == admitted_.end() ? nullptr : found->second.draw;
}

bool Governance::Evaluates() const {
  if (!config_.governance.evaluate || chain_.empty()) return false;
  const charter::Member* member = chain_.back().charter.Find(pin_.pinned.member);
  return member != nullptr && member->Has(charter::Right::kEvaluate);
}

Status Governance::BeginRound(const rpc::Train& message, const RoundPart& before,
                              const std::string& node) const {
  ACCORD_RETURN_IF_ERROR(CheckNoEvidence(config_.node.state));
  ACCORD_ASSIGN_OR_RETURN(const Admission* const admitted, AdmittedJob(message.job));
  ACCORD_ASSIGN_OR_RETURN(const Approval said, offers_->Said(message.job));  // perhaps no longer what it was
  ACCORD_RETURN_IF_ERROR(ApprovedOrNot(message.job, /*is_asked=*/false, said));
  ACCORD_ASSIGN_OR_RETURN(const charter::Version* const present, charter::InForce(chain_, Now()));
  if (admitted->draw && !present->charter.contribution_scores)
    return Fail(errors::kGroupsConsent, "the charter in force does not let groups be dealt anew any more");
  if (message.round.value == 1) {
    if (message.model_hash == admitted->decision.proposal.init) return {};
    return Unlogged("the job is to begin from another model than the one that members voted on");
  }
  if (!message.logged) return Unlogged("nothing shows that the round before is in the log");
  const charter::RoundStart start{admitted->decision.job, message.round.value, message.model_hash};
  const Result<charter::RoundCommit> commit =
      charter::CheckRoundProof(start, *message.logged, pin_.pinned, present->charter);
  if (commit.status().error() == errors::kLogSplit.id)
    NoteSplit(message.logged->checkpoint, message.logged->consistency);
  ACCORD_RETURN_IF_ERROR(commit.status());
  ACCORD_RETURN_IF_ERROR(charter::CheckClock(message.logged->checkpoint, present->charter, Now()));
  ACCORD_RETURN_IF_ERROR(CheckDraw(*admitted, *commit));
  if (before.receipt.empty()) return {};
  const bool counted = std::ranges::binary_search(commit->cohort, node);
  if (!counted && before.made != commit->model_out) return {};  // its update came too late, or was not summed
  return charter::CheckIncluded(*commit, node, before.receipt, message.logged->receipt);
}

Result<std::string> Governance::SignReceipt(const JobId& job, charter::Receipt receipt,
                                            const crypto::Ed25519Key& key) const {
  ACCORD_ASSIGN_OR_RETURN(const Admission* const admitted, AdmittedJob(job));
  receipt.job = admitted->decision.job;
  receipt.member = pin_.pinned.member;
  receipt.time = Now();
  receipt.dataset = admitted->certificate;
  receipt.policy = admitted->policy;
  ledger::Envelope envelope{std::string(charter::kReceiptType), Encode(receipt), {}};
  ledger::Sign(envelope, key, ledger::KeyIdOf(ledger::LogKey(receipt.node, key.PublicKey())));
  return ledger::EncodeEnvelope(envelope);
}

}  // namespace accord::node
