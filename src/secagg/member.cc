#include "secagg/member.h"

#include <algorithm>

#include "base/check.h"
#include "base/codec.h"
#include "base/errors.h"
#include "crypto/sha256.h"
#include "secagg/chunk_root.h"
#include "secagg/encode.h"
#include "secagg/member_attempt.h"

namespace accord::secagg {
namespace {

void Put(Writer& writer, const SignedBody& message) { writer.Long(message.body).Fixed(message.signature); }
void Put(Writer& writer, const NodeSignature& item) { writer.Fixed(item.id).Fixed(item.signature); }
void Put(Writer& writer, const InboundShares& item) {
  Put(writer, item.head);
  writer.Bool(item.entry.has_value()).Long(item.entry ? ByteView(*item.entry) : ByteView());
}

// Equal for equal messages only, so that a repeat is told from another message without keeping either.
template <class Item>
Digest DigestOf(std::span<const Item> items, std::initializer_list<Digest> names = {}) {
  crypto::Sha256 hash;
  for (const Digest& name : names) hash.Update(ByteView(name.bytes));
  for (const Item& item : items) {
    Writer writer;
    Put(writer, item);
    hash.Update(writer.bytes());
  }
  return hash.Finish();
}

// z_root stands for the words.
Digest DigestOf(const ResultMessage& message) {
  Writer writer;
  writer.Fixed(message.u3_hash).U64(message.nwords).Fixed(message.z_root);
  for (const std::uint64_t tau : message.tau) writer.U64(tau);
  return crypto::Sha256::Of(writer.bytes());
}

Refusal OutOfPhase(const char* message, MemberState state) {
  return Refuse(errors::kSecaggOutOfPhase,
                std::string(message) + " came in the state " + std::string(MemberStateName(state)));
}

bool Refused(const Verdict& verdict) { return verdict.has_value(); }
template <class T>
bool Refused(const Checked<T>& answer) {
  return !answer.ok();
}

// Ends the attempt when `answer` is a refusal.
template <class Attempt, class T>
T Settle(Attempt& attempt, T answer) {
  if (Refused(answer)) attempt.End(MemberState::kAborted);
  return answer;
}

}  // namespace

std::string_view MemberStateName(MemberState state) {
  constexpr std::string_view kNames[] = {"idle",   "advertised", "graph",    "shared",    "ready", "masked",
                                         "signed", "unmasked",   "verified", "committed", "left",  "aborted"};
  return kNames[static_cast<std::size_t>(state)];
}

Peer* Member::Attempt::Find(const NodeId& id) {
  const auto found = std::ranges::lower_bound(roster, id, {}, &Peer::id);
  return found != roster.end() && found->id == id ? &*found : nullptr;
}

const SignedBody& Member::Attempt::OwnHead() const {
  if (graph_answer) return graph_answer->answer.head;
  return std::get<SharesMessage>(roster_answer->answer).head;
}

void Member::Attempt::DrawSecrets() {
  Secrets& secrets = *in.secrets;
  crypto::ZeroizingBytes channel = secrets.Draw(SecretName::kChannelKey);
  crypto::ZeroizingBytes mask_seed = secrets.Draw(SecretName::kMaskSeed);
  own = OwnSecrets{.channel = crypto::X25519Key::FromSecret(channel.view()),
                   .mask = MaskKeyPair(mask_seed.view()),
                   .mask_seed = std::move(mask_seed),
                   .self_seed = secrets.Draw(SecretName::kSelfSeed),
                   .noise_seed = secrets.Draw(SecretName::kNoiseSeed),
                   .mac_key = secrets.Draw(SecretName::kMacKey),
                   .graph_nonce = secrets.Draw(SecretName::kGraphNonce)};
}

void Member::Attempt::ForgetAllButMac() {
  own.reset();
  in.secrets.reset();
  for (Peer& peer : roster) {
    peer.channel.reset();
    peer.masks.reset();
    peer.shares = {};
  }
}

void Member::Attempt::Forget() {
  ForgetAllButMac();
  mac.reset();
}

void Member::Attempt::End(MemberState final_state) {
  Forget();
  roster_answer.reset();
  graph_answer.reset();
  inbound.reset();
  upload.reset();
  survivors.reset();
  unmask.reset();
  result.reset();
  result_certificate.reset();
  state = final_state;
}

Member::Member(std::unique_ptr<Attempt> attempt) : attempt_(std::move(attempt)) {}
Member::~Member() = default;
Member::Member(Member&&) noexcept = default;
Member& Member::operator=(Member&&) noexcept = default;

Checked<Member> Member::Open(Offer offer, MemberInputs inputs) {
  ACCORD_CHECK(inputs.key != nullptr && inputs.registry != nullptr && inputs.secrets != nullptr);
  Checked<AttemptContext> context = CheckOffer(offer, inputs);
  if (!context.ok()) return context.refusal();
  auto attempt = std::make_unique<Attempt>();
  attempt->offer = std::move(offer);
  attempt->in = std::move(inputs);
  attempt->context = *std::move(context);
  return Member(std::move(attempt));
}

SignedBody Member::Advertise() {
  Attempt& a = *attempt_;
  ACCORD_CHECK(a.state != MemberState::kAborted && a.state != MemberState::kLeft);
  if (a.advert) return *a.advert;
  a.DrawSecrets();
  secagg::Advertise body{.id = a.in.id,
                         .channel_key = a.own->channel.PublicKey(),
                         .mask_key = a.own->mask.PublicKey(),
                         .graph_commitment = {}};
  if (a.params().graph) body.graph_commitment = CommitGraphNonce(a.ctx(), a.in.id, a.own->graph_nonce.view());
  a.advert = a.SignAs(BodyType::kAdvertise, body.Encode());
  a.state = MemberState::kAdvertised;
  return *a.advert;
}

Checked<RosterAnswer> Member::OnRoster(std::span<const SignedBody> adverts) {
  Attempt& a = *attempt_;
  const Digest digest = DigestOf(adverts);
  if (a.roster_answer && a.roster_answer->message == digest) return a.roster_answer->answer;
  if (a.state != MemberState::kAdvertised) return OutOfPhase("a roster", a.state);
  Checked<RosterAnswer> answer = Settle(a, a.AcceptRoster(adverts));
  if (answer.ok()) a.roster_answer = {.message = digest, .answer = *answer};
  return answer;
}

Checked<SharesMessage> Member::OnGraphSet(std::span<const SignedBody> nonces) {
  Attempt& a = *attempt_;
  const Digest digest = DigestOf(nonces);
  if (a.graph_answer && a.graph_answer->message == digest) return a.graph_answer->answer;
  if (a.state != MemberState::kGraph) return OutOfPhase("a set of graph nonces", a.state);
  Checked<SharesMessage> answer = Settle(a, a.AcceptGraphSet(nonces));
  if (answer.ok()) a.graph_answer = {.message = digest, .answer = *answer};
  return answer;
}

Verdict Member::OnInbound(std::span<const InboundShares> shares) {
  Attempt& a = *attempt_;
  const Digest digest = DigestOf(shares);
  if (a.inbound == digest) return {};
  if (a.state != MemberState::kShared) return OutOfPhase("inbound shares", a.state);
  Verdict answer = Settle(a, a.AcceptInbound(shares));
  if (!answer) a.inbound = digest;
  return answer;
}

bool Member::CanMask() const {
  return attempt_->state == MemberState::kReady || attempt_->state == MemberState::kMasked ||
         attempt_->state == MemberState::kSigned;
}

crypto::ZeroizingBytes Member::NoiseKey() const {
  ACCORD_CHECK(CanMask());
  return secagg::NoiseKey(attempt_->own->noise_seed.view());
}

Checked<SignedBody> Member::SealUpload(const UploadEnd& end) {
  Attempt& a = *attempt_;
  if (!a.upload && a.state != MemberState::kReady) return OutOfPhase("the end of the upload", a.state);
  return Settle(a, a.Seal(end));
}

Checked<std::optional<SurvivorsAnswer>> Member::OnSurvivors(const Digest& u2_hash,
                                                            std::span<const SignedBody> ends) {
  Attempt& a = *attempt_;
  if (a.survivors) {
    if (HashSurvivors(u2_hash, ends) == a.u3_hash) return std::optional<SurvivorsAnswer>(a.survivors);
    return Refuse(errors::kSecaggSecondU3, "another survivor set than the one that this node signed");
  }
  if (a.state == MemberState::kLeft) return std::optional<SurvivorsAnswer>();
  if (a.state != MemberState::kMasked) return OutOfPhase("a survivor set", a.state);
  return Settle(a, a.AcceptSurvivors(u2_hash, ends));
}

Checked<SignedBody> Member::OnCertificate(const Digest& u3_hash, std::span<const NodeSignature> signatures) {
  Attempt& a = *attempt_;
  if (a.unmask) {
    if (u3_hash == a.u3_hash) return *a.unmask;
    return Refuse(errors::kSecaggSecondU3, "a certificate for another set than this node unmasked");
  }
  if (a.state == MemberState::kMasked) {
    return Refuse(errors::kSecaggNoCertificate, "a certificate for a set that this node did not sign");
  }
  if (a.state != MemberState::kSigned) return OutOfPhase("a certificate", a.state);
  return Settle(a, a.AcceptCertificate(u3_hash, signatures));
}

Checked<SignedBody> Member::OnResult(const ResultMessage& result) {
  Attempt& a = *attempt_;
  const Digest digest = DigestOf(result);
  if (a.result && a.result->message == digest &&
      RootOf(result.words, a.params().chunk_words) == result.z_root) {
    return a.result->answer;
  }
  if (a.state != MemberState::kUnmasked) return OutOfPhase("a sum", a.state);
  Checked<SignedBody> answer = Settle(a, a.AcceptResult(result));
  if (answer.ok()) a.result = {.message = digest, .answer = *answer};
  return answer;
}

Verdict Member::OnResultCertificate(const Digest& u3_hash, const Digest& z_root,
                                    std::span<const NodeSignature> signatures) {
  Attempt& a = *attempt_;
  const Digest digest = DigestOf(signatures, {u3_hash, z_root});
  if (a.result_certificate == digest) return {};
  if (a.state != MemberState::kVerified) return OutOfPhase("a certificate of a sum", a.state);
  Verdict answer = Settle(a, a.AcceptResultCertificate(u3_hash, z_root, signatures));
  if (!answer) a.result_certificate = digest;
  return answer;
}

SignedBody Member::Abort(std::string_view reason, const NodeId& concerns) {
  attempt_->End(MemberState::kAborted);
  const secagg::Abort body{.id = attempt_->in.id, .reason = std::string(reason), .concerns = concerns};
  return attempt_->SignAs(BodyType::kAbort, body.Encode());
}

MemberState Member::state() const { return attempt_->state; }
bool Member::Repeats(const Offer& offer) const {
  const bool over = attempt_->state == MemberState::kAborted || attempt_->state == MemberState::kLeft;
  return !over && offer == attempt_->offer;
}
const AttemptContext& Member::context() const { return attempt_->context; }

std::vector<NodeId> Member::u1() const {
  std::vector<NodeId> ids;
  for (const Peer& peer : attempt_->roster) ids.push_back(peer.id);
  return ids;
}

std::vector<NodeId> Member::u2() const {
  std::vector<NodeId> ids;
  for (const Peer& peer : attempt_->roster) {
    if (peer.head) ids.push_back(peer.id);
  }
  return ids;
}

const std::vector<NodeId>& Member::u3() const { return attempt_->u3; }

SignedBody SignAbort(const crypto::Ed25519Key& key, const Digest& ctx, const Refusal& refusal,
                     const NodeId& id) {
  const Abort body{.id = id, .reason = refusal.Name(), .concerns = refusal.concerns};
  return Sign(key, BodyType::kAbort, ctx, body.Encode());
}

}  // namespace accord::secagg
