// A federation of Members in memory with an honest relay between them, which tests then make dishonest.
// Everything is drawn from fixed seeds.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "crypto/sha256.h"
#include "secagg/field61.h"
#include "secagg/keys.h"
#include "tests/support/fsa1_member.h"

namespace accord::fsa1 {

struct Lab {
  NodeId id;
  crypto::Ed25519Key key;
  Bytes seed;  // of its randomness, and of its delta
  secagg::MemberPolicy policy;
  secagg::MemberMemory memory;
  std::unique_ptr<secagg::Member> member;
  secagg::SharesMessage shares;
  Upload upload;
  std::vector<float> delta;
};

class Federation {
 public:
  struct Options {
    std::uint32_t n = 5;
    std::uint32_t corrupt = 0;
    SecureMode mode = SecureMode::kMalicious;
    std::optional<secagg::NeighbourGraph> graph = {};
    bool verify = true;
    std::uint64_t coordinates = 7;  // above 32 the test encodes its own deltas
    std::uint32_t chunk_words = 2;
  };

  explicit Federation(const Options& options) : options_(options) {
    for (std::uint32_t i = 0; i < options.n; ++i) labs.push_back(MakeLab(i));
    std::ranges::sort(labs, {}, &Lab::id);
    auto made = std::make_shared<secagg::Registry>();
    for (const Lab& lab : labs) {
      made->entries.push_back({.id = lab.id,
                               .org = "org" + std::to_string(made->entries.size() / 2),
                               .key = lab.key.PublicKey(),
                               .not_after = kNow + 1});
    }
    registry = made;
    offer.federation_id = "fed";
    offer.job_id = {1, 2, 3};
    offer.round.value = 1;
    offer.registry_hash = registry->Hash();
    for (const Lab& lab : labs) offer.cohort.push_back(lab.id);
    offer.model_hash.bytes[0] = 1;
    offer.train_cfg_hash.bytes[0] = 2;
    offer.mode = options.mode;
    params = *secagg::Params::For({.bits = 16, .clip = 1.0, .max_examples = 1},
                                  {.mode = options.mode,
                                   .n = options.n,
                                   .corrupt = options.corrupt,
                                   .coordinates = options.coordinates,
                                   .graph = options.graph,
                                   .verify = options.verify});
    params.chunk_words = options.chunk_words;
    offer.params = params.Encode();
  }

  [[nodiscard]] secagg::MemberInputs Inputs(const Lab& lab, const secagg::Offer& of) const {
    secagg::MemberInputs inputs;
    inputs.id = lab.id;
    inputs.key = &lab.key;
    inputs.registry = registry;
    inputs.registry_hash = registry->Hash();
    inputs.now = kNow;
    inputs.policy = lab.policy;
    inputs.model_hash = offer.model_hash;
    inputs.train_cfg_hash = offer.train_cfg_hash;
    inputs.memory = lab.memory;
    inputs.secrets = std::make_unique<VectorSecrets>(lab.seed, secagg::Context(of), lab.id);
    return inputs;
  }

  // P0, P1: every lab opens the offer; the roster, ascending.
  std::vector<secagg::SignedBody> Open() {
    std::vector<secagg::SignedBody> adverts;
    for (Lab& lab : labs) {
      lab.member = std::make_unique<secagg::Member>(*secagg::Member::Open(offer, Inputs(lab, offer)));
      lab.memory.last = {offer.round, offer.attempt};
      adverts.push_back(lab.member->Advertise());
    }
    return adverts;
  }

  // P1, P2: everybody takes the roster and shares.
  void Share() {
    const auto roster = Open();
    std::vector<secagg::SignedBody> nonces;
    for (Lab& lab : labs) {
      secagg::RosterAnswer answer = *lab.member->OnRoster(roster);
      if (auto* nonce = std::get_if<secagg::SignedBody>(&answer)) nonces.push_back(*nonce);
      if (auto* dealt = std::get_if<secagg::SharesMessage>(&answer)) lab.shares = *dealt;
    }
    if (nonces.empty()) return;
    for (Lab& lab : labs) lab.shares = *lab.member->OnGraphSet(nonces);
  }

