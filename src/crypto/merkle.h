// The tree hash of RFC 6962, built leaf by leaf: `root` of an upload is the tree over its chunks
// (secagg.md 7.2). Memory is one digest a level. One thread at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "accord/ids.h"
#include "crypto/sha256.h"

namespace accord::crypto {

// SHA-256(0x00 || data) and SHA-256(0x01 || left || right).
[[nodiscard]] Digest MerkleLeaf(ByteView data);
[[nodiscard]] Digest MerkleNode(const Digest& left, const Digest& right);

class MerkleTree {
 public:
  // One leaf, at once.
  void Add(ByteView leaf);
  // One leaf in pieces of any size: Update for each, then EndLeaf.
  void Update(ByteView part);
  void EndLeaf();
  // One leaf whose hash is known.
  void AddLeafHash(const Digest& leaf_hash);

  [[nodiscard]] std::uint64_t leaves() const { return leaves_; }
  // The root over the ended leaves; SHA-256 of nothing when there are none. More leaves may follow.
  [[nodiscard]] Digest Root() const;

 private:
  std::vector<Digest> peaks_;  // roots of the full subtrees, largest first
  std::uint64_t leaves_ = 0;
  Sha256 leaf_;
  bool leaf_open_ = false;
};

}  // namespace accord::crypto
