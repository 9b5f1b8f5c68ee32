// SHA-256, HKDF (RFC 5869 and the protocol's own vectors) and the tree hash of RFC 6962.
#include <gtest/gtest.h>

#include <array>
#include <utility>

#include "crypto/hkdf.h"
#include "crypto/merkle.h"
#include "crypto/sha256.h"
#include "tests/support/fsa1.h"

namespace accord::crypto {
namespace {

using fsa1::Hex;
using fsa1::ToHex;
using namespace std::string_literals;

TEST(Sha256Test, MatchesFips180) {
  EXPECT_EQ(Sha256::Of("abc").Hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256::Of("").Hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256Test, PiecesHashAsTheWholeAndTheObjectBeginsAnew) {
  Sha256 hash;
  EXPECT_EQ(hash.Update("a").Update("").Update("bc").Finish(), Sha256::Of("abc"));
  EXPECT_EQ(hash.Update("abc").Finish(), Sha256::Of("abc"));
}

struct HkdfCase {
  std::string ikm, salt, info, prk, okm;
};

TEST(HkdfTest, MatchesRfc5869) {
  const std::array<HkdfCase, 3> cases{{
      {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
       "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
       "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
      {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30313"
       "233"
       "3435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
       "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f90919"
       "293"
       "9495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
       "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e"
       "2e3"
       "e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
       "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
       "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da327"
       "560"
       "0c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
      {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
       "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
       "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
  }};
  for (const HkdfCase& c : cases) {
    const ZeroizingBytes prk = HkdfExtract(Hex(c.salt), Hex(c.ikm));
    EXPECT_EQ(ToHex(prk.view()), c.prk);
    EXPECT_EQ(ToHex(HkdfExpand(prk.view(), Hex(c.info), c.okm.size() / 2).view()), c.okm);
  }
}

TEST(HkdfTest, MatchesTheProtocolsVectors) {
  const auto kdf = fsa1::Load("kdf.json");
  const Bytes ctx = Hex(kdf["ctx"]);
  const Bytes lo = Hex(kdf["id_i"]);
  const Bytes hi = Hex(kdf["id_j"]);
  const ZeroizingBytes prk = HkdfExtract(ctx, Hex(kdf["x25519"]));
  EXPECT_EQ(ToHex(prk.view()), kdf["prk"]);

  Bytes info;
  const auto append = [&info](ByteView part) { info.insert(info.end(), part.begin(), part.end()); };
  append(AsBytes("FSA-1/mask/data\0"s));
  append(lo);
  append(hi);
  append(Hex(kdf["pk_i"]));
  append(Hex(kdf["pk_j"]));
  EXPECT_EQ(ToHex(HkdfExpand(prk.view(), info).view()), kdf["mask_data"]);

  info.clear();
  append(AsBytes("FSA-1/self/data\0"s));
  append(lo);
  const ZeroizingBytes self = HkdfExtract(ctx, Hex(kdf["self"]["b"]));
  EXPECT_EQ(ToHex(HkdfExpand(self.view(), info).view()), kdf["self"]["data"]);
}

// Leaves and roots of transparency-dev/merkle (governance.md 3).
TEST(MerkleTreeTest, MatchesTheOfficialRoots) {
  const std::array<std::string, 8> leaves{
      "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
  const std::array<std::pair<std::uint64_t, std::string>, 4> roots{{
      {1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
      {3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
      {7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
      {8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
  }};
  MerkleTree tree;
  EXPECT_EQ(tree.Root(), Sha256::Of(""));
  for (const auto& [size, root] : roots) {
    while (tree.leaves() < size) tree.Add(Hex(leaves.at(tree.leaves())));
    EXPECT_EQ(tree.Root().Hex(), root) << size << " leaves";
  }
}

TEST(MerkleTreeTest, MatchesTheProtocolsVectors) {
  const auto encoding = fsa1::Load("encoding.json");
  for (const auto& c : encoding["merkle"]) {
    MerkleTree tree;
    for (const auto& leaf : c["leaves"]) tree.Add(Hex(leaf));
    EXPECT_EQ(tree.Root().Hex(), c["root"]);
  }
}

// The definition of RFC 6962 2.1 as it is written there.
Digest NaiveRoot(std::span<const Digest> hashes) {
  if (hashes.size() == 1) return hashes[0];
  std::size_t split = 1;
  while (2 * split < hashes.size()) split *= 2;
  return MerkleNode(NaiveRoot(hashes.first(split)), NaiveRoot(hashes.subspan(split)));
}

TEST(MerkleTreeTest, EqualsTheRecursiveDefinitionForAnySizeAndAnySplitOfALeaf) {
  std::vector<Digest> hashes;
  MerkleTree whole;
  MerkleTree pieces;
  for (std::uint32_t size = 1; size <= 130; ++size) {
    const Bytes leaf(size, static_cast<std::uint8_t>(size));
    hashes.push_back(MerkleLeaf(leaf));
    whole.Add(leaf);
    pieces.Update(ByteView(leaf).first(size / 3));
    pieces.Update(ByteView(leaf).subspan(size / 3));
    pieces.EndLeaf();
    ASSERT_EQ(whole.Root(), NaiveRoot(hashes)) << size;
    ASSERT_EQ(pieces.Root(), whole.Root()) << size;
  }
}

}  // namespace
}  // namespace accord::crypto
