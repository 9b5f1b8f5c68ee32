// Nodes for tests of the coordinator's side, made of the primitives alone: they do what the coordinator sees
// of an honest node and check nothing, so that large cohorts are cheap, and a test can make them lie. They
// hand their shares to each other in memory; what they seal for the coordinator to relay is empty of meaning.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "crypto/sha256.h"
#include "secagg/encode.h"
#include "secagg/field61.h"
#include "secagg/keys.h"
#include "secagg/shamir.h"
#include "tests/support/secagg_collector.h"

namespace accord::fsa1 {

struct LightOptions {
  std::uint32_t n = 5;
  std::uint32_t corrupt = 0;
  SecureMode mode = SecureMode::kMalicious;
  std::optional<secagg::NeighbourGraph> graph = {};
  bool verify = true;
  std::uint32_t bits = 16;
  std::uint64_t coordinates = 7;
  std::uint32_t chunk_words = 2;
};

struct LightNode {
  // What another node dealt to this one.
  struct Held {
    Bytes share_b, blind_b, share_m, blind_m;
  };
  NodeId id;
  crypto::Ed25519Key key;
  crypto::X25519Key channel;
  crypto::X25519Key mask;
  Bytes m, b, mac_key, coefficients_b, coefficients_m;
  secagg::GraphNonce nonce;
  std::map<NodeId, Held> held;        // by dealer
  std::vector<std::uint64_t> plain;   // its words before masking
  std::vector<std::uint64_t> masked;  // and after
};

class LightFederation {
 public:
  explicit LightFederation(const LightOptions& options) : options_(options) {
    for (std::uint32_t i = 0; i < options.n; ++i) nodes.push_back(Make(i));
    std::ranges::sort(nodes, {}, &LightNode::id);
    auto made = std::make_shared<secagg::Registry>();
    for (const LightNode& node : nodes) {
      made->entries.push_back({.id = node.id, .org = "org", .key = node.key.PublicKey(), .not_after = 1});
    }
    registry = made;
    offer.federation_id = "fed";
    offer.job_id = {1, 2, 3};
    offer.round.value = 1;
    offer.registry_hash = registry->Hash();
    for (const LightNode& node : nodes) offer.cohort.push_back(node.id);
    offer.mode = options.mode;
    params = *secagg::Params::For({.bits = options.bits, .clip = 1.0, .max_examples = 1},
                                  {.mode = options.mode,
                                   .n = options.n,
                                   .corrupt = options.corrupt,
                                   .coordinates = options.coordinates,
                                   .graph = options.graph,
                                   .verify = options.verify});
    params.chunk_words = options.chunk_words;
    offer.params = params.Encode();
    ctx = secagg::Context(offer);
  }

  [[nodiscard]] secagg::Advertise AdvertOf(std::size_t i) const {
    const LightNode& node = nodes[i];
    secagg::Advertise advert{
        .id = node.id, .channel_key = node.channel.PublicKey(), .mask_key = node.mask.PublicKey()};
    if (options_.graph) {
      advert.graph_commitment = secagg::CommitGraphNonce(ctx, node.id, node.nonce.bytes);
    }
    return advert;
  }
  [[nodiscard]] secagg::SignedBody Advertise(std::size_t i) const { return SignAs(i, AdvertOf(i)); }

  [[nodiscard]] secagg::SignedBody OpenNonce(std::size_t i, const secagg::Roster& roster) const {
    return SignAs(
        i, secagg::GraphOpening{.id = nodes[i].id, .roster_hash = roster.hash, .nonce = nodes[i].nonce});
  }

  // Splits, hands the shares over and commits to them. `change` may spoil a share before it is committed to.
  using ChangeShare = std::function<void(const NodeId& receiver, LightNode::Held& dealt)>;
  secagg::SharesMessage Deal(std::size_t i, const secagg::Roster& roster, const ChangeShare& change = {}) {
    LightNode& node = nodes[i];
    const bool dealer = roster.IsDealer(node.id);
    const std::vector<NodeId> neighbours = roster.NeighboursOf(node.id);
    std::map<NodeId, secagg::ShareEntry> entries;
    for (const NodeId& to : dealer ? roster.Ids() : neighbours) {
      if (to == node.id) continue;
      entries[to].receiver = to;
      if (dealer) entries[to].mac_key.assign(secagg::kSealedKeyBytes, 1);
    }
    DealSecrets(node, roster, neighbours, change, entries);

    secagg::SharesHead head{
        .id = node.id, .roster_hash = roster.hash, .com_b = secagg::CommitB(ctx, node.id, node.b)};
    if (dealer) head.com_mac = secagg::CommitMacKey(ctx, node.id, node.mac_key);
    secagg::SharesMessage message;
    for (const auto& [to, entry] : entries) {
      message.entries.push_back({.receiver = to, .bytes = entry.Encode()});
      head.entries.push_back({.receiver = to, .digest = secagg::EntryDigest(message.entries.back().bytes)});
    }
    message.head = SignAs(i, head);
    return message;
  }

