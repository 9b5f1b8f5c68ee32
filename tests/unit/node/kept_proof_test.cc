#include "node/kept_proof.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/support/temp_dir.h"

namespace accord::node {
namespace {

template <class Id>
Id Filled(std::uint8_t byte) {
  Id id;
  id.bytes.fill(byte);
  return id;
}

KeptProof Sample() {
  const std::vector<secagg::NodeSignature> signatures{
      {Filled<NodeId>(1), Filled<crypto::Ed25519Signature>(11)},
      {Filled<NodeId>(3), Filled<crypto::Ed25519Signature>(13)}};
  return {.model = Filled<Digest>(9),
          .proof = {.offer = {.federation_id = "labs.example",
                              .job_id = Bytes(32, 7),
                              .round = {9},
                              .attempt = {2},
                              .registry_hash = Filled<Digest>(21),
                              .cohort = {Filled<NodeId>(1), Filled<NodeId>(2), Filled<NodeId>(3)},
                              .model_hash = Filled<Digest>(22),
                              .train_cfg_hash = Filled<Digest>(23),
                              .params = Bytes(40, 4),
                              .mode = SecureMode::kSemiHonest},
                    .u3_hash = Filled<Digest>(5),
                    .words = 77,
                    .z_root = Filled<Digest>(6),
                    .result = signatures,
                    .model = {signatures[1]}}};
}

TEST(KeptProofTest, ComesBackWhole) {
  const testing::TempDir dir;
  const auto file = dir / "jobs/proof";
  EXPECT_FALSE(FindKeptProof(file)) << "there is none yet";
  ASSERT_TRUE(KeepProof(file, Sample()).ok());
  const auto found = FindKeptProof(file);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->model, Sample().model);
  EXPECT_EQ(found->proof.offer, Sample().proof.offer);
  EXPECT_EQ(found->proof.words, 77U);
  EXPECT_EQ(Encode(*found), Encode(Sample()));
}

TEST(KeptProofTest, OneThatIsDamagedIsNone) {
  const testing::TempDir dir;
  const Bytes whole = Encode(Sample());
  for (std::size_t size = 0; size < whole.size(); ++size)
    ASSERT_FALSE(DecodeKeptProof(ByteView(whole).first(size)).ok()) << size;
  Bytes longer = whole;
  longer.push_back(0);
  EXPECT_EQ(DecodeKeptProof(longer).status().error(), "store.corrupt");
  ASSERT_TRUE(WriteFileAtomic(dir / "proof", longer, FileMode::kPrivate).ok());
  EXPECT_FALSE(FindKeptProof(dir / "proof"));
}

}  // namespace
}  // namespace accord::node
