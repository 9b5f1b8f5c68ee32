// A job's masked rounds at this node: what the coordinator says goes to the attempt in memory, which checks
// it; what was found good goes to the machine, which journals it; then the attempt's answer leaves.
#include <algorithm>
#include <utility>

#include "base/errors.h"
#include "base/log.h"
#include "node/governance.h"
#include "node/group_model.h"
#include "node/job_task.h"

namespace accord::node {
namespace {

round::NodeSet SetOf(const std::vector<NodeId>& nodes) { return {nodes.begin(), nodes.end()}; }

// Of a round that this node has trained in; else nullptr.
const task::Delta* DeltaOf(const task::Activity& activity) {
  return std::visit(
      [](const auto& state) -> const task::Delta* {
        if constexpr (requires { state.delta; }) return &state.delta;
        return nullptr;
      },
      activity);
}

secagg::Refusal Lost() {
  return secagg::Refuse(errors::kSecaggMemoryLost, std::string(errors::kSecaggMemoryLost.meaning));
}

}  // namespace

bool JobTask::masked() const { return facts_.spec && facts_.spec->secure != SecureMode::kOff; }

Result<MaskedTerms> JobTask::Terms() const {
  ACCORD_ASSIGN_OR_RETURN(PinnedRegistry pinned, LoadPinned(services_.config.node.state));
  const auto charter = services_.governance != nullptr ? services_.governance->Newest() : nullptr;
  if (charter && pinned.registry) pinned.registry = Counting(*pinned.registry, *charter);
  if (charter && pinned.before) pinned.before = Counting(*pinned.before, *charter);
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(Now().time_since_epoch()).count();
  return MaskedTerms{facts_, services_.federation, std::move(pinned), services_.config.policy,
                     static_cast<std::uint64_t>(now)};
}

// The attempt that lives in memory, if a message means it.
SecureAttempt* JobTask::Secure(RoundId round, AttemptId attempt) const {
  const bool mine = secure_ && secure_->round() == round && secure_->attempt() == attempt;
  return mine ? secure_.get() : nullptr;
}

// Whether a message means the attempt that the machine is in; then its keys should be here.
bool JobTask::InAttempt(RoundId round, AttemptId attempt) const {
  const task::State& state = driver_->state();
  const task::Update* update = task::UpdateOf(state.activity);
  return update != nullptr && state.round == round && update->attempt == attempt;
}

// A message of this attempt must be refused before the machine hears of it: only a verified sum outlives the
// memory of its attempt.
bool JobTask::MemoryIsGone(RoundId round, AttemptId attempt) {
  if (Secure(round, attempt) != nullptr || !InAttempt(round, attempt)) return false;
  SendRefused(round, attempt, Lost().status);
  return true;
}

bool JobTask::HasSaid(RoundId round, AttemptId attempt, const Status& error) const {
  return abort_ && abort_->round == round && abort_->attempt == attempt && abort_->error == error.error();
}

void JobTask::SendRefused(RoundId round, AttemptId attempt, const Status& error) {
  rpc::Refused message{id_, round, attempt, error, {}};
  const secagg::Refusal refusal = secagg::Refuse(error);
  const SecureAttempt* secure = Secure(round, attempt);
  if (!masked()) {
    // there is nobody to sign an abort to
  } else if (HasSaid(round, attempt, error)) {
    message.abort = abort_->body;
  } else if (secure != nullptr) {
    message.abort = secure->SignRefusal(refusal);
  } else {  // of no attempt that lives here: its context is not known
    message.abort = secagg::SignAbort(*services_.protocol_key, {}, refusal, facts_.node);
  }
  services_.send(std::move(message));
}

// What the machine refuses of the coordinator's words.
void JobTask::SayRefused(const task::SayRefused& say) {
  const Status error = StatusOf(say.error);
  if (!HasSaid(say.round, say.attempt, error)) {
    LogWarn("coordinator.refused", {{"job", name()},
                                    {"round", std::to_string(say.round.value)},
                                    {"attempt", std::to_string(say.attempt.value)},
                                    {"why", Describe(error)}});
  }
  SendRefused(say.round, say.attempt, error);
}

void JobTask::SayDeclined(const task::SayDeclined& say) {
  const Status error = StatusOf(say.error);
  LogWarn("round.declined",
          {{"job", name()}, {"round", std::to_string(say.round.value)}, {"why", Describe(error)}});
  services_.send(rpc::Declined{id_, say.round, error});
}

// What ended the attempt is journalled and said; what did not is only said.
void JobTask::Refuse(SecureAttempt& secure, const secagg::Refusal& refusal) {
  const RoundId round = secure.round();
  const AttemptId attempt = secure.attempt();
  LogWarn("secagg.refused", {{"job", name()},
                             {"round", std::to_string(round.value)},
                             {"attempt", std::to_string(attempt.value)},
                             {"why", Describe(refusal.status)}});
  const bool over = secure.over().has_value();
  abort_ = {round, attempt, refusal.status.error(),
            over ? secure.Abort(refusal) : secure.SignRefusal(refusal)};
  if (!over) return SendRefused(round, attempt, Coarse(refusal.status));
  work_stop_.request_stop();
  Handle(task::Aborted{round, attempt, refusal.status.error()});
}

// Keys of an attempt that this node is no longer in are of no use to anyone.
void JobTask::ForgetOldAttempt() {
  if (secure_ && !InAttempt(secure_->round(), secure_->attempt())) secure_ = nullptr;
}

// ---------------------------------------------------------------- p1

// Whether other nodes found this model right; then the round is taken for proven.
Status JobTask::CheckProof(const rpc::ModelProof& proof, const Digest& model_hash) {
  const bool verified = secure_ && secure_->offer() == proof.offer &&
                        std::holds_alternative<task::Checked>(driver_->state().activity);
  if (verified) {  // this node did too: what counts is that it was this very sum
    if (const secagg::Verdict bad = secure_->OnResultCertificate(proof)) {
      Refuse(*secure_, *bad);
      return bad->status;
    }
    if (model_hash == next_hash_) return {};
    return Fail(errors::kSecaggWrongModel, "the certified sum gives another model than the one told");
  }
  ACCORD_ASSIGN_OR_RETURN(const MaskedTerms terms, Terms());
  return CheckModelProof(terms, proof, model_hash);
}

// Whether the groups' sums may make the model; of its own group this node knows the sum.
Result<Digest> JobTask::CheckGroupProofs(const rpc::Train& message) {
  for (const rpc::GroupSum& sum : message.groups) {
    const bool verified = secure_ && secure_->offer() == sum.proof.offer &&
                          std::holds_alternative<task::Checked>(driver_->state().activity);
    if (!verified) continue;
    if (const secagg::Verdict bad = secure_->OnResultCertificate(sum.proof)) {
      Refuse(*secure_, *bad);
      return bad->status;
    }
  }
  ACCORD_ASSIGN_OR_RETURN(const MaskedTerms terms, Terms());
  return CheckGroupSums(terms, message.round, message.groups);
}

void JobTask::OnTrain(const rpc::Train& message) {
  if (!trainer_) return;  // told again once prepared
  if (!MayBegin(message)) return;
  task::TrainTold event{{message.round, message.purpose, message.model_hash, facts_.spec->secure}, {}, {}};
  if (message.collect) {
    event.collect = task::TrainTold::Collect{message.collect->attempt, SetOf(message.collect->cohort)};
  }
  const task::State& state = driver_->state();
  const bool refused = task::Step(state, event).why.verdict == round::Verdict::kRejected;
  if (refused && !message.groups.empty() && !state.stopped) return MakeModel(message);
  if (refused && message.proof && !state.stopped) {  // it may be the model that needs a proof
    if (const Status good = CheckProof(*message.proof, message.model_hash); !good.ok()) {
      LogWarn("model.refused",
              {{"job", name()}, {"round", std::to_string(message.round.value)}, {"why", Describe(good)}});
      return services_.send(rpc::Declined{id_, message.round, Coarse(good)});
    }
    event.proven = message.proof->offer.round;
    proof_ = {message.model_hash, *message.proof};
    if (const Status kept = KeepProof(ProofFile(), *proof_); !kept.ok())
      LogWarn("proof.not_kept", {{"job", name()}, {"why", Describe(kept)}});
  }
  Handle(event);
}

// ---------------------------------------------------------------- p2, p3

// Whether the update that was trained has no file any more; what is in the file is checked when it is read.
bool JobTask::DeltaIsGone() const {
  const auto* trained = std::get_if<task::Trained>(&driver_->state().activity);
  if (trained == nullptr || trained->delta.file.IsZero()) return false;  // an evaluation has none
  return !delta_files_ || !delta_files_->Has(trained->delta.file);
}

void JobTask::OnOffer(const rpc::Offer& message) {
  if (!trainer_) return;
  const secagg::Offer& offer = message.offer;
  task::OfferTold event{offer.round, offer.attempt, SetOf(offer.cohort), secagg::Context(offer), {}};
  const task::State& state = driver_->state();
  if (task::Step(state, event).why.verdict != round::Verdict::kAccepted) {
    const auto* training = std::get_if<task::Training>(&state.activity);
    // The word that this node had trained got out before a crash, the record of it did not.
    if (training != nullptr && training->round.round == offer.round) offer_later_ = message;
    return Handle(event);
  }
  if (DeltaIsGone()) {  // better known now than in the middle of the attempt
    LogError("delta.lost", {{"job", name()}, {"round", std::to_string(offer.round.value)}});
    offer_later_ = message;
    return Handle(task::DeltaLost{offer.round, offer.attempt});
  }
  secagg::Checked<std::shared_ptr<SecureAttempt>> opened = OpenAttempt(offer);
  if (!opened.ok()) {
    const secagg::Refusal& refusal = opened.refusal();
    LogWarn("offer.refused", {{"job", name()},
                              {"round", std::to_string(offer.round.value)},
                              {"attempt", std::to_string(offer.attempt.value)},
                              {"why", Describe(refusal.status)}});
    abort_ = {offer.round, offer.attempt, refusal.status.error(),
              secagg::SignAbort(*services_.protocol_key, {}, refusal, facts_.node)};
    return SendRefused(offer.round, offer.attempt, Coarse(refusal.status));
  }
  work_stop_.request_stop();  // an older attempt's upload is not wanted any more
  secure_ = *std::move(opened);
  event.answer = secure_->Advertise();
  Handle(event);
}

secagg::Checked<std::shared_ptr<SecureAttempt>> JobTask::OpenAttempt(const secagg::Offer& offer) const {
  const task::State& state = driver_->state();
  Result<MaskedTerms> terms = Terms();
  if (!terms.ok()) return secagg::Refuse(terms.status());
  terms->pinned = terms->pinned.For(offer.registry_hash);
  const task::Assignment round = *task::RoundOf(state.activity);
  if (const task::Delta* delta = DeltaOf(state.activity)) {
    const auto base = BaseOfDelta(facts_, round.round, *delta_files_, delta->file);
    if (!base.ok()) return secagg::Refuse(errors::kTaskNoDelta, Describe(base.status()));
    terms->base = *base;
  }
  secagg::MemberMemory memory;
  if (state.attempted) memory.last = {state.round, state.attempt};
  const auto known = state.signed_sets.find({round.model_hash, round.purpose});
  if (known != state.signed_sets.end()) {
    memory.signed_set = std::vector<NodeId>(known->second.begin(), known->second.end());
  }
  return SecureAttempt::Open(offer, {.terms = *std::move(terms),
                                     .round = round,
                                     .memory = std::move(memory),
                                     .key = services_.protocol_key,
                                     .secrets = services_.secrets()});
}

void JobTask::OnRoster(const rpc::Roster& message) {
  if (!trainer_ || MemoryIsGone(message.round, message.attempt)) return;
  task::RosterTold event{message.round, message.attempt, {}, false};
  if (SecureAttempt* secure = Secure(message.round, message.attempt)) {
    const auto answer = secure->OnRoster(message.adverts);
    if (!answer.ok()) return Refuse(*secure, answer.refusal());
    event.answer = answer->answer;
    event.graph = answer->graph;
  }
  Handle(event);
}

void JobTask::OnGraphSet(const rpc::GraphSet& message) {
  if (!trainer_ || MemoryIsGone(message.round, message.attempt)) return;
  task::GraphTold event{message.round, message.attempt, {}};
  if (SecureAttempt* secure = Secure(message.round, message.attempt)) {
    const auto answer = secure->OnGraphSet(message.nonces);
    if (!answer.ok()) return Refuse(*secure, answer.refusal());
    event.answer = *answer;
  }
  Handle(event);
}

// ---------------------------------------------------------------- p4

void JobTask::OnCollect(const rpc::Collect& message) {
  if (!trainer_) return;
  if (masked()) {
    if (MemoryIsGone(message.round, message.attempt)) return;
    if (SecureAttempt* secure = Secure(message.round, message.attempt)) {
      if (const secagg::Verdict bad = secure->OnInbound(message.shares)) return Refuse(*secure, *bad);
    }
  }
  Handle(task::CollectTold{message.round, message.attempt, SetOf(message.cohort)});
}

// ---------------------------------------------------------------- p5, p6

void JobTask::OnSurvivors(const rpc::Survivors& message) {
  if (!trainer_ || MemoryIsGone(message.round, message.attempt)) return;
  task::SurvivorsTold event{message.round, message.attempt, {}, {}, {}};
  if (SecureAttempt* secure = Secure(message.round, message.attempt)) {
    auto answer = secure->OnSurvivors(message.u2_hash, message.ends);
    if (!answer.ok()) return Refuse(*secure, answer.refusal());
    if (!*answer) {
      return LogWarn("secagg.left_out", {{"job", name()}, {"round", std::to_string(message.round.value)}});
    }
    event.u3 = std::move((**answer).u3);
    event.u3_hash = (**answer).u3_hash;
    event.answer = (**answer).answer;
  }
  Handle(event);
}

void JobTask::OnCertificate(const rpc::Certificate& message) {
  if (!trainer_ || MemoryIsGone(message.round, message.attempt)) return;
  task::CertificateTold event{message.round, message.attempt, {}};
  if (SecureAttempt* secure = Secure(message.round, message.attempt)) {
    const auto answer = secure->OnCertificate(message.u3_hash, message.signatures);
    if (!answer.ok()) return Refuse(*secure, answer.refusal());
    event.answer = *answer;
  }
  Handle(event);
}

void JobTask::SayAnswer(const task::SayAnswer& say) {
  const SecureAttempt* secure = Secure(say.round, say.attempt);
  if (secure == nullptr) return SendRefused(say.round, say.attempt, Lost().status);
  if (auto message = secure->Answer(say.answer)) services_.send(*std::move(message));
}

void JobTask::SayVerified(const task::SayVerified& say) {
  rpc::Verified message{id_, say.round, say.attempt, say.model_hash, {}};
  if (!say.proof.empty()) {
    auto proof = DecodeProof(say.proof);
    if (!proof.ok()) return LogError("proof.damaged", {{"job", name()}, {"why", Describe(proof.status())}});
    message.proof = *std::move(proof);
  }
  services_.send(std::move(message));
}

// ---------------------------------------------------------------- p4, p7: work that came back

// The upload of a masked attempt is closed; nullopt when the attempt is over.
std::optional<task::Leaving> JobTask::SealUpdate(RoundId round, AttemptId attempt) {
  SecureAttempt* secure = Secure(round, attempt);
  if (secure == nullptr) return std::nullopt;
  secagg::UploadEnd end{.nwords = update_.words, .root = update_.root, .tag_value = {}};
  if (update_.tag) end.tag_value.emplace(std::array{(*update_.tag)[0], (*update_.tag)[1]});
  update_.tag = nullptr;
  const auto sealed = secure->Seal(end);
  if (!sealed.ok()) {
    Refuse(*secure, sealed.refusal());
    return std::nullopt;
  }
  return *sealed;
}

// A sum that this node's member refused ended the attempt; anything else may be told again.
void JobTask::CheckFailed(RoundId round, AttemptId attempt, const Status& why) {
  LogError("check.failed", {{"job", name()}, {"why", Describe(why)}});
  SecureAttempt* secure = Secure(round, attempt);
  if (secure != nullptr) {
    if (const auto refusal = secure->over()) return Refuse(*secure, *refusal);
  }
  Handle(task::Failed{round, attempt, why.error()});
}

}  // namespace accord::node
