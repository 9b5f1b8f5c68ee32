#include "node/secure_attempt.h"

#include <utility>

#include "base/check.h"
#include "base/codec.h"
#include "base/errors.h"
#include "crypto/sha256.h"
#include "update/groups.h"
#include "update/statement.h"

namespace accord::node {
namespace {

task::Leaving LeavingOf(const secagg::SignedBody& message) {
  crypto::Sha256 hash;
  hash.Update(message.body).Update(ByteView(message.signature.bytes));
  return {message.body.size() + message.signature.bytes.size(), hash.Finish()};
}

task::Leaving LeavingOf(const secagg::SharesMessage& message) {
  crypto::Sha256 hash;
  hash.Update(message.head.body).Update(ByteView(message.head.signature.bytes));
  std::uint64_t bytes = message.head.body.size() + message.head.signature.bytes.size();
  for (const auto& entry : message.entries) {
    hash.Update(entry.bytes);
    bytes += entry.bytes.size();
  }
  return {bytes, hash.Finish()};
}

void CleanseBody(std::optional<secagg::SignedBody>& message) {
  if (message) crypto::Cleanse(message->body);
}

}  // namespace

secagg::Checked<std::shared_ptr<SecureAttempt>> SecureAttempt::Open(const secagg::Offer& offer,
                                                                    Inputs inputs) {
  const MaskedTerms& terms = inputs.terms;
  if (!terms.pinned.registry) {
    return secagg::Refuse(errors::kSecaggWrongRegistry, "no registry is pinned here");
  }
  if (Status good = CheckTerms(terms, offer); !good.ok()) return secagg::Refuse(good);
  const Result<update::Partition> partition = PartitionIn(terms, offer.round);
  if (!partition.ok()) return secagg::Refuse(partition.status());
  const auto group = update::GroupOf(*partition, terms.facts.node);
  if (!group) return secagg::Refuse(errors::kSecaggWrongGroup, "no group of the plan names this node");
  if (Status good = CheckGroup(terms, offer.round, *group, offer.cohort); !good.ok())
    return secagg::Refuse(good);
  Result<secagg::MemberPolicy> policy =
      PolicyFor(terms, inputs.round.round, inputs.round.purpose, offer.cohort.size());
  if (!policy.ok()) return secagg::Refuse(policy.status());
  secagg::Checked<secagg::Member> member = secagg::Member::Open(
      offer, {.id = terms.facts.node,
              .key = inputs.key.get(),
              .registry = terms.pinned.registry,
              .registry_hash = terms.pinned.hash,
              .now = terms.now,
              .policy = *std::move(policy),
              .model_hash = inputs.round.model_hash,
              .train_cfg_hash = update::TrainConfigHash(terms.facts.id, inputs.round.purpose),
              .memory = std::move(inputs.memory),
              .secrets = std::move(inputs.secrets)});
  if (!member.ok()) return member.refusal();
  return std::shared_ptr<SecureAttempt>(new SecureAttempt(offer, std::move(inputs), *std::move(member)));
}

SecureAttempt::SecureAttempt(secagg::Offer offer, Inputs inputs, secagg::Member member)
    : offer_(std::move(offer)),
      job_(inputs.terms.facts.id),
      node_(inputs.terms.facts.node),
      key_(std::move(inputs.key)),
      member_(std::move(member)) {}

SecureAttempt::~SecureAttempt() { CleanseBody(unmask_); }

// What the member ended by this refusal stays ended by it.
secagg::Refusal SecureAttempt::Note(const secagg::Refusal& refusal) {
  if (!over_ && member_.state() == secagg::MemberState::kAborted) over_ = refusal;
  return refusal;
}

task::Leaving SecureAttempt::Advertise() {
  const MutexLock lock(mutex_);
  advert_ = member_.Advertise();
  return LeavingOf(*advert_);
}

secagg::Checked<SecureAttempt::RosterAnswer> SecureAttempt::OnRoster(
    std::span<const secagg::SignedBody> adverts) {
  const MutexLock lock(mutex_);
  auto answer = member_.OnRoster(adverts);
  if (!answer.ok()) return Note(answer.refusal());
  if (auto* nonce = std::get_if<secagg::SignedBody>(&*answer)) {
    nonce_ = std::move(*nonce);
    return RosterAnswer{LeavingOf(*nonce_), true};
  }
  shares_ = std::get<secagg::SharesMessage>(*std::move(answer));
  return RosterAnswer{LeavingOf(*shares_), false};
}

secagg::Checked<task::Leaving> SecureAttempt::OnGraphSet(std::span<const secagg::SignedBody> nonces) {
  const MutexLock lock(mutex_);
  auto answer = member_.OnGraphSet(nonces);
  if (!answer.ok()) return Note(answer.refusal());
  shares_ = *std::move(answer);
  return LeavingOf(*shares_);
}

secagg::Verdict SecureAttempt::OnInbound(std::span<const secagg::InboundShares> shares) {
  const MutexLock lock(mutex_);
  secagg::Verdict verdict = member_.OnInbound(shares);
  if (verdict) return Note(*verdict);
  return verdict;
}

std::optional<Masking> SecureAttempt::StartMasking() {
  const MutexLock lock(mutex_);
  if (!member_.CanMask()) return std::nullopt;
  Masking masking{member_.Masks(), {}};
  if (member_.context().params.verify) masking.tagger.emplace(member_.Tagger());
  return masking;
}

secagg::Checked<task::Leaving> SecureAttempt::Seal(const secagg::UploadEnd& end) {
  const MutexLock lock(mutex_);
  auto sealed = member_.SealUpload(end);
  if (!sealed.ok()) return Note(sealed.refusal());
  end_ = *std::move(sealed);
  return LeavingOf(*end_);
}

secagg::Checked<std::optional<SecureAttempt::Survivors>> SecureAttempt::OnSurvivors(
    const Digest& u2_hash, std::span<const secagg::SignedBody> ends) {
  const MutexLock lock(mutex_);
  auto answer = member_.OnSurvivors(u2_hash, ends);
  if (!answer.ok()) return Note(answer.refusal());
  if (!*answer) return std::optional<Survivors>();
  const secagg::SurvivorsAnswer& given = **answer;
  (given.type == secagg::BodyType::kU3 ? set_ : unmask_) = given.answer;
  return std::optional<Survivors>(
      {{given.u3.begin(), given.u3.end()}, given.u3_hash, LeavingOf(given.answer)});
}

secagg::Checked<task::Leaving> SecureAttempt::OnCertificate(
    const Digest& u3_hash, std::span<const secagg::NodeSignature> signatures) {
  const MutexLock lock(mutex_);
  auto answer = member_.OnCertificate(u3_hash, signatures);
  if (!answer.ok()) return Note(answer.refusal());
  unmask_ = *std::move(answer);
  return LeavingOf(*unmask_);
}

secagg::Verdict SecureAttempt::OnResult(const secagg::ResultMessage& result) {
  const MutexLock lock(mutex_);
  auto answer = member_.OnResult(result);
  if (!answer.ok()) return Note(answer.refusal());
  result_ = *std::move(answer);
  return {};
}

secagg::Verdict SecureAttempt::OnResultCertificate(const rpc::ModelProof& proof) {
  const MutexLock lock(mutex_);
  secagg::Verdict verdict = member_.OnResultCertificate(proof.u3_hash, proof.z_root, proof.result);
  if (verdict) return Note(*verdict);
  return verdict;
}

std::optional<rpc::FromNode> SecureAttempt::Answer(task::Answer answer) const {
  using Message = std::optional<rpc::FromNode>;
  const MutexLock lock(mutex_);
  const RoundId round = offer_.round;
  const AttemptId attempt = offer_.attempt;
  switch (answer) {
    case task::Answer::kAdvert:
      return advert_ ? Message(rpc::Advertised{job_, round, attempt, *advert_}) : Message();
    case task::Answer::kShares:
      return shares_ ? Message(rpc::Shared{job_, round, attempt, *shares_}) : Message();
    case task::Answer::kNonce:
      return nonce_ ? Message(rpc::GraphNonce{job_, round, attempt, *nonce_}) : Message();
    case task::Answer::kSet:
      return set_ ? Message(rpc::SurvivorsSigned{job_, round, attempt, *set_}) : Message();
    case task::Answer::kUnmask:
      return unmask_ ? Message(rpc::Unmasked{job_, round, attempt, *unmask_}) : Message();
  }
  return std::nullopt;
}

std::optional<secagg::SignedBody> SecureAttempt::end() const {
  const MutexLock lock(mutex_);
  return end_;
}

Bytes SecureAttempt::Proof(const Digest& model_hash) const {
  const MutexLock lock(mutex_);
  ACCORD_CHECK(result_.has_value());
  const Bytes statement = update::ModelStatement(member_.context().ctx, model_hash);
  return EncodeProof({.result = *result_, .model = key_->Sign(statement)});
}

std::optional<secagg::Refusal> SecureAttempt::over() const {
  const MutexLock lock(mutex_);
  return over_;
}

secagg::SignedBody SecureAttempt::Abort(const secagg::Refusal& refusal) {
  const MutexLock lock(mutex_);
  if (!over_) over_ = refusal;
  return member_.Abort(refusal);
}

secagg::SignedBody SecureAttempt::SignRefusal(const secagg::Refusal& refusal) const {
  const MutexLock lock(mutex_);
  return secagg::SignAbort(*key_, member_.context().ctx, refusal, node_);
}

Bytes EncodeProof(const rpc::Verified::Proof& proof) {
  Writer out;
  out.Lv(proof.result.body).Fixed(proof.result.signature).Fixed(proof.model);
  return std::move(out).Take();
}

Result<rpc::Verified::Proof> DecodeProof(ByteView bytes) {
  Reader in(bytes);
  rpc::Verified::Proof proof;
  const ByteView body = in.Lv();
  proof.result.body.assign(body.begin(), body.end());
  proof.result.signature = in.Fixed<crypto::Ed25519Signature>();
  proof.model = in.Fixed<crypto::Ed25519Signature>();
  if (!in.Done()) return Fail(errors::kStoreCorrupt, "the proof of a verified sum is damaged");
  return proof;
}

}  // namespace accord::node
