#include <algorithm>

#include "base/errors.h"
#include "secagg/certificate.h"
#include "secagg/member_attempt.h"
#include "secagg/share_channel.h"

namespace accord::secagg {
namespace {

// The id that a body begins with; zeros when it is too short to have one.
NodeId IdOf(ByteView body) {
  NodeId id;
  if (body.size() >= NodeId::kSize) std::ranges::copy(body.first(NodeId::kSize), id.bytes.begin());
  return id;
}

Status Malformed(const char* what) { return Fail(errors::kSecaggBadEncoding, what); }

}  // namespace

Digest HashSurvivors(const Digest& u2_hash, std::span<const SignedBody> ends) {
  std::vector<HashedBody> hashed;
  for (const SignedBody& end : ends) hashed.push_back({.id = IdOf(end.body), .digest = BodyDigest(end.body)});
  return U3Hash(u2_hash, hashed);
}

Verdict Member::Attempt::CheckSet(std::span<const NodeId> set) {
  const auto unsorted = [](const NodeId& a, const NodeId& b) { return !(a < b); };
  if (std::ranges::adjacent_find(set, unsorted) != set.end()) {
    return Refuse(Malformed("the survivor set is not ascending"));
  }
  for (const NodeId& id : set) {
    const Peer* const peer = Find(id);
    if (peer == nullptr || !peer->head) {
      return Refuse(errors::kSecaggU3NotSubset, id.Hex() + " did not share, but is named a survivor", id);
    }
  }
  if (set.size() < params().thresholds.u_min) {
    return Refuse(errors::kSecaggU3TooSmall, std::to_string(set.size()) + " survivors; it takes " +
                                                 std::to_string(params().thresholds.u_min));
  }
  return {};
}

Verdict Member::Attempt::CheckEnd(const SignedBody& message) {
  const NodeId id = IdOf(message.body);
  const Result<MaskedEnd> end = MaskedEnd::Parse(message.body);
  if (!end.ok()) return Refuse(end.status(), id);
  if (!Verify(Find(id)->key, BodyType::kMasked, ctx(), message)) {
    return Refuse(errors::kSecaggBadSignature, id.Hex() + " did not sign the end of its upload", id);
  }
  if (end->u2_hash != u2_hash || end->nwords != params().encoding.Words() ||
      end->tags.size() != params().Tags()) {
    return Refuse(errors::kSecaggBadMaskedEnd,
                  id.Hex() + " masked against another set, or an upload of another form", id);
  }
  if (id == in.id && message.body != upload->answer.body) {
    return Refuse(errors::kSecaggOwnEntryChanged,
                  "the survivors do not hold this node's upload as it was sealed");
  }
  return {};
}

Verdict Member::Attempt::CheckLive(std::span<const NodeId> set) {
  if (params().graph) {
    const auto live = std::ranges::count_if(set, [this](const NodeId& id) { return Find(id)->neighbour; });
    if (static_cast<std::uint64_t>(live) < params().graph->threshold) {
      return Refuse(errors::kSecaggFewLiveNeighbours, std::to_string(live) +
                                                          " neighbours survive; it takes " +
                                                          std::to_string(params().graph->threshold));
    }
  }
  if (in.memory.signed_set && !std::ranges::equal(*in.memory.signed_set, set)) {
    return Refuse(errors::kSecaggSpentModel, "another set was signed on this model");
  }
  return {};
}

Checked<std::optional<SurvivorsAnswer>> Member::Attempt::AcceptSurvivors(const Digest& named_u2,
                                                                         std::span<const SignedBody> ends) {
  if (named_u2 != u2_hash) {
    return Refuse(errors::kSecaggWrongU2, "the survivors are those of another set of heads");
  }
  std::vector<NodeId> set;
  for (const SignedBody& end : ends) {
    if (end.body.size() < NodeId::kSize) return Refuse(Malformed("the end of an upload is cut"));
    set.push_back(IdOf(end.body));
  }
  if (Verdict bad = CheckSet(set)) return *bad;
  if (!std::ranges::binary_search(set, in.id)) {
    End(MemberState::kLeft);
    return std::optional<SurvivorsAnswer>();
  }
  for (const SignedBody& end : ends) {
    if (Verdict bad = CheckEnd(end)) return *bad;
  }
  if (Verdict bad = CheckLive(set)) return *bad;

  u3 = std::move(set);
  u3_hash = HashSurvivors(u2_hash, ends);
  const bool certified = offer.mode == SecureMode::kMalicious;
  survivors = {.u3 = u3,
               .u3_hash = u3_hash,
               .type = certified ? BodyType::kU3 : BodyType::kUnmask,
               .answer = certified ? SignAs(BodyType::kU3, U3Body(in.id)) : Reveal()};
  if (certified) state = MemberState::kSigned;
  return std::optional<SurvivorsAnswer>(*survivors);
}

Bytes Member::Attempt::U3Body(const NodeId& id) const {
  return U3Signature{.id = id, .u2_hash = u2_hash, .u3_hash = u3_hash}.Encode();
}

Checked<SignedBody> Member::Attempt::AcceptCertificate(const Digest& named_u3,
                                                       std::span<const NodeSignature> signatures) {
  if (named_u3 != u3_hash) {
    return Refuse(errors::kSecaggSecondU3, "a certificate for another set than this node signed");
  }
  const CertificateRule rule{.ctx = ctx(),
                             .type = BodyType::kU3,
                             .body = [this](const NodeId& id) { return U3Body(id); },
                             .signers = u3,
                             .least = params().thresholds.t,
                             .registry = *in.registry};
  if (Verdict bad = CheckCertificate(rule, signatures)) return *bad;
  return Reveal();
}

SignedBody Member::Attempt::Reveal() {
  Unmask body{.id = in.id, .u3_hash = u3_hash, .self_seed = own->self_seed.Clone(), .shares = {}};
  for (const Peer& peer : roster) {
    if (!peer.neighbour || !peer.head) continue;
    const bool survived = std::ranges::binary_search(u3, peer.id);
    const SharePair pair = *SplitShares(peer.shares.view());
    body.shares.push_back({.dealer = peer.id,
                           .kind = survived ? ShareKind::kSelf : ShareKind::kMask,
                           .share = crypto::ZeroizingBytes::CopyOf(survived ? pair.share_b : pair.share_m),
                           .blind = crypto::ZeroizingBytes::CopyOf(survived ? pair.blind_b : pair.blind_m)});
  }
  unmask = SignAs(BodyType::kUnmask, body.Encode());
  ForgetAllButMac();  // what was not revealed now never will be
  state = MemberState::kUnmasked;
  return *unmask;
}

}  // namespace accord::secagg