  // Words of random floats, and their masked form.
  ArrivedUpload Mask(std::size_t i, const secagg::Roster& roster, const secagg::U2& u2) {
    LightNode& node = nodes[i];
    Encode(node);
    secagg::OpenedMasks masks;
    masks.Add(secagg::SelfMaskKeys(ctx, node.b, node.id), secagg::MaskSign::kAdd);
    for (const NodeId& peer : roster.NeighboursOf(node.id)) {
      if (u2.Find(peer) == nullptr) continue;
      const secagg::KeyPeer other{.id = peer, .key = roster.nodes[*roster.IndexOf(peer)].mask_key};
      masks.Add(*secagg::PairMaskKeys(ctx, {.id = node.id, .key = node.mask}, other),
                secagg::SignOf(node.id, peer));
    }
    node.masked = node.plain;
    const auto data = masks.DataKeys();
    secagg::MaskSet(data).Apply(0, node.masked);

    ArrivedUpload upload;
    for (std::size_t first = 0; first < node.masked.size(); first += params.chunk_words) {
      const auto chunk =
          std::span(node.masked)
              .subspan(first, std::min<std::size_t>(params.chunk_words, node.masked.size() - first));
      secagg::StoreWords(chunk, upload.chunks.emplace_back(chunk.size_bytes()));
    }
    secagg::MaskedEnd end{.id = node.id,
                          .u2_hash = u2.hash,
                          .nwords = node.masked.size(),
                          .root = secagg::RootOf(node.masked, params.chunk_words)};
    if (params.verify) {
      const secagg::TagPair tags = secagg::MaskTags(PlainTags(node), masks.TagKeys());
      end.tags = {tags.begin(), tags.end()};
    }
    upload.end = SignAs(i, end);
    return upload;
  }

  [[nodiscard]] secagg::SignedBody SignU3(std::size_t i, const secagg::U3& u3) const {
    return SignAs(i, secagg::U3Signature{.id = nodes[i].id, .u2_hash = u3.u2_hash, .u3_hash = u3.hash});
  }

  [[nodiscard]] secagg::Unmask RevealOf(std::size_t i, const secagg::AttemptSets& sets) const {
    const LightNode& node = nodes[i];
    secagg::Unmask body{.id = node.id,
                        .u3_hash = sets.u3.hash,
                        .self_seed = crypto::ZeroizingBytes::CopyOf(node.b),
                        .shares = {}};
    for (const auto& [dealer, held] : node.held) {
      if (sets.u2.Find(dealer) == nullptr) continue;
      const bool survived = sets.u3.Contains(dealer);
      body.shares.push_back(
          {.dealer = dealer,
           .kind = survived ? secagg::ShareKind::kSelf : secagg::ShareKind::kMask,
           .share = crypto::ZeroizingBytes::CopyOf(survived ? held.share_b : held.share_m),
           .blind = crypto::ZeroizingBytes::CopyOf(survived ? held.blind_b : held.blind_m)});
    }
    return body;
  }
  [[nodiscard]] secagg::SignedBody Reveal(std::size_t i, const secagg::AttemptSets& sets) const {
    return SignAs(i, RevealOf(i, sets));
  }

  [[nodiscard]] secagg::SignedBody SignZ(std::size_t i, const secagg::U3& u3, const OpenedSum& sum) const {
    return SignAs(i,
                  secagg::ResultSignature{
                      .id = nodes[i].id, .u3_hash = u3.hash, .nwords = sum.words.size(), .z_root = sum.root});
  }

  template <class Body>
  [[nodiscard]] secagg::SignedBody SignAs(std::size_t i, const Body& body) const {
    return secagg::Sign(nodes[i].key, Body::kType, ctx, body.Encode());
  }

  // The integer sum of the plain words of a set.
  [[nodiscard]] std::vector<std::uint64_t> PlainSum(const std::set<std::size_t>& of) const {
    std::vector<std::uint64_t> sum(params.encoding.Words());
    for (const std::size_t i : of) {
      for (std::size_t w = 0; w < sum.size(); ++w) sum[w] += nodes[i].plain[w];
    }
    return sum;
  }
  // And of their tags: these are any field elements, no polynomial's.
  [[nodiscard]] std::vector<std::uint64_t> PlainTagSum(const std::set<std::size_t>& of) const {
    secagg::TagPair sum{};
    for (const std::size_t i : of) {
      for (std::size_t c = 0; c < 2; ++c) sum[c] = secagg::FieldAdd(sum[c], PlainTags(nodes[i])[c]);
    }
    return {sum.begin(), sum.end()};
  }

