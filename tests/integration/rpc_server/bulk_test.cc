// Uploads and downloads: whole, cut, resumed, repeated, out of order, too long, damaged.
#include <gtest/gtest.h>

#include <semaphore>
#include <thread>

#include "accord/v1/coordinator.grpc.pb.h"
#include "base/crc32c.h"
#include "crypto/merkle.h"
#include "crypto/sha256.h"
#include "rpc/convert.h"
#include "rpc/status_map.h"
#include "tests/integration/rpc_server/raw_call.h"

namespace accord::rpc::testing {
namespace {

const UploadKey kKey{.round = {3}, .attempt = {1}};

Bytes Pattern(std::size_t size) {
  Bytes data(size);
  for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<std::uint8_t>(i * 7 + i / 1'000);
  return data;
}

Digest RootOf(const Bytes& data) {
  crypto::MerkleTree tree;
  for (std::size_t at = 0; at < data.size(); at += kChunkBytes) {
    tree.Add(ByteView(data).subspan(at, std::min<std::size_t>(kChunkBytes, data.size() - at)));
  }
  return tree.Root();
}

class BulkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    federation_.Start();
    node_ = federation_.Node("berlin");
  }
  static NodeId Self() {
    return crypto::SpiffeId::Parse(Federation::SpiffeOf(Role::kNode, "berlin"))->ToNodeId();
  }
  FakeBulk::Stored Stored() { return federation_.bulk.Upload(Self(), kKey); }

  Upload Of(const Bytes& data, std::uint64_t first_seq = 0) {
    return {.key = kKey,
            .words = data.size() / 8,
            .first_seq = first_seq,
            .fill =
                [&data](std::uint64_t seq, std::span<std::uint8_t> out) {
                  std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(seq * kChunkBytes), out.size(),
                              out.begin());
                  return Status();
                },
            .root = [&data] { return Result<Digest>(RootOf(data)); },
            .progress = [this](std::uint64_t bytes) { progress_.push_back(bytes); }};
  }

  // Says `hangs` once its first chunk is there, and goes on when it may.
  Upload Hanging(const Bytes& data, Inbox<bool>& hangs, std::binary_semaphore& go_on) {
    Upload upload = Of(data);
    upload.progress = nullptr;
    upload.fill = [this, &data, &hangs, &go_on](std::uint64_t seq, std::span<std::uint8_t> out) {
      if (seq == 1) {
        EXPECT_TRUE(federation_.bulk.chunks.Next());
        hangs.Put(true);
        EXPECT_TRUE(go_on.try_acquire_for(kPatience));
      }
      return Of(data).fill(seq, out);
    };
    return upload;
  }

  Federation federation_;
  std::unique_ptr<NodeClient> node_;
  std::vector<std::uint64_t> progress_;
};

