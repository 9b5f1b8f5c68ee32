#include "crypto/merkle.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace accord::crypto {
namespace {

constexpr std::array<std::uint8_t, 1> kLeafPrefix{0};

}  // namespace

Digest MerkleLeaf(ByteView data) { return Sha256().Update(kLeafPrefix).Update(data).Finish(); }

Digest MerkleNode(const Digest& left, const Digest& right) {
  std::array<std::uint8_t, 1 + 2 * Digest::kSize> node{0x01};
  std::ranges::copy(left.bytes, node.begin() + 1);
  std::ranges::copy(right.bytes, node.begin() + 1 + Digest::kSize);
  return Sha256::Of(node);  // at once: a context of its own for 65 bytes costs more than their hash
}

void MerkleTree::Add(ByteView leaf) {
  Update(leaf);
  EndLeaf();
}

void MerkleTree::Update(ByteView part) {
  if (!leaf_open_) leaf_.Update(kLeafPrefix);
  leaf_open_ = true;
  leaf_.Update(part);
}

void MerkleTree::EndLeaf() {
  if (!leaf_open_) leaf_.Update(kLeafPrefix);  // an empty leaf
  leaf_open_ = false;
  AddLeafHash(leaf_.Finish());
}

void MerkleTree::AddLeafHash(const Digest& leaf_hash) {
  ACCORD_CHECK(!leaf_open_);
  Digest peak = leaf_hash;
  for (std::uint64_t full = leaves_; (full & 1) != 0; full >>= 1) {
    peak = MerkleNode(peaks_.back(), peak);
    peaks_.pop_back();
  }
  peaks_.push_back(peak);
  ++leaves_;
}

Digest MerkleTree::Root() const {
  if (peaks_.empty()) return Sha256::Of(ByteView{});
  Digest root = peaks_.back();
  for (std::size_t i = peaks_.size() - 1; i-- > 0;) root = MerkleNode(peaks_[i], root);
  return root;
}

}  // namespace accord::crypto