  std::vector<LightNode> nodes;  // ascending by id
  std::shared_ptr<const secagg::Registry> registry;
  secagg::Offer offer;
  secagg::Params params;
  Digest ctx;

 private:
  [[nodiscard]] static Bytes Drawn(const std::string& what, const NodeId& id, std::size_t size = 32) {
    const Digest drawn = crypto::Sha256::Of("light node " + id.Hex() + what);
    return {drawn.bytes.begin(), drawn.bytes.begin() + static_cast<std::ptrdiff_t>(size)};
  }

  [[nodiscard]] static LightNode Make(std::uint32_t i) {
    NodeId id;
    const Digest named = crypto::Sha256::Of("light " + std::to_string(i));
    std::copy_n(named.bytes.begin(), NodeId::kSize, id.bytes.begin());
    const Bytes m = Drawn("m", id);
    LightNode node{.id = id,
                   .key = crypto::Ed25519Key::FromSeed(Drawn("sign", id)),
                   .channel = crypto::X25519Key::FromSecret(Drawn("channel", id)),
                   .mask = secagg::MaskKeyPair(m),
                   .m = m,
                   .b = Drawn("b", id),
                   .mac_key = Drawn("kd", id),
                   .coefficients_b = Drawn("cb", id),
                   .coefficients_m = Drawn("cm", id)};
    std::ranges::copy(Drawn("nonce", id), node.nonce.bytes.begin());
    return node;
  }

  void DealSecrets(const LightNode& node, const secagg::Roster& roster, const std::vector<NodeId>& neighbours,
                   const ChangeShare& change, std::map<NodeId, secagg::ShareEntry>& entries) {
    std::vector<std::uint32_t> xs;
    for (const NodeId& to : neighbours) xs.push_back(*roster.IndexOf(to) + 1);
    const auto split = [&](const Bytes& secret, const Bytes& coefficients) {
      return secagg::SplitSecret({.secret = secret,
                                  .coefficient_seed = coefficients,
                                  .threshold = params.ShareThreshold(),
                                  .dealer_x = *roster.IndexOf(node.id) + 1},
                                 xs);
    };
    const auto b = split(node.b, node.coefficients_b);
    const auto m = split(node.m, node.coefficients_m);
    const auto bytes = [](const crypto::ZeroizingBytes& secret) {
      return Bytes(secret.view().begin(), secret.view().end());
    };
    for (std::size_t s = 0; s < neighbours.size(); ++s) {
      const NodeId& to = neighbours[s];
      LightNode::Held dealt{.share_b = bytes(b[s].share),
                            .blind_b = Drawn("bb" + to.Hex(), node.id, secagg::kBlindBytes),
                            .share_m = bytes(m[s].share),
                            .blind_m = Drawn("bm" + to.Hex(), node.id, secagg::kBlindBytes)};
      if (change) change(to, dealt);
      const auto commit = [&](secagg::ShareKind kind, const Bytes& share, const Bytes& blind) {
        return secagg::CommitShare(
            ctx, {.kind = kind, .dealer = node.id, .receiver = to, .share = share, .blind = blind});
      };
      entries[to].com_share_b = commit(secagg::ShareKind::kSelf, dealt.share_b, dealt.blind_b);
      entries[to].com_share_m = commit(secagg::ShareKind::kMask, dealt.share_m, dealt.blind_m);
      entries[to].shares.assign(secagg::kSealedShareBytes, 2);
      std::ranges::find(nodes, to, &LightNode::id)->held[node.id] = std::move(dealt);
    }
  }

  void Encode(LightNode& node) const {
    std::minstd_rand random(static_cast<unsigned>(node.id.bytes[0] << 8 | node.id.bytes[1]));
    std::uniform_real_distribution<float> uniform(-1.5F, 1.5F);  // some are clipped
    std::vector<float> delta(params.encoding.coordinates);
    for (float& value : delta) value = uniform(random);
    secagg::Encoder encoder =
        *secagg::Encoder::Create(params.encoding, *secagg::CheckDelta(params.encoding, delta),
                                 {1, secagg::kOmegaOne}, secagg::NoiseKey(Drawn("noise", node.id)).view());
    node.plain.resize(params.encoding.Words());
    encoder.Encode(0, node.plain);
  }

  [[nodiscard]] static secagg::TagPair PlainTags(const LightNode& node) {
    const secagg::SecretPair tags(Drawn("tags", node.id));
    return {tags[0], tags[1]};
  }

  LightOptions options_;
};

}  // namespace accord::fsa1
