#include <algorithm>

#include "base/errors.h"
#include "secagg/graph.h"
#include "secagg/member_attempt.h"

namespace accord::secagg {
namespace {

Verdict CheckNonce(const AttemptContext& context, const Digest& roster_hash, const Peer& peer,
                   const SignedBody& message, const GraphOpening& opening) {
  const auto bad = [&](const ErrorInfo& error, const char* what) {
    return Refuse(error, peer.id.Hex() + " " + what, peer.id);
  };
  if (!Verify(peer.key, BodyType::kGraph, context.ctx, message)) {
    return bad(errors::kSecaggBadSignature, "did not sign its graph nonce");
  }
  if (opening.roster_hash != roster_hash) {
    return bad(errors::kSecaggWrongRoster, "opened its graph nonce under another roster");
  }
  if (CommitGraphNonce(context.ctx, peer.id, opening.nonce.bytes) != peer.advert.graph_commitment) {
    return bad(errors::kSecaggBadGraphNonce, "opened another graph nonce than it committed to");
  }
  return {};
}

}  // namespace

Checked<SharesMessage> Member::Attempt::AcceptGraphSet(std::span<const SignedBody> nonces) {
  std::vector<GraphOpening> openings;
  for (const SignedBody& message : nonces) {
    Result<GraphOpening> opening = GraphOpening::Parse(message.body);
    if (!opening.ok()) return Refuse(opening.status());
    openings.push_back(*opening);
  }
  const auto same = [](const GraphOpening& opening, const Peer& peer) { return opening.id == peer.id; };
  if (!std::ranges::equal(openings, roster, same)) {
    return Refuse(errors::kSecaggMissingGraphNonce, "the graph nonces are not those of the roster's nodes");
  }
  std::vector<GraphNonce> opened;
  for (std::size_t i = 0; i < openings.size(); ++i) {
    if (Verdict bad = CheckNonce(context, roster_hash, roster[i], nonces[i], openings[i])) return *bad;
    opened.push_back(openings[i].nonce);
  }
  const RingGraph graph(GraphSeed(ctx(), roster_hash, opened), params().n(), params().graph->degree);
  for (const std::uint32_t index : graph.NeighboursOf(Self().x - 1)) roster[index].neighbour = true;
  if (Verdict bad = DeriveKeys()) return *bad;
  state = MemberState::kShared;
  return Deal();
}

}  // namespace accord::secagg
