// From what the nodes opened to the masks that are left in the sum (secagg.md 2.4, 7.7 Recovery): b of every
// survivor, m of every node that dropped out between P2 and P4, and the keystreams of both. Called by the
// coordinator when P5 closes. Every secret is verified before it is expanded. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "secagg/collector.h"
#include "secagg/keys.h"
#include "secagg/mask.h"

namespace accord::secagg {

// A secret that cannot be opened yet: b of a survivor (kSelf) or m of a node that dropped out (kMask).
struct MissingShares {
  NodeId dealer;
  ShareKind kind = ShareKind::kSelf;
  std::uint32_t have = 0;
  std::uint32_t want = 0;  // t, in the k-graph t_k
};
// Whether P5 may close: empty when all secrets that the sum needs can be opened. A survivor's b is one share
// of itself; a node that dropped out without a neighbour among the survivors left no mask in the sum.
[[nodiscard]] std::vector<MissingShares> StillMissing(const AttemptContext& context, const AttemptSets& sets,
                                                      std::span<const CheckedUnmask> unmasks);

// The masks in the sum of U3, each with the sign that undoes it. Cleansed at its end.
class OpenedMasks {
 public:
  void Add(MaskKeys keys, MaskSign undo);
  // Of MaskSet and MaskTags; borrow from this object, which must not change meanwhile.
  [[nodiscard]] std::vector<SignedKey> DataKeys() const;
  [[nodiscard]] std::vector<SignedKey> TagKeys() const;
  [[nodiscard]] std::size_t size() const { return masks_.size(); }

 private:
  struct Opened {
    MaskKeys keys;
    MaskSign undo;
  };
  std::vector<Opened> masks_;
};

// `secagg.too_few_shares`, concerning the node whose secret is not open; `secagg.bad_dealer`: shares that all
// open their dealer's commitments give no secret, or another than com_b or pk_m stand for. Either ends the
// attempt. The order of `unmasks`, one a node, is of no account.
[[nodiscard]] Checked<OpenedMasks> Recover(const AttemptContext& context, const AttemptSets& sets,
                                           std::span<const CheckedUnmask> unmasks);

// The proof of `secagg.bad_dealer`: those whose signed Unmask bodies hold the shares that were interpolated,
// ascending. With the dealer's signed head and its entries for them anybody can repeat it.
[[nodiscard]] std::vector<NodeId> WitnessesAgainst(const AttemptContext& context, const AttemptSets& sets,
                                                   std::span<const CheckedUnmask> unmasks,
                                                   const NodeId& dealer);

}  // namespace accord::secagg
