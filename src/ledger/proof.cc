#include "ledger/proof.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "base/text.h"
#include "crypto/merkle.h"
#include "crypto/sha256.h"

namespace accord::ledger {
namespace {

// The walk from a leaf to the root: `node` is the place of the hash so far on its level, `last` that of the
// level's last node.
struct Walk {
  std::uint64_t node, last;

  // Whether the sibling is to the left; if not, the hash so far is.
  [[nodiscard]] bool SiblingIsLeft() const { return (node & 1) != 0 || node == last; }
  void Up() {
    node >>= 1;
    last >>= 1;
  }
  // After a sibling to the left: over the levels where the node is last and has no sibling.
  void SkipLevelsWithoutSibling() {
    while ((node & 1) == 0 && node != 0) Up();
  }
};

// MTH(D[begin:end]), where the range is one that the recursion of RFC 6962 meets: perfect subtrees from left
// to right, each smaller than the one before.
Result<Digest> RangeHash(std::uint64_t begin, std::uint64_t end, NodeReader& nodes) {
  Proof subtrees;
  while (begin < end) {
    const auto level = static_cast<unsigned>(std::bit_width(end - begin) - 1);
    ACCORD_ASSIGN_OR_RETURN(subtrees.emplace_back(), nodes.Node(level, begin >> level));
    begin += 1ULL << level;
  }
  Digest hash = subtrees.back();
  for (std::size_t i = subtrees.size() - 1; i-- > 0;) hash = crypto::MerkleNode(subtrees[i], hash);
  return hash;
}

// The largest power of two below `count`, which is at least 2.
std::uint64_t Split(std::uint64_t count) { return std::bit_floor(count - 1); }

}  // namespace

Digest EmptyRoot() { return crypto::Sha256::Of(ByteView{}); }

bool VerifyInclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size, const Digest& root,
                     std::span<const Digest> proof) {
  if (index >= size) return false;
  Walk walk{.node = index, .last = size - 1};
  Digest hash = leaf;
  for (const Digest& sibling : proof) {
    if (walk.last == 0) return false;
    if (walk.SiblingIsLeft()) {
      hash = crypto::MerkleNode(sibling, hash);
      walk.SkipLevelsWithoutSibling();
    } else {
      hash = crypto::MerkleNode(hash, sibling);
    }
    walk.Up();
  }
  return walk.last == 0 && hash == root;
}

bool VerifyConsistency(const TreeHead& older, const TreeHead& newer, std::span<const Digest> proof) {
  if (older.size > newer.size) return false;
  if (older.size == newer.size) return proof.empty() && older.root == newer.root;
  if (older.size == 0) return proof.empty() && older.root == EmptyRoot();
  Walk walk{.node = older.size - 1, .last = newer.size - 1};
  while ((walk.node & 1) != 0) walk.Up();
  Digest first = older.root;  // a perfect older tree is a node of the newer one, and not in the proof
  if (!std::has_single_bit(older.size)) {
    if (proof.empty()) return false;
    first = proof.front();
    proof = proof.subspan(1);
  }
  Digest old_hash = first, new_hash = first;
  for (const Digest& sibling : proof) {
    if (walk.last == 0) return false;
    if (walk.SiblingIsLeft()) {
      old_hash = crypto::MerkleNode(sibling, old_hash);
      new_hash = crypto::MerkleNode(sibling, new_hash);
      walk.SkipLevelsWithoutSibling();
    } else {
      new_hash = crypto::MerkleNode(new_hash, sibling);
    }
    walk.Up();
  }
  return walk.last == 0 && old_hash == older.root && new_hash == newer.root;
}

Result<Digest> RootOf(std::uint64_t size, NodeReader& nodes) {
  if (size == 0) return EmptyRoot();
  return RangeHash(0, size, nodes);
}

Result<Proof> ProveInclusion(std::uint64_t index, std::uint64_t size, NodeReader& nodes) {
  ACCORD_CHECK(index < size);
  Proof proof;
  std::uint64_t begin = 0, end = size;
  while (end - begin > 1) {  // from the root down: the half without the leaf goes into the proof
    const std::uint64_t middle = begin + Split(end - begin);
    const bool left = index < middle;
    ACCORD_ASSIGN_OR_RETURN(proof.emplace_back(),
                            left ? RangeHash(middle, end, nodes) : RangeHash(begin, middle, nodes));
    (left ? end : begin) = middle;
  }
  std::ranges::reverse(proof);
  return proof;
}

Result<Proof> ProveConsistency(std::uint64_t older, std::uint64_t size, NodeReader& nodes) {
  ACCORD_CHECK(older <= size);
  Proof proof;
  if (older == 0) return proof;
  std::uint64_t begin = 0, end = size;
  while (end != older) {  // SUBPROOF of RFC 6962 2.1.2, from the root down
    const std::uint64_t middle = begin + Split(end - begin);
    const bool left = older <= middle;
    ACCORD_ASSIGN_OR_RETURN(proof.emplace_back(),
                            left ? RangeHash(middle, end, nodes) : RangeHash(begin, middle, nodes));
    (left ? end : begin) = middle;
  }
  if (begin != 0) {  // else the last subtree is the older tree itself, whose root the verifier has
    ACCORD_ASSIGN_OR_RETURN(proof.emplace_back(), RangeHash(begin, end, nodes));
  }
  std::ranges::reverse(proof);
  return proof;
}

}  // namespace accord::ledger
