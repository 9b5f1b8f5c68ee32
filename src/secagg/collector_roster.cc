// P0 to P2a: the attempt, who is in it, and the graph between them.
#include <map>

#include "crypto/x25519.h"
#include "secagg/collector_internal.h"
#include "secagg/commitments.h"

namespace accord::secagg {
namespace {

Verdict CheckCohort(const Offer& offer, const Params& params, const Registry& registry) {
  std::vector<NodeId> sorted = offer.cohort;
  std::ranges::sort(sorted);
  if (std::ranges::adjacent_find(sorted) != sorted.end()) {
    return Refuse(errors::kSecaggDuplicateNode, "the cohort names a node twice");
  }
  if (sorted != offer.cohort) return Refuse(errors::kSecaggBadEncoding, "the cohort is not ascending");
  if (offer.cohort.size() != params.n()) {
    return Refuse(errors::kSecaggBadParams, "parameters for " + std::to_string(params.n()) +
                                                " nodes, a cohort of " + std::to_string(offer.cohort.size()));
  }
  if (offer.registry_hash != registry.Hash()) {
    return Refuse(errors::kSecaggWrongRegistry, "the offer names another registry");
  }
  for (const NodeId& id : offer.cohort) {
    if (registry.Find(id) == nullptr) {
      return Against(id, errors::kSecaggUnknownNode, "is not in the registry");
    }
  }
  return {};
}

// A key of low order gives every scalar the same nothing, so any scalar shows it.
bool IsUsable(const Digest& any, const crypto::X25519PublicKey& key) {
  return crypto::X25519Key::FromSecret(any.bytes).Derive(key).ok();
}

// For every node that advertised a key of another one: the other.
std::map<NodeId, NodeId> SharedKeys(const std::vector<Advertise>& nodes) {
  std::map<crypto::X25519PublicKey, std::vector<NodeId>> owners;
  for (const Advertise& node : nodes) {
    for (const auto& key : {node.channel_key, node.mask_key}) {
      std::vector<NodeId>& of_key = owners[key];
      if (of_key.empty() || of_key.back() != node.id) of_key.push_back(node.id);
    }
  }
  std::map<NodeId, NodeId> shared;
  for (const auto& [key, of_key] : owners) {
    if (of_key.size() < 2) continue;
    for (const NodeId& id : of_key) shared[id] = id == of_key.front() ? of_key.back() : of_key.front();
  }
  return shared;
}

}  // namespace

Checked<AttemptContext> OpenAttempt(const Offer& offer, std::shared_ptr<const Registry> registry) {
  Result<Params> params = Params::Parse(offer.params, offer.mode);
  if (!params.ok()) return Refuse(params.status());
  if (Verdict bad = CheckCohort(offer, *params, *registry)) return *bad;
  return AttemptContext{.ctx = Context(offer),
                        .mode = offer.mode,
                        .params = std::move(*params),
                        .cohort = offer.cohort,
                        .registry = std::move(registry)};
}

Checked<Advertise> CheckAdvertise(const AttemptContext& context, const NodeId& sender,
                                  const SignedBody& message) {
  if (!std::ranges::binary_search(context.cohort, sender)) {
    return Against(sender, errors::kSecaggNotInCohort, "is not in the cohort");
  }
  Checked<Advertise> advert = OpenBody<Advertise>(context, sender, message);
  if (!advert.ok()) return advert;
  if (advert->graph_commitment.IsZero() == context.params.graph.has_value()) {
    return Against(sender, errors::kSecaggBadEncoding, "commits to a graph nonce against the parameters");
  }
  for (const auto& key : {advert->channel_key, advert->mask_key}) {
    if (!IsUsable(context.ctx, key)) {
      return Against(sender, errors::kSecaggBadKey, "advertised a key of low order");
    }
  }
  if (advert->channel_key == advert->mask_key) {
    return Against(sender, errors::kSecaggDuplicateKey, "advertised one key as both of its own");
  }
  return advert;
}

std::vector<NodeId> Roster::Ids() const { return IdsOf(nodes); }

std::optional<std::uint32_t> Roster::IndexOf(const NodeId& id) const {
  const Advertise* const node = FindById(nodes, id);
  if (node == nullptr) return {};
  return static_cast<std::uint32_t>(node - nodes.data());
}

std::vector<NodeId> Roster::NeighboursOf(const NodeId& id) const {
  const std::optional<std::uint32_t> index = IndexOf(id);
  ACCORD_CHECK(index.has_value());
  std::vector<NodeId> neighbours;
  if (ring) {
    for (const std::uint32_t at : ring->NeighboursOf(*index)) neighbours.push_back(nodes[at].id);
    return neighbours;
  }
  ACCORD_CHECK(full_graph);
  neighbours.reserve(nodes.size());
  for (const Advertise& node : nodes) {
    if (node.id != id) neighbours.push_back(node.id);
  }
  return neighbours;
}

bool Roster::IsDealer(const NodeId& id) const { return std::ranges::binary_search(dealers, id); }

Roster MakeRoster(const AttemptContext& context, const BodiesByNode& adverts) {
  Roster roster{.full_graph = !context.params.graph};
  std::vector<Advertise> all;
  for (const auto& [id, message] : adverts) all.push_back(AcceptedBody<Advertise>(id, message));
  const std::map<NodeId, NodeId> shared = SharedKeys(all);
  std::vector<ByteView> bodies;
  for (const Advertise& node : all) {
    if (const auto other = shared.find(node.id); other != shared.end()) {
      roster.duplicates.push_back(
          Against(node.id, errors::kSecaggDuplicateKey, "advertised a key of " + other->second.Hex()));
      continue;
    }
    const SignedBody& message = adverts.at(node.id);
    roster.nodes.push_back(node);
    roster.adverts.push_back(message);
    bodies.push_back(message.body);
  }
  roster.hash = RosterHash(bodies);
  if (context.params.verify) roster.dealers = Dealers(context.ctx, roster.Ids());
  return roster;
}

Verdict EnoughU1(const AttemptContext& context, const Roster& roster) {
  const std::uint32_t want = context.params.graph ? context.params.n() : context.params.thresholds.u_min;
  if (roster.nodes.size() >= want) return {};
  return Refuse(errors::kSecaggRosterTooSmall, TooFew(roster.nodes.size(), "nodes published keys", want));
}

Checked<GraphOpening> CheckGraphNonce(const AttemptContext& context, const Roster& roster,
                                      const NodeId& sender, const SignedBody& message) {
  const Advertise* const advert = FindById(roster.nodes, sender);
  if (advert == nullptr) return Against(sender, errors::kSecaggUnknownNode, "is not in the roster");
  Checked<GraphOpening> opening = OpenBody<GraphOpening>(context, sender, message);
  if (!opening.ok()) return opening;
  if (opening->roster_hash != roster.hash) {
    return Against(sender, errors::kSecaggWrongRoster, "opened its nonce under another roster");
  }
  if (CommitGraphNonce(context.ctx, sender, opening->nonce.bytes) != advert->graph_commitment) {
    return Against(sender, errors::kSecaggBadGraphNonce, "opened another nonce than it committed to");
  }
  return opening;
}

Checked<Roster> LinkRoster(const AttemptContext& context, Roster roster, const BodiesByNode& nonces) {
  ACCORD_CHECK(context.params.graph.has_value());
  std::vector<GraphNonce> opened;
  roster.graph_set.clear();
  for (const Advertise& node : roster.nodes) {
    const auto found = nonces.find(node.id);
    if (found == nonces.end()) {
      return Against(node.id, errors::kSecaggMissingGraphNonce, "withheld its nonce of the graph");
    }
    opened.push_back(AcceptedBody<GraphOpening>(node.id, found->second).nonce);
    roster.graph_set.push_back(found->second);
  }
  const auto n = static_cast<std::uint32_t>(roster.nodes.size());
  roster.ring.emplace(GraphSeed(context.ctx, roster.hash, opened), n, context.params.graph->degree);
  return roster;
}

}  // namespace accord::secagg
