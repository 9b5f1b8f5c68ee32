// Trees, proofs and tiles against the vectors of transparency-dev/merkle and of Go's tlog (governance.md 3).
// tests/property/ledger goes through all small trees.
#include "ledger/proof.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>

#include "crypto/merkle.h"
#include "ledger/growing_tree.h"
#include "ledger/log_reader.h"
#include "tests/support/log_files.h"

namespace accord::ledger {
namespace {

using testing::Hash;
using testing::kLeaves;
using testing::MemoryFiles;

const std::array<std::pair<std::uint64_t, std::string_view>, 4> kRoots{
    {{1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
     {3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
     {7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
     {8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"}}};
const Proof kInclusion5In7{Hash("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"),
                           Hash("b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f"),
                           Hash("d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")};
const Proof kConsistency3To7{Hash("0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7"),
                             Hash("07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7"),
                             Hash("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
                             Hash("837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e")};

class ProofTest : public ::testing::Test {
 protected:
  // The head of the first `size` of the eight leaves; their tiles are in files_.
  TreeHead Grow(std::uint64_t size) {
    GrowingTree tree;
    for (std::uint64_t i = 0; i < size; ++i) tree.Add(crypto::MerkleLeaf(AsBytes(kLeaves[i])));
    for (TileFile& file : tree.TakeTiles()) files_.files[file.tile.Path()] = std::move(file.content);
    return tree.Head();
  }
  MemoryFiles files_;
};

TEST_F(ProofTest, TreesHaveTheRootsOfTheVectors) {
  EXPECT_EQ(Grow(0).root.Hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(EmptyRoot(), Grow(0).root);
  for (const auto& [size, root] : kRoots) {
    EXPECT_EQ(Grow(size).root.Hex(), root);
    TileReader nodes(size, files_);
    EXPECT_EQ(RootOf(size, nodes).value().Hex(), root);
  }
}

TEST_F(ProofTest, InclusionIsThatOfGo) {
  const TreeHead head = Grow(7);
  TileReader nodes(7, files_);
  EXPECT_EQ(ProveInclusion(5, 7, nodes).value(), kInclusion5In7);
  EXPECT_TRUE(VerifyInclusion(crypto::MerkleLeaf(AsBytes(kLeaves[5])), 5, 7, head.root, kInclusion5In7));
}

TEST_F(ProofTest, ConsistencyIsThatOfGo) {
  const TreeHead older = Grow(3), newer = Grow(7);
  TileReader nodes(7, files_);
  EXPECT_EQ(ProveConsistency(3, 7, nodes).value(), kConsistency3To7);
  EXPECT_TRUE(VerifyConsistency(older, newer, kConsistency3To7));
  EXPECT_FALSE(VerifyConsistency(newer, older, kConsistency3To7));
}

TEST_F(ProofTest, AnyFlippedBitOfTheVectorsFails) {
  const TreeHead older = Grow(3), newer = Grow(7);
  const Digest leaf = crypto::MerkleLeaf(AsBytes(kLeaves[5]));
  const auto flip = [](Digest& hash, std::size_t bit) {
    hash.bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
  };
  for (std::size_t bit = 0; bit < 256; ++bit) {
    for (std::size_t i = 0; i < kInclusion5In7.size() + 2; ++i) {
      Proof all = kInclusion5In7;
      all.insert(all.end(), {leaf, newer.root});
      flip(all[i], bit);
      EXPECT_FALSE(VerifyInclusion(all[3], 5, 7, all[4], std::span(all).first(3)));
    }
    for (std::size_t i = 0; i < kConsistency3To7.size() + 2; ++i) {
      Proof all = kConsistency3To7;
      all.insert(all.end(), {older.root, newer.root});
      flip(all[i], bit);
      EXPECT_FALSE(VerifyConsistency({3, all[4]}, {7, all[5]}, std::span(all).first(4)));
    }
  }
}

TEST_F(ProofTest, AnEmptyTreeAndTheSameTreeTakeNoProof) {
  const TreeHead head = Grow(7), other{.size = 7, .root = Hash(std::string(64, '1'))};
  EXPECT_TRUE(VerifyConsistency({}, head, {}));
  EXPECT_TRUE(VerifyConsistency(head, head, {}));
  EXPECT_TRUE(VerifyConsistency({}, {}, {}));
  EXPECT_FALSE(VerifyConsistency({}, head, kConsistency3To7));
  EXPECT_FALSE(VerifyConsistency(head, head, kConsistency3To7));
  EXPECT_FALSE(VerifyConsistency(head, other, {}));
  EXPECT_FALSE(VerifyConsistency({.size = 0, .root = other.root}, head, {}));
  EXPECT_FALSE(VerifyConsistency({}, {.size = 0, .root = other.root}, {}));
}

TEST_F(ProofTest, SizesAtTheEndOfTheRangeAreNoTrouble) {
  const std::uint64_t huge = (1ULL << 63) - 1;
  const Proof most(63, Hash(std::string(64, '1')));
  EXPECT_FALSE(VerifyInclusion({}, huge - 1, huge, {}, most));
  EXPECT_FALSE(VerifyInclusion({}, ~0ULL - 1, ~0ULL, {}, most));
  EXPECT_FALSE(VerifyConsistency({huge - 1, {}}, {huge, {}}, most));
  EXPECT_FALSE(VerifyInclusion({}, 0, 0, EmptyRoot(), {}));
  EXPECT_FALSE(VerifyInclusion({}, 7, 7, {}, {}));
}

}  // namespace
}  // namespace accord::ledger
