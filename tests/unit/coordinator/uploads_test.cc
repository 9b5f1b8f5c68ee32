// Uploads against nodes that are cut off, repeat themselves, or lie: only the whole one counts, and once it
// did nothing changes it.
#include "coordinator/uploads.h"

#include <gtest/gtest.h>

#include <optional>

#include "base/errors.h"
#include "tests/support/temp_dir.h"

namespace accord::coordinator {
namespace {

constexpr std::uint64_t kWords = rpc::kChunkWords + 3;  // two chunks

NodeId Node(std::uint8_t n) {
  NodeId id;
  id.bytes[0] = n;
  return id;
}
const NodeId kNode = Node(1);

Bytes Chunk(std::uint64_t seq, std::uint8_t fill) { return Bytes(rpc::ChunkSize(kWords, seq), fill); }
Digest RootOf(std::uint8_t fill) {
  crypto::MerkleTree tree;
  for (std::uint64_t seq = 0; seq < 2; ++seq) tree.Add(Chunk(seq, fill));
  return tree.Root();
}

class UploadsTest : public ::testing::Test {
 protected:
  UploadsTest()
      : spools_(*store::SpoolPool::Open({.directory = dir_.path() / "spool", .memory_budget = 1 << 20})),
        uploads_(*spools_) {
    uploads_.Begin({4}, kWords);
  }
  std::shared_ptr<rpc::UploadSink> Open() {
    auto sink =
        uploads_.Open(kNode, kWords, [this](const Digest& root, const std::function<void(Status)>& done) {
          roots_.push_back(root);
          done({});
        });
    EXPECT_TRUE(sink.ok()) << Describe(sink.status());
    return sink.ok() ? *sink : nullptr;
  }
  static std::string Put(rpc::UploadSink& sink, std::uint64_t seq, const Bytes& chunk) {
    const ByteView view(chunk);
    const Status put = sink.Put(seq, std::span(&view, 1));
    return put.ok() ? "ok" : std::string(put.error());
  }
  static std::string Finish(rpc::UploadSink& sink, const Digest& root) {
    std::optional<Status> answer;
    sink.Finish(root, [&](const Status& status) { answer = status; });
    return !answer ? "none" : answer->ok() ? "ok" : std::string(answer->error());
  }
  static void PutAll(rpc::UploadSink& sink, std::uint8_t fill) {
    for (std::uint64_t seq = 0; seq < 2; ++seq) EXPECT_EQ(Put(sink, seq, Chunk(seq, fill)), "ok");
  }

