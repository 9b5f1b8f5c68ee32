#include "secagg/recover.h"

#include <map>
#include <utility>

#include "secagg/collector_internal.h"
#include "secagg/shamir.h"

namespace accord::secagg {
namespace {

// A secret that the sum needs: b of a survivor, m of a node that dropped out.
struct Needed {
  NodeId dealer;
  ShareKind kind;
};

// What the Unmask messages hold, by whose secret it is. Borrows.
class Opened {
 public:
  Opened(const AttemptContext& context, const AttemptSets& sets, std::span<const CheckedUnmask> unmasks)
      : context_(context), sets_(sets), survivors_(sets.u3.Ids()) {
    // By x, so that the same shares are interpolated in whatever order the messages came.
    std::map<std::uint32_t, const CheckedUnmask*> by_x;
    for (const CheckedUnmask& unmask : unmasks) {
      const bool is_new = by_x.emplace(*sets.roster.IndexOf(unmask.id) + 1, &unmask).second;
      ACCORD_CHECK(is_new);
    }
    for (const auto& [x, unmask] : by_x) {
      if (!unmask->self_seed.empty()) seeds_.emplace(unmask->id, unmask->self_seed.view());
      for (const Unmask::Share& share : unmask->shares) {
        shares_[share.dealer].push_back({.x = x, .share = share.share.view()});
      }
    }
  }

  [[nodiscard]] std::vector<Needed> AllNeeded() const {
    std::vector<Needed> all;
    for (const SharesHead& node : sets_.u2.nodes) {
      if (sets_.u3.Contains(node.id)) {
        all.push_back({.dealer = node.id, .kind = ShareKind::kSelf});
      } else if (!SurvivingNeighbours(node.id).empty()) {
        all.push_back({.dealer = node.id, .kind = ShareKind::kMask});
      }
    }
    return all;
  }

  [[nodiscard]] std::vector<NodeId> SurvivingNeighbours(const NodeId& id) const {
    std::vector<NodeId> neighbours = sets_.roster.NeighboursOf(id);
    std::erase_if(neighbours,
                  [&](const NodeId& other) { return !std::ranges::binary_search(survivors_, other); });
    return neighbours;
  }

  [[nodiscard]] bool InTheClear(const Needed& secret) const {
    return secret.kind == ShareKind::kSelf && seeds_.contains(secret.dealer);
  }
  [[nodiscard]] std::span<const IndexedShare> SharesOf(const NodeId& dealer) const {
    const auto found = shares_.find(dealer);
    if (found == shares_.end()) return {};
    return found->second;
  }
  [[nodiscard]] std::uint32_t threshold() const { return context_.params.ShareThreshold(); }

  // The secret, as its dealer committed to it.
  [[nodiscard]] Checked<crypto::ZeroizingBytes> Open(const Needed& secret) const {
    if (InTheClear(secret)) return crypto::ZeroizingBytes::CopyOf(seeds_.at(secret.dealer));
    const auto shares = SharesOf(secret.dealer);
    if (shares.size() < threshold()) {
      return Against(secret.dealer, errors::kSecaggTooFewShares,
                     "has a secret in the sum; " + TooFew(shares.size(), "shares came", threshold()));
    }
    Result<crypto::ZeroizingBytes> opened = RecoverSecret(threshold(), shares);
    if (!opened.ok() || !IsCommitted(secret, opened->view())) {
      return Against(secret.dealer, errors::kSecaggBadDealer,
                     "dealt shares that do not give the secret it committed to");
    }
    return std::move(opened).value();
  }

 private:
  [[nodiscard]] bool IsCommitted(const Needed& secret, ByteView value) const {
    if (secret.kind == ShareKind::kSelf) {
      return CommitB(context_.ctx, secret.dealer, value) == sets_.u2.Find(secret.dealer)->com_b;
    }
    return MaskKeyPair(value).PublicKey() == FindById(sets_.roster.nodes, secret.dealer)->mask_key;
  }