TEST_F(BulkTest, ASmallUploadArrivesWhole) {
  const Bytes data = Pattern(8'024);
  const Status status = node_->PutUpdate(Of(data), {});
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(Stored().data, data);
  EXPECT_EQ(Stored().words, data.size() / 8);
  EXPECT_EQ(Stored().root, RootOf(data));
  EXPECT_EQ(progress_, std::vector<std::uint64_t>{8'024});
}

TEST_F(BulkTest, ManyChunksArriveInOrder) {
  const Bytes data = Pattern(20 * kChunkBytes + 16);
  ASSERT_TRUE(node_->PutUpdate(Of(data), {}).ok());
  EXPECT_EQ(Stored().data, data);
  EXPECT_EQ(Stored().next, 21U);
  EXPECT_EQ(progress_.size(), 21U);
  EXPECT_EQ(progress_.back(), data.size());
}

TEST_F(BulkTest, ARepeatedUploadGetsTheSameAnswer) {
  const Bytes data = Pattern(2 * kChunkBytes);
  ASSERT_TRUE(node_->PutUpdate(Of(data), {}).ok());
  ASSERT_TRUE(node_->PutUpdate(Of(data), {}).ok());
  EXPECT_EQ(Stored().data, data);
}

TEST_F(BulkTest, AnUploadThatWasCutGoesOnWhereItStands) {
  const Bytes data = Pattern(6 * kChunkBytes);
  std::stop_source stop;
  Upload upload = Of(data);
  upload.fill = [&](std::uint64_t seq, std::span<std::uint8_t> out) {
    if (seq == 3) {  // after the first three have arrived
      for (int i = 0; i < 3; ++i) EXPECT_TRUE(federation_.bulk.chunks.Next());
      stop.request_stop();
    }
    return Of(data).fill(seq, out);
  };
  EXPECT_EQ(node_->PutUpdate(upload, {.stop = stop.get_token()}).error(), "net.cancelled");
  const auto state = node_->GetUpload(kKey, {});
  ASSERT_TRUE(state.ok());
  EXPECT_FALSE(state->complete);
  EXPECT_GE(state->next_seq, 3U);
  EXPECT_LT(state->next_seq, 6U);
  Upload rest = Of(data, state->next_seq);
  std::vector<std::uint64_t> asked;
  rest.fill = [&](std::uint64_t seq, std::span<std::uint8_t> out) {
    asked.push_back(seq);
    return Of(data).fill(seq, out);
  };
  const Status status = node_->PutUpdate(rest, {});  // at once, whether or not the server has noticed the cut
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(Stored().data, data);
  EXPECT_EQ(asked.front(), state->next_seq);
  EXPECT_TRUE(node_->GetUpload(kKey, {})->complete);
}

TEST_F(BulkTest, ANewStreamTakesThePlaceOfOneThatHangs) {
  const Bytes data = Pattern(2 * kChunkBytes);
  Inbox<bool> first_chunk_is_there;
  std::binary_semaphore go_on(0);
  const Upload hanging = Hanging(data, first_chunk_is_there, go_on);
  Inbox<Status> first;
  std::jthread other([&] { first.Put(node_->PutUpdate(hanging, {})); });
  ASSERT_TRUE(first_chunk_is_there.Next());
  EXPECT_EQ(node_->GetUpload(kKey, {})->next_seq, 1U);
  const Status second = node_->PutUpdate(Of(data, 1), {});
  EXPECT_TRUE(second.ok()) << second.message();
  go_on.release();
  EXPECT_EQ(first.Next()->error(), "session.replaced");
  EXPECT_EQ(Stored().data, data);
}

TEST_F(BulkTest, TheHandlerMayEndAStreamThatBringsNothing) {
  const Bytes data = Pattern(2 * kChunkBytes);
  Inbox<bool> stalls;
  std::binary_semaphore go_on(0);
  const Upload hanging = Hanging(data, stalls, go_on);
  Inbox<Status> ended;
  std::jthread other([&] { ended.Put(node_->PutUpdate(hanging, {})); });
  ASSERT_TRUE(stalls.Next());
  const auto cut = federation_.bulk.cuts.Next();
  ASSERT_TRUE(cut);
  (*cut)(Fail(errors::kUploadStalled, "nothing came"));
  go_on.release();
  EXPECT_EQ(ended.Next()->error(), "upload.stalled");
  ASSERT_TRUE(node_->PutUpdate(Of(data, 1), {}).ok()) << "it may go on at once";
  EXPECT_EQ(Stored().data, data);
  (*cut)(Fail(errors::kUploadStalled, "the stream is gone: nothing happens"));
}

TEST_F(BulkTest, WhenAllChunksAreThereTheRootAloneFollows) {
  const Bytes data = Pattern(kChunkBytes + 8);
  Upload upload = Of(data);
  upload.root = [] { return Result<Digest>(Fail(errors::kStoreIo, "the disk of the node broke")); };
  EXPECT_EQ(node_->PutUpdate(upload, {}).error(), "store.io");  // a failure of this side comes back as it is
  ASSERT_TRUE(node_->PutUpdate(Of(data), {}).ok());
  ASSERT_TRUE(node_->PutUpdate(Of(data, 2), {}).ok());
  EXPECT_EQ(Stored().data, data);
}

TEST_F(BulkTest, AHoleIsOutOfOrder) {
  const Bytes data = Pattern(3 * kChunkBytes);
  EXPECT_EQ(node_->PutUpdate(Of(data, 1), {}).error(), "upload.order");
  EXPECT_EQ(node_->PutUpdate(Of(data, 3), {}).error(), "upload.order");  // the root before any chunk
  EXPECT_EQ(Stored().next, 0U);
}

TEST_F(BulkTest, TheHandlersRefusalOfTheRootArrives) {
  federation_.bulk.expected_root = Digest{};
  const Status status = node_->PutUpdate(Of(Pattern(64)), {});
  EXPECT_EQ(status.error(), "upload.checksum");
}

TEST_F(BulkTest, NoAnswerEndsAtItsBound) {
  Inbox<std::function<void(Status)>> held;
  federation_.bulk.answer = [&](std::function<void(Status)> done, const Status&) {
    held.Put(std::move(done));
  };
  ASSERT_TRUE(node_->GetUpload(kKey, {}).ok());  // connected, so that the bound is the upload's alone
  EXPECT_EQ(node_->PutUpdate(Of(Pattern(64)), {.timeout = Millis(2'000)}).error(), "net.timeout");
  const auto late = held.Next();
  ASSERT_TRUE(late);
  (*late)({});  // too late, and harmless
}

// Parts as another program might send them, through the plain stub.
class RawUploadTest : public BulkTest {
 protected:
  static v1::UpdatePart First(std::uint64_t words) {
    v1::UpdatePart part;
    ToProto(kKey, part.mutable_key());
    part.set_words(words);
    return part;
  }
  static v1::UpdatePart Data(std::uint64_t seq, const Bytes& data) {
    v1::UpdatePart part;
    part.set_seq(seq);
    part.set_crc32c(Crc32c(data));
    part.set_data(std::string(AsText(data)));
    return part;
  }
  static v1::UpdatePart Last() {
    v1::UpdatePart part;
    part.set_root(std::string(32, 'r'));
    return part;
  }
  Status Put(const std::vector<v1::UpdatePart>& parts) {
    const Files files = federation_.Identity(Role::kNode, "berlin");
    std::vector<std::string> messages;
    for (const auto& part : parts) messages.push_back(part.SerializeAsString());
    return FromGrpc(
        RawCall(RawChannel(federation_.address(), &files), "/accord.v1.Coordinator/PutUpdate", messages));
  }
};

TEST_F(RawUploadTest, SeparatePartsAreAsGoodAsOne) {
  const Bytes data = Pattern(64);
  const Status status = Put({First(8), Data(0, data), Last()});
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(Stored().data, data);
}

TEST_F(RawUploadTest, ADamagedChunkIsRefusedAndNotStored) {
  v1::UpdatePart damaged = Data(0, Pattern(64));
  damaged.set_crc32c(damaged.crc32c() + 1);
  EXPECT_EQ(Put({First(8), damaged, Last()}).error(), "upload.checksum");
  EXPECT_TRUE(Stored().data.empty());
}

TEST_F(RawUploadTest, MoreThanAnnouncedIsTooLong) {
  EXPECT_EQ(Put({First(7), Data(0, Pattern(64)), Last()}).error(), "upload.too_long");
  EXPECT_EQ(Put({First(8), Data(1, Pattern(64)), Last()}).error(), "upload.too_long");
  EXPECT_EQ(Put({First(8), Data(~0ULL, Pattern(64)), Last()}).error(), "upload.too_long");
  EXPECT_EQ(Put({First(1 << 20), Data(0, Pattern(kChunkBytes + 8)), Last()}).error(), "upload.too_long");
}

TEST_F(RawUploadTest, AShortChunkInTheMiddleIsRefused) {
  EXPECT_EQ(Put({First(kChunkWords + 8), Data(0, Pattern(64))}).error(), "upload.length");
}

TEST_F(RawUploadTest, TheKeyComesFirstAndOnce) {
  EXPECT_EQ(Put({Data(0, Pattern(64)), First(8), Last()}).error(), "rpc.malformed");
  EXPECT_EQ(Put({First(8), First(8)}).error(), "rpc.malformed");
}

TEST_F(RawUploadTest, AnEndWithoutRootIsRefused) {
  EXPECT_EQ(Put({First(8), Data(0, Pattern(64))}).error(), "rpc.malformed");
  EXPECT_EQ(Put({}).error(), "rpc.malformed");
}

TEST_F(RawUploadTest, AMessageAboveTheLimitEndsTheCall) {
  v1::UpdatePart huge = First(8);
  huge.set_data(std::string(4 << 20, 'x'));
  EXPECT_FALSE(Put({huge}).ok());
}

class BlobTest : public ::testing::Test {
 protected:
  void SetUp() override {
    hash_ = Add(data_);
    wrong_.bytes.fill(9);
    federation_.bulk.blobs[wrong_] = data_;  // a store that broke
    empty_ = Add({});
    federation_.Start();
    node_ = federation_.Node("berlin");
  }
  Digest Add(const Bytes& data) {
    const Digest hash = crypto::Sha256::Of(data);
    federation_.bulk.blobs[hash] = data;
    return hash;
  }
  BlobSink Append(Bytes* out) {
    return [out](std::uint64_t offset, std::uint64_t, ByteView bytes) {
      EXPECT_LE(bytes.size(), kChunkBytes);
      EXPECT_GE(offset, out->size());
      out->insert(out->end(), bytes.begin(), bytes.end());
      return Status();
    };
  }
  const Bytes data_ = Pattern(5 * kChunkBytes + 123);
  Federation federation_;
  Digest hash_, wrong_, empty_;
  std::unique_ptr<NodeClient> node_;
};

TEST_F(BlobTest, ComesWholeAndVerified) {
  Bytes out;
  const Status status = node_->GetBlob(hash_, 0, Append(&out), {});
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(out, data_);
}

TEST_F(BlobTest, GoesOnFromAnOffset) {
  Bytes out;
  const std::uint64_t stop_at = 2 * kChunkBytes;
  const auto breaks = [&](std::uint64_t offset, std::uint64_t total, ByteView bytes) -> Status {
    EXPECT_EQ(total, data_.size());
    if (offset >= stop_at) return Fail(errors::kStoreDiskFull, "the node's disk is full");
    return Append(&out)(offset, total, bytes);
  };
  EXPECT_EQ(node_->GetBlob(hash_, 0, breaks, {}).error(), "store.disk_full");
  EXPECT_EQ(out.size(), stop_at);
  ASSERT_TRUE(node_->GetBlob(hash_, out.size(), Append(&out), {}).ok());
  EXPECT_EQ(out, data_);
  ASSERT_TRUE(node_->GetBlob(hash_, out.size(), Append(&out), {}).ok());  // nothing is left
  EXPECT_EQ(out, data_);
}

TEST_F(BlobTest, AnEmptyBlobIsABlob) {
  Bytes out;
  EXPECT_TRUE(node_->GetBlob(empty_, 0, Append(&out), {}).ok());
  EXPECT_TRUE(out.empty());
}

TEST_F(BlobTest, WhatIsNotThereOrNotWhatItShouldBeIsSaidSo) {
  Bytes out;
  EXPECT_EQ(node_->GetBlob(Digest{}, 0, Append(&out), {}).error(), "blob.not_found");
  EXPECT_EQ(node_->GetBlob(wrong_, 0, Append(&out), {}).error(), "blob.checksum");
  EXPECT_EQ(node_->GetBlob(hash_, data_.size() + 1, Append(&out), {}).error(), "rpc.malformed");
}

TEST_F(BlobTest, PeopleDownloadTheSameWay) {
  const auto person = federation_.Person(Role::kResearcher, "ada");
  Bytes out;
  ASSERT_TRUE(person->DownloadBlob(hash_, 0, Append(&out)).ok());
  EXPECT_EQ(out, data_);
}

TEST_F(BlobTest, StopsWhenAsked) {
  std::stop_source stop;
  const auto sink = [&](std::uint64_t, std::uint64_t, ByteView) {
    stop.request_stop();
    return Status();
  };
  EXPECT_EQ(node_->GetBlob(hash_, 0, sink, {.stop = stop.get_token()}).error(), "net.cancelled");
}

}  // namespace
}  // namespace accord::rpc::testing
