// Proofs in the tree of RFC 6962 section 2.1: that an entry is in it, and that a later tree continues an
// earlier one. Leaf and node hashes are in crypto/merkle.h. Pure; whoever verifies needs nothing but hashes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"

namespace accord::ledger {

using Proof = std::vector<Digest>;
// The most hashes that a proof between sizes below 2^63 can have.
inline constexpr std::size_t kMaxProofHashes = 63;

// SHA-256 of nothing: the root of a tree without leaves.
[[nodiscard]] Digest EmptyRoot();

// Whether the leaf with this hash is at `index` in the tree of `size` leaves with this root. `proof` has the
// leaf's sibling first (RFC 9162 2.1.3.2).
[[nodiscard]] bool VerifyInclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size,
                                   const Digest& root, std::span<const Digest> proof);

struct TreeHead {
  std::uint64_t size = 0;
  Digest root = EmptyRoot();

  friend bool operator==(const TreeHead&, const TreeHead&) = default;
};

// Whether the first leaves of `newer` are those of `older` (RFC 9162 2.1.4.2). The proof is empty when both
// have one size, where the roots must be equal, and when the older tree is empty, where its root must be
// EmptyRoot().
[[nodiscard]] bool VerifyConsistency(const TreeHead& older, const TreeHead& newer,
                                     std::span<const Digest> proof);

// ---- making proofs

// The hashes that a log keeps: those of perfect subtrees.
class NodeReader {
 public:
  virtual ~NodeReader() = default;
  // Of the subtree over the leaves [index * 2^level, (index + 1) * 2^level), all of which the tree has.
  [[nodiscard]] virtual Result<Digest> Node(unsigned level, std::uint64_t index) = 0;
};

// Each needs the nodes of the tree of `size` leaves, O(log size) of them, and fails only as the reader does.
[[nodiscard]] Result<Digest> RootOf(std::uint64_t size, NodeReader& nodes);
// `index` below `size`, or it is a bug.
[[nodiscard]] Result<Proof> ProveInclusion(std::uint64_t index, std::uint64_t size, NodeReader& nodes);
// `older` not above `size`, or it is a bug.
[[nodiscard]] Result<Proof> ProveConsistency(std::uint64_t older, std::uint64_t size, NodeReader& nodes);

}  // namespace accord::ledger
