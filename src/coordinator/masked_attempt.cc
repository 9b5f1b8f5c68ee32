#include "coordinator/masked_attempt.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/codec.h"
#include "base/errors.h"
#include "update/headers.h"
#include "update/statement.h"

namespace accord::coordinator {
namespace {

constexpr std::uint16_t kBlobVersion = 1;
constexpr std::uint16_t kBlobWithGraph = 2;

void Put(Writer& out, const secagg::SignedBody& word) { out.Long(word.body).Fixed(word.signature); }

secagg::SignedBody TakeWord(Reader& in) {
  const ByteView body = in.Long();
  return {{body.begin(), body.end()}, in.Fixed<crypto::Ed25519Signature>()};
}

Result<secagg::Params> ParamsOf(const MaskedAttempt::Inputs& in) {
  return update::ParamsFor(in.spec, in.plan.purpose, in.base,
                           static_cast<std::uint32_t>(in.attempt.cohort.size()));
}

}  // namespace

Result<secagg::Offer> MaskedAttempt::OfferOf(const Inputs& in) {
  ACCORD_ASSIGN_OR_RETURN(const secagg::Params params, ParamsOf(in));
  return secagg::Offer{.federation_id = in.federation,
                       .job_id = Bytes(in.job.bytes.begin(), in.job.bytes.end()),
                       .round = in.plan.round,
                       .attempt = in.attempt.id,
                       .registry_hash = in.registry->Hash(),
                       .cohort = {in.attempt.cohort.begin(), in.attempt.cohort.end()},
                       .model_hash = in.plan.model_hash,
                       .train_cfg_hash = update::TrainConfigHash(in.job, in.plan.purpose),
                       .params = params.Encode(),
                       .mode = in.plan.mode};
}

Result<std::unique_ptr<MaskedAttempt>> MaskedAttempt::Open(const Inputs& in) {
  ACCORD_ASSIGN_OR_RETURN(secagg::Offer offer, OfferOf(in));
  secagg::Checked<secagg::AttemptContext> context = secagg::OpenAttempt(offer, in.registry);
  if (!context.ok()) return context.refusal().status;
  return std::unique_ptr<MaskedAttempt>(new MaskedAttempt(std::move(offer), *std::move(context)));
}

MaskedAttempt::MaskedAttempt(secagg::Offer offer, secagg::AttemptContext context)
    : offer_(std::move(offer)), context_(std::move(context)) {}

// ---------------------------------------------------------------- p2, p3

secagg::Verdict MaskedAttempt::OnAdvert(NodeId node, const secagg::SignedBody& advert) {
  auto checked = secagg::CheckAdvertise(context_, node, advert);
  if (!checked.ok()) return checked.refusal();
  if (const auto known = adverts_.find(node); known != adverts_.end()) {
    if (known->second == advert) return {};
    return secagg::Refuse(errors::kSecaggOutOfPhase, node.Hex() + " advertised twice", node);
  }
  if (roster_) return secagg::Refuse(errors::kSecaggOutOfPhase, "the roster is fixed", node);
  // One key in two adverts: the later one counts as silent, so that nobody silences another by copying.
  for (const auto& key : {checked->channel_key, checked->mask_key}) {
    if (!keys_.contains(key)) continue;
    return secagg::Refuse(errors::kSecaggDuplicateKey, node.Hex() + " advertised a key of another node",
                          node);
  }
  keys_.insert({checked->channel_key, checked->mask_key});
  adverts_.emplace(node, advert);
  return {};
}

bool MaskedAttempt::HasAdverts(const round::NodeSet& u1) const {
  return std::ranges::all_of(u1, [this](const NodeId& node) { return adverts_.contains(node); });
}

const std::vector<secagg::SignedBody>& MaskedAttempt::Roster(const round::NodeSet& u1) {
  if (!roster_) {
    std::erase_if(adverts_, [&](const auto& advert) { return !u1.contains(advert.first); });
    roster_ = secagg::MakeRoster(context_, adverts_);
  }
  return roster_->adverts;
}

secagg::Verdict MaskedAttempt::OnNonce(NodeId node, const secagg::SignedBody& nonce) {
  if (!roster_) return secagg::Refuse(errors::kSecaggOutOfPhase, "no roster is fixed yet", node);
  const auto checked = secagg::CheckGraphNonce(context_, *roster_, node, nonce);
  if (!checked.ok()) return checked.refusal();
  if (!nonces_.emplace(node, nonce).second || nonces_.size() < roster_->nodes.size()) return {};
  auto linked = secagg::LinkRoster(context_, *roster_, nonces_);
  if (!linked.ok()) return linked.refusal();
  roster_ = *std::move(linked);
  return {};
}

secagg::Verdict MaskedAttempt::OnShares(NodeId node, secagg::SharesMessage shares) {
  if (!roster_ || !(roster_->full_graph || roster_->ring)) {
    return secagg::Refuse(errors::kSecaggOutOfPhase, "who masks with whom is not fixed yet", node);
  }
  auto checked = secagg::CheckShares(context_, *roster_, node, shares);
  if (!checked.ok()) return checked.refusal();
  if (u2_ || shares_.contains(node)) return {};  // the machine knows what to make of a repeat
  Shares& kept = shares_[node];
  kept.head = std::move(shares.head);
  for (auto& entry : shares.entries) kept.entries.emplace(entry.receiver, std::move(entry.bytes));
  return {};
}

secagg::EntryLookup MaskedAttempt::Entries() const {
  return [this](const NodeId& dealer, const NodeId& receiver) -> ByteView {
    const auto shares = shares_.find(dealer);
    if (shares == shares_.end()) return {};
    const auto entry = shares->second.entries.find(receiver);
    return entry == shares->second.entries.end() ? ByteView() : ByteView(entry->second);
  };
}

void MaskedAttempt::FixU2() {
  secagg::BodiesByNode heads;
  for (const auto& [node, shares] : shares_) heads.emplace(node, shares.head);
  u2_ = secagg::FixU2(*roster_, heads);
}

Result<Bytes> MaskedAttempt::StoreShares(const round::NodeSet& u2) {
  std::erase_if(shares_, [&](const auto& shares) { return !u2.contains(shares.first); });
  FixU2();
  if (const secagg::Verdict lacking = secagg::EnoughU2(context_, *roster_, *u2_)) return lacking->status;
  Writer out;
  out.U16(nonces_.empty() ? kBlobVersion : kBlobWithGraph).U32(static_cast<std::uint32_t>(adverts_.size()));
  for (const auto& [node, advert] : adverts_) Put(out.Fixed(node), advert);
  out.U32(static_cast<std::uint32_t>(shares_.size()));
  for (const auto& [node, shares] : shares_) {
    Put(out.Fixed(node), shares.head);
    out.U32(static_cast<std::uint32_t>(shares.entries.size()));
    for (const auto& [receiver, entry] : shares.entries) out.Fixed(receiver).Long(entry);
  }
  if (!nonces_.empty()) {
    out.U32(static_cast<std::uint32_t>(nonces_.size()));
    for (const auto& [node, nonce] : nonces_) Put(out.Fixed(node), nonce);
  }
  return std::move(out).Take();
}

Status MaskedAttempt::Load(ByteView blob) {
  Reader in(blob);
  const std::uint16_t version = in.U16();
  if (version != kBlobVersion && version != kBlobWithGraph) in.Refuse();
  for (std::uint32_t left = in.Count(NodeId::kSize); left > 0 && in.ok(); --left) {
    const auto node = in.Fixed<NodeId>();
    adverts_[node] = TakeWord(in);
  }
  for (std::uint32_t left = in.Count(NodeId::kSize); left > 0 && in.ok(); --left) {
    Shares& shares = shares_[in.Fixed<NodeId>()];
    shares.head = TakeWord(in);
    for (std::uint32_t entries = in.Count(NodeId::kSize); entries > 0 && in.ok(); --entries) {
      Bytes& entry = shares.entries[in.Fixed<NodeId>()];
      const ByteView bytes = in.Long();
      entry.assign(bytes.begin(), bytes.end());
    }
  }
  for (std::uint32_t left = version == kBlobWithGraph ? in.Count(NodeId::kSize) : 0; left > 0 && in.ok();
       --left) {
    const auto node = in.Fixed<NodeId>();
    nonces_[node] = TakeWord(in);
  }
  if (!in.Done()) return Fail(errors::kStoreCorrupt, "the stored shares of an attempt are malformed");
  roster_ = secagg::MakeRoster(context_, adverts_);
  if (version == kBlobWithGraph) {
    auto linked = secagg::LinkRoster(context_, *std::move(roster_), nonces_);
    if (!linked.ok()) return linked.refusal().status;
    roster_ = *std::move(linked);
  }
  FixU2();
  return {};
}

// ---------------------------------------------------------------- p4, p5

std::vector<secagg::InboundShares> MaskedAttempt::InboundFor(NodeId node) const {
  return secagg::InboundFor(*u2_, node, Entries());
}

secagg::Checked<Bytes> MaskedAttempt::CheckEnd(NodeId node, const secagg::ReceivedUpload& upload,
                                               const secagg::SignedBody& end) const {
  if (!u2_) return secagg::Refuse(errors::kSecaggOutOfPhase, "no upload is awaited yet", node);
  auto checked = secagg::CheckMaskedEnd(context_, *u2_, upload, node, end);
  if (!checked.ok()) return checked.refusal();
  return PackWord(end);
}

void MaskedAttempt::FixSurvivors(const round::Uploads& uploads) {
  if (u3_) return;
  secagg::BodiesByNode ends;
  for (const auto& [node, upload] : uploads) ends.emplace(node, UnpackWord(upload.end));
  u3_ = secagg::FixU3(*u2_, ends);
}

secagg::Verdict MaskedAttempt::CheckSurvivorsSigned(NodeId node, const secagg::SignedBody& u3) const {
  if (!u3_) return secagg::Refuse(errors::kSecaggOutOfPhase, "no survivor set is fixed yet", node);
  return secagg::CheckU3Signature(context_, *u3_, node, u3);
}

// ---------------------------------------------------------------- p6

secagg::Checked<secagg::CheckedUnmask> MaskedAttempt::CheckUnmask(NodeId node,
                                                                  const secagg::SignedBody& unmask) const {
  if (!u3_) return secagg::Refuse(errors::kSecaggOutOfPhase, "no survivor set is fixed yet", node);
  return secagg::CheckUnmask(context_, Sets(), Entries(), node, unmask);
}

void MaskedAttempt::Keep(secagg::CheckedUnmask unmask) {
  const bool known = std::ranges::any_of(unmasks_, [&](const auto& kept) { return kept.id == unmask.id; });
  if (!known) unmasks_.push_back(std::move(unmask));
}

bool MaskedAttempt::Complete() const {
  return u3_ && secagg::StillMissing(context_, Sets(), unmasks_).empty();
}

secagg::Checked<secagg::OpenedMasks> MaskedAttempt::Recover() const {
  return secagg::Recover(context_, Sets(), unmasks_);
}

// ---------------------------------------------------------------- words

Bytes PackWord(const secagg::SignedBody& word) {
  Writer out;
  Put(out, word);
  return std::move(out).Take();
}

secagg::SignedBody UnpackWord(ByteView packed) {
  Reader in(packed);
  secagg::SignedBody word = TakeWord(in);
  ACCORD_CHECK(in.Done());
  return word;
}

Bytes PackWord(const VerifiedWord& word) { return Writer().Fixed(word.result).Fixed(word.model).bytes(); }

VerifiedWord UnpackVerified(ByteView packed) {
  Reader in(packed);
  VerifiedWord word{in.Fixed<crypto::Ed25519Signature>(), in.Fixed<crypto::Ed25519Signature>()};
  ACCORD_CHECK(in.Done());
  return word;
}

secagg::Checked<Bytes> CheckVerified(const secagg::AttemptContext& context, NodeId node,
                                     const round::Outcome& outcome, const rpc::Verified& message) {
  const secagg::RegistryEntry* entry = context.registry->Find(node);
  if (entry == nullptr || !message.proof || !outcome.opened) {
    return secagg::Refuse(errors::kSecaggBadSignature, node.Hex() + " did not sign what it verified", node);
  }
  const secagg::ResultSignature body{node, outcome.opened->u3_hash, outcome.words, outcome.opened->z_root};
  if (message.proof->result.body != body.Encode()) {
    return secagg::Refuse(errors::kSecaggForkedResult, node.Hex() + " signed another sum", node);
  }
  const Bytes statement = update::ModelStatement(context.ctx, message.model_hash);
  if (!secagg::Verify(entry->key, secagg::BodyType::kZ, context.ctx, message.proof->result) ||
      !crypto::Ed25519Verify(entry->key, statement, message.proof->model)) {
    return secagg::Refuse(errors::kSecaggBadSignature, node.Hex() + " did not sign what it verified", node);
  }
  return PackWord(VerifiedWord{message.proof->result.signature, message.proof->model});
}

}  // namespace accord::coordinator