  // P2: what `to` gets when U2 is `u2` (indexes; all when empty).
  [[nodiscard]] std::vector<secagg::InboundShares> InboundFor(std::size_t to,
                                                              std::set<std::size_t> u2 = {}) const {
    std::vector<secagg::InboundShares> out;
    for (std::size_t i = 0; i < labs.size(); ++i) {
      if (!u2.empty() && !u2.contains(i)) continue;
      out.push_back({.head = labs[i].shares.head, .entry = {}});
      for (const auto& entry : labs[i].shares.entries) {
        if (entry.receiver == labs[to].id) out.back().entry = entry.bytes;
      }
    }
    return out;
  }

  // P2, P3: those of U2 take the shares and seal their uploads.
  void Mask(const std::set<std::size_t>& u2 = {}) {
    Share();
    for (std::size_t i = 0; i < labs.size(); ++i) {
      if (!u2.empty() && !u2.contains(i)) continue;
      if (labs[i].member->OnInbound(InboundFor(i, u2)))
        throw std::runtime_error("honest shares were refused");
      Seal(i);
    }
  }

  void Seal(std::size_t i) {
    Lab& lab = labs[i];
    lab.upload = MakeUpload(*lab.member, EncoderOf(lab));
    (void)*lab.member->SealUpload(lab.upload.end);
  }

  [[nodiscard]] secagg::Encoder EncoderOf(Lab& lab) const {
    lab.delta.resize(params.encoding.coordinates);
    for (std::size_t j = 0; j < lab.delta.size(); ++j) {
      lab.delta[j] = static_cast<float>(lab.seed[j]) / 256.0F - 0.5F;
    }
    return *secagg::Encoder::Create(params.encoding, *secagg::CheckDelta(params.encoding, lab.delta),
                                    {1, secagg::kOmegaOne}, crypto::Sha256::Of(lab.seed).bytes);
  }

  // P4: the MaskedEnds of `set`, as sealed.
  [[nodiscard]] std::vector<secagg::SignedBody> Ends(const std::set<std::size_t>& set) {
    std::vector<secagg::SignedBody> ends;
    for (const std::size_t i : set) ends.push_back(*labs[i].member->SealUpload(labs[i].upload.end));
    return ends;
  }
  [[nodiscard]] Digest U2HashOf(std::size_t i) {
    const auto end = *labs[i].member->SealUpload(labs[i].upload.end);
    return secagg::MaskedEnd::Parse(end.body)->u2_hash;
  }
  [[nodiscard]] secagg::Checked<std::optional<secagg::SurvivorsAnswer>> TellSurvivors(
      std::size_t i, const std::set<std::size_t>& set) {
    return labs[i].member->OnSurvivors(U2HashOf(*set.begin()), Ends(set));
  }

  // P4, malicious mode: those of `set` sign it; the certificate.
  [[nodiscard]] std::vector<secagg::NodeSignature> Certify(const std::set<std::size_t>& set) {
    std::vector<secagg::NodeSignature> certificate;
    for (const std::size_t i : set) {
      const auto answer = TellSurvivors(i, set);
      u3_hash = (*answer)->u3_hash;
      certificate.push_back({.id = labs[i].id, .signature = (*answer)->answer.signature});
    }
    return certificate;
  }

  // P5: the certificate is shown to all of `set`; the Unmask bodies.
  [[nodiscard]] std::vector<secagg::Unmask> Unmasks(const std::set<std::size_t>& set) {
    const auto certificate = Certify(set);
    std::vector<secagg::Unmask> bodies;
    for (const std::size_t i : set) {
      bodies.push_back(*secagg::Unmask::Parse(labs[i].member->OnCertificate(u3_hash, certificate)->body));
    }
    return bodies;
  }

