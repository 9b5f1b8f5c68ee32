#include "store/blobs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "base/errors.h"
#include "crypto/sha256.h"
#include "tests/support/temp_dir.h"

namespace accord::store {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class BlobsTest : public ::testing::Test {
 protected:
  BlobsTest() { Reopen(); }
  void Reopen() {
    Result<std::unique_ptr<Blobs>> blobs = Blobs::Open(dir_ / "blobs");
    ASSERT_TRUE(blobs.ok()) << Describe(blobs.status());
    blobs_ = *std::move(blobs);
  }
  [[nodiscard]] std::filesystem::path PathOf(const Digest& digest) const {
    const std::string hex = digest.Hex();
    return dir_ / "blobs" / hex.substr(0, 2) / hex.substr(2, 2) / hex;
  }
  [[nodiscard]] std::size_t Temporaries() const {
    const std::filesystem::directory_iterator files(dir_ / "blobs/tmp");
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
  }

  testing::TempDir dir_;
  std::unique_ptr<Blobs> blobs_;
  const Bytes content_ = Bytes(100'000, 7);
};

TEST_F(BlobsTest, KeepsBytesUnderTheirSha256) {
  for (const Durability durability : {Durability::kDurable, Durability::kRecomputable}) {
    for (int again = 0; again < 2; ++again) {
      const Result<Digest> digest = blobs_->Put(content_, durability);
      ASSERT_TRUE(digest.ok()) << Describe(digest.status());
      EXPECT_EQ(*digest, crypto::Sha256::Of(content_));
      EXPECT_EQ(*blobs_->Get(*digest, content_.size()), content_);
    }
  }
  EXPECT_TRUE(blobs_->Put({}).ok());
  Reopen();
  EXPECT_THAT(*blobs_->List(), SizeIs(2));
  EXPECT_EQ(*blobs_->Size(crypto::Sha256::Of(content_)), content_.size());
  EXPECT_EQ(Temporaries(), 0U);
}

TEST_F(BlobsTest, ReadsAnyRange) {
  Bytes content(1000);
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<std::uint8_t>(i * 7);
  const auto blob = blobs_->Open(*blobs_->Put(content));
  ASSERT_TRUE(blob.ok());
  Bytes out(300);
  EXPECT_EQ(*(*blob)->Read(100, out), 300U);
  EXPECT_TRUE(std::equal(out.begin(), out.end(), content.begin() + 100));
  EXPECT_EQ(*(*blob)->Read(900, out), 100U);
  EXPECT_TRUE(std::equal(out.begin(), out.begin() + 100, content.begin() + 900));
  EXPECT_EQ(*(*blob)->Read(1000, out), 0U);
  EXPECT_EQ(*(*blob)->Read(~0ULL, out), 0U);
}

TEST_F(BlobsTest, AnAbsentBlobIsNotFound) {
  const Digest absent = crypto::Sha256::Of("absent");
  EXPECT_FALSE(blobs_->Has(absent));
  EXPECT_EQ(blobs_->Open(absent).status().error(), errors::kBlobNotFound.id);
  EXPECT_EQ(blobs_->Size(absent).status().error(), errors::kBlobNotFound.id);
  EXPECT_EQ(blobs_->Get(absent, 1).status().error(), errors::kBlobNotFound.id);
  EXPECT_TRUE(blobs_->Delete(absent).ok());
}

TEST_F(BlobsTest, AReaderOutlivesDeletion) {
  const Digest digest = *blobs_->Put(content_);
  const auto blob = *blobs_->Open(digest);
  ASSERT_TRUE(blobs_->Delete(digest).ok());
  EXPECT_FALSE(blobs_->Has(digest));
  Bytes out(content_.size());
  EXPECT_EQ(*blob->Read(0, out), content_.size());
  EXPECT_EQ(out, content_);
}

TEST_F(BlobsTest, FindsAndMendsADamagedBlob) {
  const Digest digest = *blobs_->Put(content_);
  std::fstream(PathOf(digest), std::ios::in | std::ios::out) << "damage";
  EXPECT_EQ(blobs_->Verify(digest).error(), errors::kStoreCorrupt.id);
  EXPECT_EQ(blobs_->Get(digest, content_.size()).status().error(), errors::kStoreCorrupt.id);
  EXPECT_TRUE(blobs_->Put(content_).ok());
  EXPECT_TRUE(blobs_->Verify(digest).ok());
  std::filesystem::resize_file(PathOf(digest), 10);
  EXPECT_EQ(blobs_->Verify(digest).error(), errors::kStoreCorrupt.id);
}

TEST_F(BlobsTest, BoundsWhatItReadsAtOnce) {
  const Digest digest = *blobs_->Put(content_);
  EXPECT_EQ(blobs_->Get(digest, content_.size() - 1).status().error(), errors::kStoreIo.id);
}

TEST_F(BlobsTest, AWriterStoresInPiecesOrLeavesNothing) {
  {
    const auto writer = *blobs_->NewWriter();
    ASSERT_TRUE(writer->Append(ByteView(content_).first(10)).ok());
    ASSERT_TRUE(writer->Append({}).ok());
    ASSERT_TRUE(writer->Append(ByteView(content_).subspan(10)).ok());
    EXPECT_EQ(writer->size(), content_.size());
    EXPECT_EQ(*writer->Commit(crypto::Sha256::Of(content_)), crypto::Sha256::Of(content_));
  }
  EXPECT_EQ(*blobs_->Get(crypto::Sha256::Of(content_), content_.size()), content_);
  {
    const auto writer = *blobs_->NewWriter();
    ASSERT_TRUE(writer->Append(AsBytes("other")).ok());
    EXPECT_EQ(writer->Commit(crypto::Sha256::Of("expected")).status().error(), errors::kBlobChecksum.id);
  }
  { ASSERT_TRUE((*blobs_->NewWriter())->Append(AsBytes("given up")).ok()); }
  EXPECT_THAT(*blobs_->List(), SizeIs(1));
  EXPECT_EQ(Temporaries(), 0U);
}

TEST_F(BlobsTest, SweepsTheLeftoversOfACrash) {
  std::ofstream(dir_ / "blobs/tmp/17") << "half a model";
  Reopen();
  EXPECT_EQ(Temporaries(), 0U);
  EXPECT_THAT(*blobs_->List(), IsEmpty());
}

TEST_F(BlobsTest, IgnoresWhatIsNoBlobWhenListing) {
  const Digest digest = *blobs_->Put(content_);
  std::ofstream(PathOf(digest).parent_path() / "notes.txt") << "hello";
  const std::vector<BlobInfo> list = *blobs_->List();
  ASSERT_THAT(list, SizeIs(1));
  EXPECT_EQ(list[0].digest, digest);
  EXPECT_EQ(list[0].size, content_.size());
}

TEST_F(BlobsTest, ThreadsMayPutTheSameAndDifferentBlobsAtOnce) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(blobs_->Put(AsBytes("shared " + std::to_string(i)), Durability::kRecomputable).ok());
        EXPECT_TRUE(
            blobs_->Put(AsBytes(std::to_string(t) + "/" + std::to_string(i)), Durability::kRecomputable)
                .ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<BlobInfo> list = *blobs_->List();
  EXPECT_THAT(list, SizeIs(20 + 4 * 20));
  for (const BlobInfo& info : list) EXPECT_TRUE(blobs_->Verify(info.digest).ok());
}

}  // namespace
}  // namespace accord::store
