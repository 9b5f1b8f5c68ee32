// P3 and P4: the ends of uploads, the survivor set, and the signatures on it.
#include "secagg/collector_internal.h"

namespace accord::secagg {

Checked<MaskedEnd> CheckMaskedEnd(const AttemptContext& context, const U2& u2, const ReceivedUpload& received,
                                  const NodeId& sender, const SignedBody& message) {
  if (u2.Find(sender) == nullptr) {
    return Against(sender, errors::kSecaggUnknownNode, "did not share its secrets");
  }
  Checked<MaskedEnd> end = OpenBody<MaskedEnd>(context, sender, message);
  if (!end.ok()) return end;
  const std::uint64_t words = context.params.encoding.Words();
  if (end->u2_hash != u2.hash) {
    return Against(sender, errors::kSecaggWrongU2, "masked against another set of nodes");
  }
  if (end->nwords != words || received.bytes != 8 * words) {
    return Against(sender, errors::kSecaggWrongLength,
                   "announced " + std::to_string(end->nwords) + " words and sent " +
                       std::to_string(received.bytes) + " bytes; due are " + std::to_string(words) +
                       " words");
  }
  if (end->root != received.root) {
    return Against(sender, errors::kSecaggBadRoot, "signed another root than its upload has");
  }
  if (end->tags.size() != context.params.Tags()) {
    return Against(sender, errors::kSecaggBadMaskedEnd,
                   "sent " + std::to_string(end->tags.size()) + " tags; due are " +
                       std::to_string(context.params.Tags()));
  }
  return end;
}

std::vector<NodeId> U3::Ids() const { return IdsOf(nodes); }

bool U3::Contains(const NodeId& id) const { return FindById(nodes, id) != nullptr; }

U3 FixU3(const U2& u2, const BodiesByNode& ends) {
  U3 u3{.u2_hash = u2.hash};
  std::vector<HashedBody> hashed;
  for (const auto& [id, message] : ends) {
    ACCORD_CHECK(u2.Find(id) != nullptr);
    u3.nodes.push_back(AcceptedBody<MaskedEnd>(id, message));
    u3.ends.push_back(message);
    hashed.push_back({.id = id, .digest = BodyDigest(message.body)});
  }
  u3.hash = U3Hash(u2.hash, hashed);
  return u3;
}

Verdict EnoughU3(const AttemptContext& context, const AttemptSets& sets) {
  const std::uint32_t u_min = context.params.thresholds.u_min;
  const std::vector<NodeId> survivors = sets.u3.Ids();
  if (survivors.size() < u_min) {
    return Refuse(errors::kSecaggU3TooSmall, TooFew(survivors.size(), "updates arrived", u_min));
  }
  if (!context.params.graph) return {};  // u_min >= t, and everybody is a neighbour
  const std::uint32_t want = context.params.graph->threshold;
  for (const SharesHead& node : sets.u2.nodes) {
    const std::size_t live = CountIn(sets.roster.NeighboursOf(node.id), survivors);
    if (live >= want) continue;
    if (sets.u3.Contains(node.id)) {
      return Against(node.id, errors::kSecaggFewLiveNeighbours,
                     "is among " + TooFew(live, "surviving neighbours", want));
    }
    if (live > 0) {
      return Against(node.id, errors::kSecaggTooFewShares,
                     "left masks behind with " + TooFew(live, "surviving neighbours", want));
    }
  }
  return {};
}

Verdict CheckU3Signature(const AttemptContext& context, const U3& u3, const NodeId& sender,
                         const SignedBody& message) {
  if (!u3.Contains(sender)) return Against(sender, errors::kSecaggUnknownNode, "is no survivor");
  const Checked<U3Signature> body = OpenBody<U3Signature>(context, sender, message);
  if (!body.ok()) return body.refusal();
  if (body->u2_hash != u3.u2_hash || body->u3_hash != u3.hash) {
    return Against(sender, errors::kSecaggWrongU3, "signed another survivor set");
  }
  return {};
}

Checked<std::vector<NodeSignature>> CertifyU3(const AttemptContext& context, const BodiesByNode& signatures) {
  return Certify(context, signatures);
}

}  // namespace accord::secagg