  const AttemptContext& context_;
  const AttemptSets& sets_;
  std::vector<NodeId> survivors_;
  std::map<NodeId, ByteView> seeds_;                    // b in the clear, each opening com_b
  std::map<NodeId, std::vector<IndexedShare>> shares_;  // ascending by x
};

// What each survivor masked with the node that dropped out.
Verdict AddPairs(const AttemptContext& context, const Roster& roster, const Opened& opened,
                 const NodeId& dropped, const crypto::ZeroizingBytes& mask_seed, OpenedMasks& masks) {
  const crypto::X25519Key key = MaskKeyPair(mask_seed.view());
  for (const NodeId& survivor : opened.SurvivingNeighbours(dropped)) {
    const KeyPeer peer{.id = survivor, .key = FindById(roster.nodes, survivor)->mask_key};
    Result<MaskKeys> keys = PairMaskKeys(context.ctx, {.id = dropped, .key = key}, peer);
    if (!keys.ok()) return Refuse(keys.status(), survivor);
    masks.Add(std::move(keys).value(), Opposite(SignOf(survivor, dropped)));
  }
  return {};
}

}  // namespace

void OpenedMasks::Add(MaskKeys keys, MaskSign undo) {
  masks_.push_back({.keys = std::move(keys), .undo = undo});
}

std::vector<SignedKey> OpenedMasks::DataKeys() const {
  std::vector<SignedKey> keys;
  keys.reserve(masks_.size());
  for (const Opened& mask : masks_) keys.push_back({.key = mask.keys.data.view(), .sign = mask.undo});
  return keys;
}

std::vector<SignedKey> OpenedMasks::TagKeys() const {
  std::vector<SignedKey> keys;
  keys.reserve(masks_.size());
  for (const Opened& mask : masks_) keys.push_back({.key = mask.keys.tag.view(), .sign = mask.undo});
  return keys;
}

std::vector<MissingShares> StillMissing(const AttemptContext& context, const AttemptSets& sets,
                                        std::span<const CheckedUnmask> unmasks) {
  const Opened opened(context, sets, unmasks);
  std::vector<MissingShares> missing;
  for (const Needed& secret : opened.AllNeeded()) {
    const auto have = static_cast<std::uint32_t>(opened.SharesOf(secret.dealer).size());
    if (opened.InTheClear(secret) || have >= opened.threshold()) continue;
    missing.push_back(
        {.dealer = secret.dealer, .kind = secret.kind, .have = have, .want = opened.threshold()});
  }
  return missing;
}

Checked<OpenedMasks> Recover(const AttemptContext& context, const AttemptSets& sets,
                             std::span<const CheckedUnmask> unmasks) {
  const Opened opened(context, sets, unmasks);
  OpenedMasks masks;
  for (const Needed& secret : opened.AllNeeded()) {
    const Checked<crypto::ZeroizingBytes> value = opened.Open(secret);
    if (!value.ok()) return value.refusal();
    if (secret.kind == ShareKind::kSelf) {
      masks.Add(SelfMaskKeys(context.ctx, value->view(), secret.dealer), MaskSign::kSubtract);
    } else if (Verdict bad = AddPairs(context, sets.roster, opened, secret.dealer, *value, masks)) {
      return *bad;
    }
  }
  return masks;
}

std::vector<NodeId> WitnessesAgainst(const AttemptContext& context, const AttemptSets& sets,
                                     std::span<const CheckedUnmask> unmasks, const NodeId& dealer) {
  const Opened opened(context, sets, unmasks);
  const auto shares = opened.SharesOf(dealer);
  std::vector<NodeId> witnesses;
  for (const IndexedShare& share : shares.first(std::min<std::size_t>(shares.size(), opened.threshold()))) {
    witnesses.push_back(sets.roster.nodes[share.x - 1].id);
  }
  return witnesses;
}

}  // namespace accord::secagg
