#include <algorithm>
#include <set>

#include "base/errors.h"
#include "secagg/member_attempt.h"

namespace accord::secagg {
namespace {

// The per-advert checks of a Roster, and what it makes of them.
class RosterReader {
 public:
  RosterReader(const AttemptContext& context) : context_(context) {}

  Verdict Read(const SignedBody& message) {
    Result<Advertise> advert = Advertise::Parse(message.body);
    if (!advert.ok()) return Refuse(advert.status());
    const NodeId& id = advert->id;
    const RegistryEntry* const entry = context_.registry->Find(id);
    if (entry == nullptr) {
      return Refuse(errors::kSecaggUnknownNode, "the pinned registry has no node " + id.Hex(), id);
    }
    if (!std::ranges::binary_search(context_.cohort, id)) {
      return Refuse(errors::kSecaggNotInCohort, "the cohort does not name " + id.Hex(), id);
    }
    if (!ids_.insert(id).second) {
      return Refuse(errors::kSecaggDuplicateNode, "two adverts of " + id.Hex(), id);
    }
    if (!Verify(entry->key, BodyType::kAdvertise, context_.ctx, message)) {
      return Refuse(errors::kSecaggBadSignature, "the advert of " + id.Hex() + " is not signed by it", id);
    }
    if (!keys_.insert(advert->channel_key).second || !keys_.insert(advert->mask_key).second) {
      return Refuse(errors::kSecaggDuplicateKey, id.Hex() + " published a key that is there already", id);
    }
    if (advert->graph_commitment.IsZero() == context_.params.graph.has_value()) {
      return Refuse(errors::kSecaggBadEncoding,
                    id.Hex() + " committed to a graph nonce where none is used, or did not where one is", id);
    }
    peers_.push_back({.id = id, .key = entry->key, .advert = *advert});
    return {};
  }

  [[nodiscard]] bool Ascending() const {
    return std::ranges::adjacent_find(peers_, [](const Peer& a, const Peer& b) { return !(a.id < b.id); }) ==
           peers_.end();
  }
  std::vector<Peer>& peers() { return peers_; }

 private:
  const AttemptContext& context_;
  std::set<NodeId> ids_;
  std::set<crypto::X25519PublicKey> keys_;
  std::vector<Peer> peers_;
};

Verdict CheckSize(const Params& params, std::size_t size) {
  const std::uint32_t least = params.graph ? params.n() : params.thresholds.u_min;
  if (size >= least) return {};
  return Refuse(errors::kSecaggRosterTooSmall,
                std::to_string(size) + " nodes published keys; it takes " + std::to_string(least));
}

void NameDealers(const AttemptContext& context, std::vector<Peer>& roster) {
  if (!context.params.verify) return;
  std::vector<NodeId> u1;
  for (const Peer& peer : roster) u1.push_back(peer.id);
  const std::vector<NodeId> dealers = Dealers(context.ctx, u1);
  for (Peer& peer : roster) peer.dealer = std::ranges::binary_search(dealers, peer.id);
}

}  // namespace

// Channels with neighbours, and between dealers and all; masks with neighbours.
Verdict Member::Attempt::DeriveKeys() {
  const bool dealer = Self().dealer;
  for (Peer& peer : roster) {
    if (peer.id == in.id || !(peer.neighbour || peer.dealer || dealer)) continue;
    Result<Channel> channel = DeriveChannel(ctx(), {.id = in.id, .key = own->channel},
                                            {.id = peer.id, .key = peer.advert.channel_key});
    if (!channel.ok()) return Refuse(channel.status(), peer.id);
    peer.channel = std::move(*channel);
    if (!peer.neighbour) continue;
    Result<MaskKeys> pair =
        PairMaskKeys(ctx(), {.id = in.id, .key = own->mask}, {.id = peer.id, .key = peer.advert.mask_key});
    if (!pair.ok()) return Refuse(pair.status(), peer.id);
    peer.masks = std::move(*pair);
  }
  return {};
}

Checked<RosterAnswer> Member::Attempt::AcceptRoster(std::span<const SignedBody> adverts) {
  RosterReader reader(context);
  for (const SignedBody& message : adverts) {
    if (Verdict bad = reader.Read(message)) return *bad;
  }
  if (!reader.Ascending()) return Refuse(errors::kSecaggBadEncoding, "the roster is not ascending");
  const auto mine = std::ranges::find(adverts, advert->body, &SignedBody::body);
  if (mine == adverts.end()) {
    return Refuse(errors::kSecaggOwnEntryChanged,
                  "the roster does not hold this node's advert as it was sent");
  }
  if (Verdict bad = CheckSize(params(), adverts.size())) return *bad;
  roster = std::move(reader.peers());
  for (std::size_t i = 0; i < roster.size(); ++i) roster[i].x = static_cast<std::uint32_t>(i) + 1;
  NameDealers(context, roster);
  std::vector<ByteView> bodies;
  for (const SignedBody& message : adverts) bodies.emplace_back(message.body);
  roster_hash = RosterHash(bodies);

  if (params().graph) {
    state = MemberState::kGraph;
    GraphOpening opening{.id = in.id, .roster_hash = roster_hash, .nonce = {}};
    std::ranges::copy(own->graph_nonce.view(), opening.nonce.bytes.begin());
    return RosterAnswer(SignAs(BodyType::kGraph, opening.Encode()));
  }
  for (Peer& peer : roster) peer.neighbour = peer.id != in.id;
  if (Verdict bad = DeriveKeys()) return *bad;
  state = MemberState::kShared;
  return RosterAnswer(Deal());
}

}  // namespace accord::secagg
