// All trees of up to 300 leaves, against the definitions of RFC 6962 taken literally (governance.md 4, test
// 26). Every bit of every proof would be some 10^8 proofs to check: bits are flipped all of them for trees of
// up to 33 leaves and for some around a tile's width, and in all others one drawn at random in each hash.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>

#include "crypto/merkle.h"
#include "ledger/growing_tree.h"
#include "ledger/log_reader.h"
#include "ledger/proof.h"
#include "tests/support/log_files.h"

namespace accord::ledger {
namespace {

constexpr std::uint64_t kLeaves = 300;
constexpr std::uint32_t kSeed = 26;

bool EveryBit(std::uint64_t size) { return size <= 33; }

// RFC 6962 2.1, by its recursions.
class NaiveTree {
 public:
  Digest Mth(std::uint64_t begin, std::uint64_t end) {
    if (begin == end) return EmptyRoot();
    if (end - begin == 1) return crypto::MerkleLeaf(AsBytes(testing::Leaf(begin)));
    const auto [known, is_new] = hashes_.try_emplace({begin, end});
    if (is_new)
      known->second =
          crypto::MerkleNode(Mth(begin, begin + K(end - begin)), Mth(begin + K(end - begin), end));
    return known->second;
  }
  Proof Path(std::uint64_t m, std::uint64_t begin, std::uint64_t end) {
    if (end - begin == 1) return {};
    const std::uint64_t k = K(end - begin);
    Proof path = m < k ? Path(m, begin, begin + k) : Path(m - k, begin + k, end);
    path.push_back(m < k ? Mth(begin + k, end) : Mth(begin, begin + k));
    return path;
  }
  Proof SubProof(std::uint64_t m, std::uint64_t begin, std::uint64_t end, bool whole) {
    if (m == end - begin) return whole ? Proof{} : Proof{Mth(begin, end)};
    const std::uint64_t k = K(end - begin);
    Proof proof = m <= k ? SubProof(m, begin, begin + k, whole) : SubProof(m - k, begin + k, end, false);
    proof.push_back(m <= k ? Mth(begin + k, end) : Mth(begin, begin + k));
    return proof;
  }

 private:
  static std::uint64_t K(std::uint64_t n) {
    std::uint64_t k = 1;
    while (2 * k < n) k *= 2;
    return k;
  }
  std::map<std::pair<std::uint64_t, std::uint64_t>, Digest> hashes_;
};

class ProofPropertyTest : public ::testing::Test {
 protected:
  ProofPropertyTest() { testing::GrowTiles(files_, std::array{kLeaves}); }

  // Calls `fails` with each changed form of the hashes, which must all be refused.
  template <class Fails>
  void Flip(Proof hashes, bool every_bit, const Fails& fails) {
    for (Digest& hash : hashes) {
      const std::size_t first = every_bit ? 0 : random_() % 256;
      for (std::size_t bit = first; bit < (every_bit ? 256 : first + 1); ++bit) {
        hash.bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        ASSERT_TRUE(fails(hashes)) << "bit " << bit;
        hash.bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      }
    }
  }

  // Nodes of all tree sizes: a smaller tree's perfect subtrees are the larger one's, too.
  testing::MemoryFiles files_;
  TileReader nodes_{kLeaves, files_};
  NaiveTree naive_;
  std::mt19937 random_{kSeed};
};

TEST_F(ProofPropertyTest, RootsOfAllSizes) {
  GrowingTree grown;
  for (std::uint64_t n = 0; n <= kLeaves; ++n) {
    EXPECT_EQ(RootOf(n, nodes_).value(), naive_.Mth(0, n)) << n;
    EXPECT_EQ(grown.Head(), (TreeHead{n, naive_.Mth(0, n)})) << n;
    grown.Add(crypto::MerkleLeaf(AsBytes(testing::Leaf(n))));
  }
}

TEST_F(ProofPropertyTest, InclusionOfAllLeavesInAllSizes) {
  for (std::uint64_t n = 1; n <= kLeaves; ++n) {
    const Digest root = naive_.Mth(0, n);
    for (std::uint64_t i = 0; i < n; ++i) {
      const Digest leaf = naive_.Mth(i, i + 1);
      Proof proof = ProveInclusion(i, n, nodes_).value();
      ASSERT_EQ(proof, naive_.Path(i, 0, n)) << i << " of " << n;
      ASSERT_TRUE(VerifyInclusion(leaf, i, n, root, proof)) << i << " of " << n;
      const bool some_of_a_tile = n >= 255 && n <= 257 && i % 64 == n % 64;
      const std::size_t hashes = proof.size();
      proof.insert(proof.end(), {leaf, root});
      Flip(proof, EveryBit(n) || some_of_a_tile, [&](const Proof& changed) {
        return !VerifyInclusion(changed[hashes], i, n, changed[hashes + 1], std::span(changed).first(hashes));
      });
      ASSERT_FALSE(HasFatalFailure()) << i << " of " << n << ", seed " << kSeed;
    }
  }
}

TEST_F(ProofPropertyTest, NoProofHoldsForAnotherIndexOrLength) {
  for (std::uint64_t n = 1; n <= 64; ++n) {
    const Digest root = naive_.Mth(0, n);
    for (std::uint64_t i = 0; i < n; ++i) {
      Proof proof = ProveInclusion(i, n, nodes_).value();
      const Digest leaf = naive_.Mth(i, i + 1);
      for (std::uint64_t other = 0; other < n + 2; ++other) {
        EXPECT_EQ(VerifyInclusion(leaf, other, n, root, proof), other == i)
            << i << " as " << other << " of " << n;
      }
      proof.push_back(leaf);
      EXPECT_FALSE(VerifyInclusion(leaf, i, n, root, proof));
      proof.pop_back();
      if (proof.empty()) continue;
      EXPECT_FALSE(VerifyInclusion(leaf, i, n, root, std::span(proof).first(proof.size() - 1)));
      EXPECT_FALSE(VerifyInclusion(leaf, i, n, root, std::span(proof).subspan(1)));
    }
  }
}

TEST_F(ProofPropertyTest, ConsistencyOfAllSizesWithAllLater) {
  for (std::uint64_t n = 1; n <= kLeaves; ++n) {
    for (std::uint64_t m = 1; m <= n; ++m) {
      const TreeHead older{m, naive_.Mth(0, m)}, newer{n, naive_.Mth(0, n)};
      Proof proof = ProveConsistency(m, n, nodes_).value();
      ASSERT_EQ(proof, naive_.SubProof(m, 0, n, true)) << m << " to " << n;
      ASSERT_TRUE(VerifyConsistency(older, newer, proof)) << m << " to " << n;
      const bool some_of_a_tile = n >= 255 && n <= 257 && m % 64 == n % 64;
      const std::size_t hashes = proof.size();
      proof.insert(proof.end(), {older.root, newer.root});
      Flip(proof, EveryBit(n) || some_of_a_tile, [&](const Proof& changed) {
        return !VerifyConsistency({m, changed[hashes]}, {n, changed[hashes + 1]},
                                  std::span(changed).first(hashes));
      });
      ASSERT_FALSE(HasFatalFailure()) << m << " to " << n << ", seed " << kSeed;
      if (hashes == 0) continue;
      ASSERT_FALSE(VerifyConsistency(older, newer, std::span(proof).first(hashes - 1)));
      ASSERT_FALSE(VerifyConsistency(older, newer, std::span(proof).first(hashes + 1)));
      ASSERT_FALSE(VerifyConsistency({m - 1, older.root}, newer, std::span(proof).first(hashes)));
    }
  }
}

}  // namespace
}  // namespace accord::ledger