  testing::TempDir dir_;
  std::unique_ptr<store::SpoolPool> spools_;
  Uploads uploads_;
  std::vector<Digest> roots_;  // of uploads that counted
};

TEST_F(UploadsTest, AWholeUploadCounts) {
  const auto sink = Open();
  PutAll(*sink, 7);
  EXPECT_EQ(Finish(*sink, RootOf(7)), "ok");
  EXPECT_EQ(roots_, std::vector<Digest>{RootOf(7)});
  EXPECT_NE(uploads_.Complete(kNode, RootOf(7)), nullptr);
  EXPECT_EQ(uploads_.Complete(kNode, RootOf(8)), nullptr) << "not what was journalled";
  EXPECT_EQ(uploads_.Complete(Node(2), RootOf(7)), nullptr);
}

TEST_F(UploadsTest, ACutUploadGoesOnWhereItStood) {
  EXPECT_EQ(Put(*Open(), 0, Chunk(0, 7)), "ok");
  EXPECT_EQ(uploads_.StateOf(kNode).next_seq, 1U);
  const auto sink = Open();
  EXPECT_EQ(Finish(*sink, RootOf(7)), errors::kUploadLength.id);
  EXPECT_EQ(Put(*sink, 0, Chunk(0, 9)), "ok") << "it has that chunk, and keeps it";
  EXPECT_EQ(Put(*sink, 1, Chunk(1, 7)), "ok");
  EXPECT_EQ(Finish(*sink, RootOf(7)), "ok");
}

TEST_F(UploadsTest, ChunksOutOfOrderOrOfAnotherSizeAreRefusedByName) {
  const auto sink = Open();
  EXPECT_EQ(Put(*sink, 1, Chunk(1, 7)), errors::kUploadOrder.id);
  EXPECT_EQ(Put(*sink, 0, Bytes(8, 7)), errors::kUploadLength.id);
  EXPECT_EQ(Put(*sink, 0, Bytes(rpc::kChunkBytes + 8, 7)), errors::kUploadTooLong.id);
  PutAll(*sink, 7);
  EXPECT_EQ(Put(*sink, 2, Bytes(8, 7)), errors::kUploadTooLong.id);
  EXPECT_EQ(Finish(*sink, RootOf(7)), "ok") << "what was refused left no trace";
  const auto other = uploads_.Open(Node(2), kWords + 1, {});
  EXPECT_EQ(other.status().error(), errors::kUploadLength.id);
}

TEST_F(UploadsTest, AWrongRootBeginsAnew) {
  const auto sink = Open();
  PutAll(*sink, 7);
  EXPECT_EQ(Finish(*sink, RootOf(8)), errors::kUploadChecksum.id);
  EXPECT_TRUE(roots_.empty());
  PutAll(*sink, 8);
  EXPECT_EQ(Finish(*sink, RootOf(8)), "ok");
}

TEST_F(UploadsTest, TwoStreamsNeverWriteOneUpload) {
  const auto first = Open();
  const auto second = uploads_.Open(kNode, kWords, {});
  EXPECT_EQ(second.status().error(), errors::kUploadBusy.id);
  EXPECT_EQ(uploads_.Active(), 1U);
}

TEST_F(UploadsTest, AStreamIsCutOnlyWhileItHoldsItsUpload) {
  std::vector<std::string> cut;
  const auto note = [&](const Status& why) { cut.emplace_back(why.error()); };
  auto sink = Open();
  sink->OnCut(note);
  uploads_.Cut(Node(2), Fail(errors::kUploadStalled, "another's"));
  EXPECT_TRUE(cut.empty());
  uploads_.Cut(kNode, Fail(errors::kUploadStalled, "nothing came"));
  EXPECT_EQ(cut, std::vector<std::string>{"upload.stalled"});
  sink.reset();
  uploads_.Cut(kNode, Fail(errors::kUploadStalled, "nobody holds it"));
  EXPECT_EQ(cut.size(), 1U);
  sink = Open();
  sink->OnCut(note);
  uploads_.Begin({5}, kWords);
  EXPECT_EQ(cut.back(), "upload.closed") << "its attempt is over";
}

TEST_F(UploadsTest, AWholeUploadIsAnsweredAndNotCut) {
  const auto sink = Open();
  bool cut = false;
  sink->OnCut([&](const Status&) { cut = true; });
  PutAll(*sink, 7);
  EXPECT_EQ(Finish(*sink, RootOf(7)), "ok");
  uploads_.CutAll(Fail(errors::kUploadClosed, "p4 is over"));
  EXPECT_FALSE(cut);
}

TEST_F(UploadsTest, ASecondStreamCannotTakeBackWhatCounted) {
  {
    const auto sink = Open();
    PutAll(*sink, 7);
    EXPECT_EQ(Finish(*sink, RootOf(7)), "ok");
  }
  const auto hostile = Open();
  EXPECT_EQ(Put(*hostile, 0, Chunk(0, 9)), "ok") << "discarded: it has that chunk";
  EXPECT_EQ(Finish(*hostile, RootOf(9)), errors::kUploadChecksum.id);
  const auto spool = uploads_.Complete(kNode, RootOf(7));
  ASSERT_NE(spool, nullptr) << "the sum may need it at any moment";
  EXPECT_EQ(spool->Tile(0, 1)->front(), 7);
}

TEST_F(UploadsTest, AForgottenAttemptLeavesASumUnderWayItsWords) {
  const auto sink = Open();
  PutAll(*sink, 7);
  EXPECT_EQ(Finish(*sink, RootOf(7)), "ok");
  const auto spool = uploads_.Complete(kNode, RootOf(7));
  uploads_.Begin({5}, kWords);
  EXPECT_EQ(uploads_.Complete(kNode, RootOf(7)), nullptr);
  EXPECT_EQ(spool->Tile(0, 1)->front(), 7);
}

}  // namespace
}  // namespace accord::coordinator