  // P6: the sum of everybody; U2 = U3 = all.
  [[nodiscard]] FrozenResult Sum() {
    const auto bodies = Unmasks(All());
    FrozenResult result(json{{"u3_hash", u3_hash.Hex()},
                             {"nwords", params.encoding.Words()},
                             {"z_root", Digest().Hex()},
                             {"tau", json::array()},
                             {"chunks", json::array()}});
    result.words.assign(params.encoding.Words(), 0);
    secagg::TagPair tau{};
    for (std::size_t i = 0; i < labs.size(); ++i) {
      secagg::Encoder encoder = EncoderOf(labs[i]);
      std::vector<std::uint64_t> words(params.encoding.Words());
      encoder.Encode(0, words);
      for (std::size_t w = 0; w < words.size(); ++w) result.words[w] += words[w];
      const auto tags = secagg::MaskedEnd::Parse(labs[i].member->SealUpload(labs[i].upload.end)->body)->tags;
      if (tags.empty()) continue;
      const auto self = secagg::SelfMaskKeys(Context(), bodies[i].self_seed.view(), labs[i].id);
      const secagg::TagPair open = secagg::MaskTags(
          {tags[0], tags[1]}, std::vector<secagg::SignedKey>{{self.tag.view(), secagg::MaskSign::kSubtract}});
      for (std::size_t c = 0; c < 2; ++c) tau[c] = secagg::FieldAdd(tau[c], open[c]);
    }
    if (params.verify) result.message.tau.assign(tau.begin(), tau.end());
    crypto::MerkleTree tree;
    for (std::size_t first = 0; first < result.words.size(); first += params.chunk_words) {
      const auto chunk =
          std::span(result.words)
              .subspan(first, std::min<std::size_t>(params.chunk_words, result.words.size() - first));
      Bytes bytes(chunk.size_bytes());
      secagg::StoreWords(chunk, bytes);
      tree.Add(bytes);
    }
    result.message.z_root = tree.Root();
    return result;
  }

  // A dealer that lies in its entry for `to` and signs it.
  void Deal(std::size_t dealer, std::size_t to, const std::function<void(secagg::ShareEntry&)>& change) {
    Lab& lab = labs[dealer];
    secagg::SharesHead head = *secagg::SharesHead::Parse(lab.shares.head.body);
    for (std::size_t e = 0; e < head.entries.size(); ++e) {
      if (head.entries[e].receiver != labs[to].id) continue;
      secagg::ShareEntry entry = *secagg::ShareEntry::Parse(lab.shares.entries[e].bytes);
      change(entry);
      lab.shares.entries[e].bytes = entry.Encode();
      head.entries[e].digest = secagg::EntryDigest(lab.shares.entries[e].bytes);
    }
    lab.shares.head = SignAs(dealer, secagg::BodyType::kShares, head.Encode());
  }
  void ChangeHead(std::size_t dealer, const std::function<void(secagg::SharesHead&)>& change) {
    secagg::SharesHead head = *secagg::SharesHead::Parse(labs[dealer].shares.head.body);
    change(head);
    labs[dealer].shares.head = SignAs(dealer, secagg::BodyType::kShares, head.Encode());
  }
  [[nodiscard]] secagg::SignedBody SignAs(std::size_t i, secagg::BodyType type, Bytes body) const {
    return secagg::Sign(labs[i].key, type, Context(), std::move(body));
  }

  [[nodiscard]] Digest Context() const { return secagg::Context(offer); }
  [[nodiscard]] std::set<std::size_t> All() const {
    std::set<std::size_t> all;
    for (std::size_t i = 0; i < labs.size(); ++i) all.insert(i);
    return all;
  }
  [[nodiscard]] std::vector<NodeId> Ids(const std::set<std::size_t>& set) const {
    std::vector<NodeId> ids;
    for (const std::size_t i : set) ids.push_back(labs[i].id);
    return ids;
  }
  // Indexes of the dealers of the MAC's keys.
  [[nodiscard]] std::set<std::size_t> DealerIndexes() const {
    std::set<std::size_t> out;
    for (const NodeId& id : secagg::Dealers(Context(), offer.cohort)) {
      out.insert(static_cast<std::size_t>(std::ranges::find(labs, id, &Lab::id) - labs.begin()));
    }
    return out;
  }

  static constexpr std::uint64_t kNow = 1'000'000;
  std::vector<Lab> labs;
  std::shared_ptr<const secagg::Registry> registry;
  secagg::Offer offer;
  secagg::Params params;
  Digest u3_hash;  // of the last Certify

 private:
  [[nodiscard]] Lab MakeLab(std::uint32_t i) const {
    const Digest seed = crypto::Sha256::Of("lab " + std::to_string(i));
    Lab lab{.id = {}, .key = crypto::Ed25519Key::FromSeed(seed.bytes)};
    std::copy_n(seed.bytes.begin(), NodeId::kSize, lab.id.bytes.begin());
    lab.seed.assign(seed.bytes.begin(), seed.bytes.end());
    lab.policy.semi_honest = true;
    return lab;
  }
  Options options_;
};

}  // namespace accord::fsa1
