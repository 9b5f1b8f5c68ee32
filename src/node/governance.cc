#include "node/governance.h"

#include <algorithm>
#include <chrono>
#include <tuple>
#include <utility>

#include "base/errors.h"
#include "base/file.h"
#include "base/log.h"
#include "ledger/cosignature.h"
#include "ledger/witness.h"

namespace accord::node {
namespace {

using charter::Charter;
using charter::Version;
using ledger::WitnessVerdict;

rpc::CheckpointAnswer Answer(WitnessVerdict verdict, std::string body) {
  return {static_cast<std::uint32_t>(verdict), Bytes(body.begin(), body.end())};
}

// The least nodes that a plan lets mask together, and the least of one of its groups.
std::pair<std::uint32_t, std::uint32_t> LeastTogether(const JobSpec& spec) {
  std::uint32_t group = spec.round.min_nodes;
  for (const auto& [name, nodes] : spec.groups.nodes)
    group = std::min(group, static_cast<std::uint32_t>(nodes.size()));
  return {spec.round.min_nodes, group};
}

charter::PolicyQuestion QuestionOf(const charter::Admitted& admitted, const charter::Pinned& pinned,
                                   const JobSpec& spec, std::uint32_t running, charter::UnixSeconds now) {
  const charter::Proposal& proposal = admitted.proposal;
  charter::PolicyQuestion question{.genesis = pinned.genesis,
                                   .proposer = proposal.proposer,
                                   .model_kind = spec.model.kind,
                                   .purpose = spec.purpose,
                                   .code = proposal.code_kind,
                                   .secure = spec.secure,
                                   .epsilon = std::nullopt,  // no plan adds noise yet
                                   .rounds = spec.round.count,
                                   .local_epochs = spec.inner.has_local_steps ? 0 : spec.inner.local_epochs,
                                   .local_steps = spec.inner.local_steps,
                                   .wall_s = proposal.max_wall_s,
                                   .mem_mb = proposal.max_mem_mb,
                                   .gpu = proposal.gpu,
                                   .own_vote = admitted.tally.approvals.contains(pinned.member),
                                   .running = running,
                                   .now = now};
  std::tie(question.cohort, question.group) = LeastTogether(spec);
  for (const charter::DatasetRef& one : proposal.datasets) {
    if (one.member == pinned.member) question.certificates.push_back(one.certificate);
  }
  return question;
}

}  // namespace

Result<WitnessKeyFile> MakeWitnessKey(const std::filesystem::path& state, const std::string& federation,
                                      const std::string& member) {
  const std::filesystem::path file = state / "witness.key";
  if (!std::filesystem::exists(file)) ACCORD_RETURN_IF_ERROR(crypto::Ed25519Key::Generate().Save(file));
  ACCORD_ASSIGN_OR_RETURN(const crypto::Ed25519Key key, crypto::Ed25519Key::Load(file));
  const auto bytes = key.PublicKey().bytes;
  ACCORD_ASSIGN_OR_RETURN(
      ledger::VerifierKey verifier,
      ledger::VerifierKey::Make(federation + "/witness/" + member, ledger::KeyType::kCosignature,
                                Bytes(bytes.begin(), bytes.end())));
  return WitnessKeyFile{file, std::move(verifier)};
}

rpc::CheckpointAnswer NoWitness() { return Answer(WitnessVerdict::kUnknownLog, "this node is no witness\n"); }

Result<std::unique_ptr<Governance>> Governance::Open(const config::NodeConfig& config, const Clock& clock) {
  const config::NodeConfig::Governance& from = config.governance;
  const auto genesis = Digest::FromHex(from.genesis);
  if (!genesis)
    return Fail(errors::kConfigInvalid, "governance.genesis is not the SHA-256 of a charter in hex");
  std::unique_ptr<Governance> governance(new Governance(config, clock));
  ACCORD_ASSIGN_OR_RETURN(governance->pin_, LoadLogPin(config.node.state, *genesis, from.member));
  if (!from.witness_key.empty()) {
    ACCORD_ASSIGN_OR_RETURN(crypto::Ed25519Key key, crypto::Ed25519Key::Load(from.witness_key));
    governance->witness_ = std::make_unique<const crypto::Ed25519Key>(std::move(key));
  }
  return governance;
}

charter::UnixSeconds Governance::Now() const {
  const auto since = clock_.Now().time_since_epoch();
  return static_cast<charter::UnixSeconds>(std::chrono::duration_cast<std::chrono::seconds>(since).count());
}

// ---------------------------------------------------------------- witnessing

rpc::CheckpointAnswer Governance::OnAddCheckpoint(const rpc::AddCheckpoint& message) {
  rpc::CheckpointAnswer answer = Cosign(message);
  if (answer.status != static_cast<std::uint32_t>(WitnessVerdict::kCosign) &&
      answer.status != static_cast<std::uint32_t>(WitnessVerdict::kConflict)) {
    LogWarn("log.not_cosigned",
            {{"status", std::to_string(answer.status)}, {"why", Printable(AsText(answer.body), 200)}});
  }
  return answer;
}

Result<std::vector<Version>> Governance::ChainOf(const rpc::AddCheckpoint& message) const {
  std::vector<ledger::Envelope> envelopes;
  for (const Bytes& entry : message.charters) {
    ACCORD_ASSIGN_OR_RETURN(ledger::Envelope envelope, ledger::ParseEnvelope(entry));
    envelopes.push_back(std::move(envelope));
  }
  ACCORD_ASSIGN_OR_RETURN(std::vector<Version> chain, charter::VerifyChain(envelopes, pin_.pinned.genesis));
  ACCORD_RETURN_IF_ERROR(charter::CheckNotBack(pin_.pinned, chain));
  return chain;
}

// The name under which the charter lists this node's key as its member's witness.
Result<std::string> Governance::WitnessName(const Charter& charter) const {
  const charter::Member* member = charter.Find(pin_.pinned.member);
  if (member == nullptr || !member->Has(charter::Right::kWitness))
    return Fail(errors::kWitnessRequest, pin_.pinned.member + " is no active member that witnesses");
  const Bytes& listed = member->witness->key();
  if (!witness_ || !std::ranges::equal(listed, witness_->PublicKey().bytes))
    return Fail(errors::kWitnessRequest, "this node does not hold the witness key of " + pin_.pinned.member);
  return member->witness->name();
}

rpc::CheckpointAnswer Governance::Cosign(const rpc::AddCheckpoint& message) {
  const Result<std::vector<Version>> chain = ChainOf(message);
  if (!chain.ok()) return Answer(WitnessVerdict::kUnknownLog, Describe(chain.status()));
  const Charter& charter = chain->back().charter;
  const Result<std::string> name = WitnessName(charter);
  if (!name.ok()) return Answer(WitnessVerdict::kUnknownLog, name.status().message());
  const ledger::WitnessDecision decision =
      ledger::DecideAddCheckpoint(AsText(message.body), [&](std::string_view origin) {
        return origin == charter.log_origin
                   ? std::optional(ledger::WitnessedLog{{*charter.log}, pin_.pinned.head})
                   : std::nullopt;
      });
  if (decision.split_view) NoteSplit(message);
  if (decision.verdict != WitnessVerdict::kCosign) return Answer(decision.verdict, decision.Body());
  LogPin next = pin_;
  next.pinned.head = decision.head;
  next.pinned.version = charter.version;
  next.pinned.version_hash = chain->back().hash;
  next.checkpoint = ledger::AddCheckpoint::Parse(AsText(message.body))->checkpoint.Format();
  if (const Status saved = SaveLogPin(config_.node.state, next); !saved.ok()) {
    LogError("log.pin_not_kept", {{"why", Describe(saved)}});
    return {503, {}};
  }
  pin_ = std::move(next);
  if (chain->size() > chain_.size()) chain_ = *chain;
  return Answer(decision.verdict, ledger::SignAsWitness(*name, *witness_, Now(), decision.text).Format());
}

void Governance::NoteSplit(const rpc::AddCheckpoint& message) {
  LogError("log.split", {{"size", std::to_string(pin_.pinned.head.size)}});
  if (const Status kept = KeepEvidence(config_.node.state, pin_.checkpoint, AsText(message.body)); !kept.ok())
    LogError("log.evidence_not_kept", {{"why", Describe(kept)}});
}

// ---------------------------------------------------------------- jobs

Result<charter::Admitted> Governance::CheckDecision(const rpc::Prepare& message) const {
  ACCORD_RETURN_IF_ERROR(CheckNoEvidence(config_.node.state));
  Result<charter::Admitted> admitted = charter::Admit(pin_.pinned, *message.bundle, message.plan, Now());
  if (!admitted.ok() && admitted.status().error() == errors::kLogSplit.id)
    ACCORD_RETURN_IF_ERROR(KeepEvidence(config_.node.state, pin_.checkpoint, message.bundle->checkpoint));
  if (admitted.ok() && admitted->job.bytes != message.job.bytes)
    return Fail(errors::kProposalRefused, "the decision is on another job than the one that it came with");
  return admitted;
}

Status Governance::Admit(const rpc::Prepare& message, const JobSpec& spec, std::uint32_t running) {
  ACCORD_ASSIGN_OR_RETURN(const charter::Admitted admitted, CheckDecision(message));
  ACCORD_RETURN_IF_ERROR(CheckPolicy(admitted, spec, running));
  Remember(message.job, admitted);
  const Version& newest = admitted.chain.back();
  if (newest.charter.version == pin_.pinned.version) return {};
  LogPin next = pin_;
  next.pinned.version = newest.charter.version;
  next.pinned.version_hash = newest.hash;
  ACCORD_RETURN_IF_ERROR(SaveLogPin(config_.node.state, next));
  pin_ = std::move(next);
  return {};
}

// For its rounds, until nobody may begin one any more.
void Governance::Remember(const JobId& job, const charter::Admitted& admitted) {
  std::erase_if(admitted_, [now = Now()](const auto& one) { return now > one.second.proposal.not_after; });
  admitted_.insert_or_assign(job, admitted);
  if (admitted.chain.size() > chain_.size()) chain_ = admitted.chain;
}

// Read anew for each job: what the lab's people changed holds at once.
Status Governance::CheckPolicy(const charter::Admitted& admitted, const JobSpec& spec,
                               std::uint32_t running) const {
  const std::filesystem::path& file = config_.governance.policy;
  ACCORD_ASSIGN_OR_RETURN(const Bytes text, ReadFile(file, charter::kMaxPolicyBytes));
  ACCORD_ASSIGN_OR_RETURN(const charter::NodePolicy policy, charter::ParsePolicy(text, file.string()));
  const charter::PolicyVerdict verdict =
      charter::Judge(policy, QuestionOf(admitted, pin_.pinned, spec, running, Now()));
  for (const auto& [rule, failing] : verdict.rules)
    LogInfo("policy.rule", {{"rule", rule}, {"fails", failing.empty() ? "nothing" : failing}});
  if (!verdict.allowed) return Fail(errors::kPolicyDenied, verdict.reason);
  if (verdict.needs_approval)
    return Fail(errors::kPolicyDenied, "rule " + verdict.rule + " asks for a person's approval");
  return {};
}

}  // namespace accord::node
