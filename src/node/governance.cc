#include "node/governance.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "base/log.h"
#include "charter/authority.h"
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

// For the lab's log alone.
void LogRules(const charter::PolicyVerdict& verdict) {
  for (const auto& [rule, failing] : verdict.rules)
    LogInfo("policy.rule", {{"rule", rule}, {"fails", failing.empty() ? "nothing" : failing}});
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

Result<std::unique_ptr<Governance>> Governance::Open(const config::NodeConfig& config, const Clock& clock,
                                                     const std::string& node) {
  const config::NodeConfig::Governance& from = config.governance;
  const auto genesis = Digest::FromHex(from.genesis);
  if (!genesis)
    return Fail(errors::kConfigInvalid, "governance.genesis is not the SHA-256 of a charter in hex");
  ACCORD_ASSIGN_OR_RETURN(crypto::SpiffeId id, crypto::SpiffeId::Parse(node));
  std::unique_ptr<Governance> governance(new Governance(config, clock, std::move(id)));
  ACCORD_ASSIGN_OR_RETURN(governance->pin_, LoadLogPin(config.node.state, *genesis, from.member));
  if (!from.witness_key.empty()) {
    ACCORD_ASSIGN_OR_RETURN(crypto::Ed25519Key key, crypto::Ed25519Key::Load(from.witness_key));
    governance->witness_ = std::make_unique<const crypto::Ed25519Key>(std::move(key));
  }
  ACCORD_ASSIGN_OR_RETURN(governance->budget_, BudgetLedger::Open(config.node.state));
  ACCORD_ASSIGN_OR_RETURN(governance->offers_, OfferBook::Open(config.node.state));
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
  if (chain->size() > chain_.size()) chain_ = *chain;  // also where this node is no witness
  const Charter& charter = chain->back().charter;
  const Result<std::string> name = WitnessName(charter);
  if (!name.ok()) return Answer(WitnessVerdict::kUnknownLog, name.status().message());
  const ledger::WitnessDecision decision =
      ledger::DecideAddCheckpoint(AsText(message.body), [&](std::string_view origin) {
        return origin == charter.log_origin
                   ? std::optional(ledger::WitnessedLog{{*charter.log}, pin_.pinned.head})
                   : std::nullopt;
      });
  // Also a longer head that the log says continues this one, and is not shown to.
  const bool forked = decision.verdict == WitnessVerdict::kInconsistent && pin_.pinned.head.size > 0;
  if (decision.split_view || forked) NoteSplit(AsText(message.body));
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
  return Answer(decision.verdict, ledger::SignAsWitness(*name, *witness_, Now(), decision.text).Format());
}

void Governance::NoteSplit(std::string_view request) const {
  LogError("log.split", {{"size", std::to_string(pin_.pinned.head.size)}});
  if (const Status kept = KeepEvidence(config_.node.state, pin_.checkpoint, request); !kept.ok())
    LogError("log.evidence_not_kept", {{"why", Describe(kept)}});
}

// What came with a job or a round, as a request to cosign it: every witness that knows this node's head
// refuses it.
void Governance::NoteSplit(const std::string& checkpoint, const ledger::Proof& consistency) const {
  const Result<ledger::Note> note = ledger::Note::Parse(checkpoint);
  if (note.ok()) NoteSplit(ledger::AddCheckpoint{pin_.pinned.head.size, consistency, *note}.Format());
}

// ---------------------------------------------------------------- jobs

Status Governance::Admit(const rpc::Prepare& message, const JobSpec& spec, std::uint32_t running) {
  ACCORD_RETURN_IF_ERROR(CheckNoEvidence(config_.node.state));
  ACCORD_ASSIGN_OR_RETURN(const std::vector<charter::BudgetEntry> ledger, budget_->Entries());
  const Consideration considered = Consider(message, spec, {config_, pin_.pinned, ledger, running, Now()});
  LogRules(considered.policy);
  const LogPin known = pin_;
  const Status status = Act(message, considered);
  KeepOffer({message, known}, {.job = message.job, .name = spec.name}, considered.admitted.has_value(),
            status);
  return status;
}

// For the lab's people. What a person is to decide on, or has, is not replaced by what was not decided on:
// they would see another plan under its id.
void Governance::KeepOffer(const KeptOffer& offer, OfferLine line, bool is_decided, const Status& outcome) {
  const Result<Approval> said = offers_->Said(line.job);
  if (!is_decided && said.ok() && *said != Approval::kNotAsked) return;
  line.offered = clock_.Now();
  if (!outcome.ok()) line.outcome = outcome.error() + ": " + outcome.message();
  if (const Status kept = offers_->Keep(offer, line); !kept.ok())
    LogWarn("offer.not_kept", {{"job", line.job.Hex()}, {"why", Describe(kept)}});
}

// What the checks came to, and what follows from it on the disk.
Status Governance::Act(const rpc::Prepare& message, const Consideration& considered) {
  if (considered.status.error() == errors::kLogSplit.id)
    NoteSplit(message.bundle->checkpoint, message.bundle->consistency);
  ACCORD_RETURN_IF_ERROR(considered.status);
  ACCORD_RETURN_IF_ERROR(CheckOwnMember(considered.admitted->chain.back().charter));
  ACCORD_RETURN_IF_ERROR(CheckApproved(message.job, considered.policy.needs_approval));
  ACCORD_RETURN_IF_ERROR(KeepVersion(considered.admitted->chain.back()));
  ACCORD_RETURN_IF_ERROR(budget_->Reserve(considered.asked, considered.ceilings));
  std::shared_ptr<const charter::GroupDraw> draw;
  if (considered.draw) draw = std::make_shared<const charter::GroupDraw>(*considered.draw);
  Remember(message.job,
           {*considered.admitted, *considered.policy_hash, considered.certificate->id, std::move(draw)});
  return {};
}

// Everybody else goes by the trust domain: a node whose configuration names another member would sign
// receipts that nobody takes.
Status Governance::CheckOwnMember(const Charter& charter) const {
  ACCORD_ASSIGN_OR_RETURN(const charter::Member* member, charter::MemberOf(charter, node_));
  if (member->id == pin_.pinned.member) return {};
  return Fail(
      errors::kAuthTrustDomain,
      node_.Format() + " is a node of " + member->id + ", and governance.member says " + pin_.pinned.member,
      "Correct governance.member, or have the node certified by its member's CA: accord-ca invite");
}

std::shared_ptr<const Charter> Governance::Newest() const {
  return chain_.empty() ? nullptr : std::make_shared<const Charter>(chain_.back().charter);
}

Status Governance::CheckApproved(const JobId& job, bool is_asked) {
  ACCORD_ASSIGN_OR_RETURN(const Approval said,
                          is_asked ? offers_->Ask(job, clock_.Now()) : offers_->Said(job));
  return ApprovedOrNot(job, is_asked, said);
}

Result<rpc::Prepare> Governance::Offered(const JobId& job) {
  ACCORD_ASSIGN_OR_RETURN(KeptOffer offer, offers_->Find(job));
  if (offer.pin.pinned.head != pin_.pinned.head)
    return Fail(errors::kLogBehind, "the log has grown since the job was offered");
  return std::move(offer.message);
}

Status Governance::KeepVersion(const Version& newest) {
  if (newest.charter.version == pin_.pinned.version) return {};
  LogPin next = pin_;
  next.pinned.version = newest.charter.version;
  next.pinned.version_hash = newest.hash;
  ACCORD_RETURN_IF_ERROR(SaveLogPin(config_.node.state, next));
  pin_ = std::move(next);
  return {};
}

// For its rounds, until nobody may begin one any more.
void Governance::Remember(const JobId& job, Admission admission) {
  std::erase_if(admitted_,
                [now = Now()](const auto& one) { return now > one.second.decision.proposal.not_after; });
  if (admission.decision.chain.size() > chain_.size()) chain_ = admission.decision.chain;
  admitted_.insert_or_assign(job, std::move(admission));
}

void Governance::Ended(const JobId& job) {
  admitted_.erase(job);
  if (const Status released = budget_->Release(Digest{job.bytes}); !released.ok())
    LogError("budget.not_released", {{"job", job.Hex()}, {"why", Describe(released)}});
}

}  // namespace accord::node
