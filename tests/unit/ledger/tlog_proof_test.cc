#include "ledger/tlog_proof.h"

#include <gtest/gtest.h>

#include <string>

#include "crypto/merkle.h"
#include "ledger/growing_tree.h"
#include "ledger/log_reader.h"
#include "tests/support/log_files.h"

namespace accord::ledger {
namespace {

using testing::GrowTiles;
using testing::KeyFrom;
using testing::Leaf;
using namespace std::string_literals;

const std::string kOrigin = "fed.example/log";

class TlogProofTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kSize = 300;

  TlogProofTest() {
    testing::MemoryFiles files;
    GrowTiles(files, std::array{kSize});
    TileReader nodes(kSize, files);
    const Checkpoint head{
        .origin = kOrigin, .size = kSize, .root = RootOf(kSize, nodes).value(), .extensions = {}};
    const std::string text = head.Format();
    proof_ = {.extra = {},
              .index = 257,
              .hashes = ProveInclusion(257, kSize, nodes).value(),
              .checkpoint = {.text = text,
                             .signatures = {SignAsLog(kOrigin, KeyFrom(0), text),
                                            SignAsWitness("w", KeyFrom(9), 1'000, text)}}};
  }
  std::string Verify(const TlogProof& proof, std::uint64_t leaf = 257) const {
    return ProofVerifier(policy_).Verify(proof, AsBytes(Leaf(leaf))).status().error();
  }

  TlogProof proof_;
  const Policy policy_ =
      Policy::Parse("log " + LogKey(kOrigin, KeyFrom(0).PublicKey()).Format() + "\nwitness w " +
                    WitnessKey("w", KeyFrom(9).PublicKey()).Format() + "\nquorum w\n")
          .value();
};

TEST_F(TlogProofTest, ProvesItsEntryAfterAJourneyAsText) {
  const std::string text = proof_.Format();
  EXPECT_TRUE(text.starts_with("c2sp.org/tlog-proof@v1\nindex 257\n"));
  EXPECT_EQ(TlogProof::Parse(text).value(), proof_);
  const Result<Checkpoint> checkpoint =
      ProofVerifier(policy_).Verify(TlogProof::Parse(text).value(), AsBytes(Leaf(257)));
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  EXPECT_EQ(checkpoint->size, kSize);
}

TEST_F(TlogProofTest, CarriesExtraData) {
  for (const Bytes& extra : {Bytes(), Bytes(100, 7)}) {
    proof_.extra = extra;
    EXPECT_EQ(TlogProof::Parse(proof_.Format()).value(), proof_);
    EXPECT_EQ(Verify(proof_), "");
  }
  EXPECT_TRUE(proof_.Format().starts_with("c2sp.org/tlog-proof@v1\nextra BwcH"));
}

TEST_F(TlogProofTest, AnEntryAloneInItsLogNeedsNoHashes) {
  const std::string text = Checkpoint{
      .origin = kOrigin,
      .size = 1,
      .root = crypto::MerkleLeaf(AsBytes(Leaf(0))),
      .extensions = {}}.Format();
  const TlogProof proof{.extra = {},
                        .index = 0,
                        .hashes = {},
                        .checkpoint = {.text = text,
                                       .signatures = {SignAsLog(kOrigin, KeyFrom(0), text),
                                                      SignAsWitness("w", KeyFrom(9), 1'000, text)}}};
  EXPECT_TRUE(proof.Format().starts_with("c2sp.org/tlog-proof@v1\nindex 0\n\nfed.example/log\n1\n"));
  EXPECT_EQ(Verify(TlogProof::Parse(proof.Format()).value(), 0), "");
}

TEST_F(TlogProofTest, RefusesAnotherEntryIndexHeadOrTooFewWitnesses) {
  EXPECT_EQ(Verify(proof_), "");
  EXPECT_EQ(Verify(proof_, 258), "log.proof");
  TlogProof other = proof_;
  other.index = 256;
  EXPECT_EQ(Verify(other), "log.proof");
  other = proof_;
  other.hashes.pop_back();
  EXPECT_EQ(Verify(other), "log.proof");
  other = proof_;
  other.checkpoint.signatures.pop_back();
  EXPECT_EQ(Verify(other), "log.quorum");
  other = proof_;
  other.checkpoint.signatures.erase(other.checkpoint.signatures.begin());
  EXPECT_EQ(Verify(other), "note.unsigned");
  other = proof_;
  other.checkpoint.text[kOrigin.size() + 1] = '4';
  EXPECT_EQ(Verify(other), "note.signature");
}

TEST_F(TlogProofTest, OneThatPassedStandsForNoOther) {
  ProofVerifier verifier(policy_);
  const auto error = [&verifier](const TlogProof& proof, std::uint64_t leaf = 257) {
    return verifier.Verify(proof, AsBytes(Leaf(leaf))).status().error();
  };
  TlogProof one_signature = proof_, altered = proof_;
  one_signature.checkpoint.signatures.pop_back();
  altered.checkpoint.signatures[1].signature[9] ^= 1;
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(error(proof_), "");
    EXPECT_EQ(error(proof_, 0), "log.proof");
    EXPECT_EQ(error(one_signature), "log.quorum");
    EXPECT_EQ(error(altered), "note.signature");
  }
  EXPECT_EQ(ProofVerifier(policy_).Verify(TlogProof(), {}).status().error(), "note.unsigned");
}

TEST_F(TlogProofTest, AnyFlippedBitOfTheFileIsSeen) {
  const std::string whole = proof_.Format();
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    const Result<TlogProof> proof = TlogProof::Parse(flipped);
    EXPECT_FALSE(proof.ok() && Verify(*proof).empty()) << bit;
  }
}

TEST_F(TlogProofTest, RefusesWhatIsNotExactlyAProof) {
  const std::string magic = "c2sp.org/tlog-proof@v1\n", note = "\n" + proof_.checkpoint.Format();
  const std::string hash = "3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=\n";
  ASSERT_TRUE(TlogProof::Parse(magic + "index 0\n" + hash + note).ok());
  std::string many;
  for (std::size_t i = 0; i < kMaxProofHashes; ++i) many += hash;
  ASSERT_TRUE(TlogProof::Parse(magic + "index 0\n" + many + note).ok());
  for (const std::string& text : {""s,
                                  magic,
                                  magic + "index 0",
                                  magic + "index 0\n",
                                  "index 0\n" + note,
                                  "C2SP.org/tlog-proof@v1\nindex 0\n" + note,
                                  magic + note,
                                  magic + "index\n" + note,
                                  magic + "index  0\n" + note,
                                  magic + "index 00\n" + note,
                                  magic + "index -1\n" + note,
                                  magic + "index 9223372036854775808\n" + note,
                                  magic + "index 0\nextra AA==\n" + note,
                                  magic + "extra A\nindex 0\n" + note,
                                  magic + "extra\nindex 0\n" + note,
                                  magic + "extra AA==\nextra AA==\nindex 0\n" + note,
                                  magic + "index 0\nAA==\n" + note,
                                  magic + "index 0\n " + hash + note,
                                  magic + "index 0\n" + hash,
                                  magic + "index 0\n" + many + hash + note}) {
    EXPECT_EQ(TlogProof::Parse(text).status().error(), "log.proof_malformed") << text;
  }
  EXPECT_EQ(TlogProof::Parse(magic + "index 0\n\n").status().error(), "note.malformed");
}

}  // namespace
}  // namespace accord::ledger
