#include "rpc/update_part.h"

#include <gtest/gtest.h>

#include <random>

#include "accord/v1/coordinator.pb.h"
#include "base/crc32c.h"
#include "rpc/convert.h"

namespace accord::rpc {
namespace {

UploadKey Key() {
  UploadKey key{.round = {7}, .attempt = {2}};
  key.job.bytes.fill(0xAB);
  return key;
}

Digest Root() {
  Digest root;
  root.bytes.fill(0x5C);
  return root;
}

Bytes Pattern(std::size_t size) {
  Bytes data(size);
  for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<std::uint8_t>(i * 31 + i / 256);
  return data;
}

UpdatePart Full(const Bytes& data) {
  return {.key = Key(),
          .words = data.size() / 8,
          .seq = 300,
          .crc32c = Crc32c(data),
          .root = Root(),
          .data_bytes = data.size()};
}

Bytes Serialize(const UpdatePart& part, const Bytes& data) {
  Bytes out = UpdatePartHead(part);
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

Result<UpdatePart> Parse(const Bytes& whole) {
  const ByteView view(whole);
  return ParseUpdatePart(std::span(&view, 1));
}

Bytes Join(const std::vector<ByteView>& slices) {
  Bytes out;
  for (const ByteView& slice : slices) out.insert(out.end(), slice.begin(), slice.end());
  return out;
}

std::string Error(const Bytes& whole) { return Parse(whole).status().error(); }

TEST(UpdatePartTest, HeadAndDataAreWhatProtobufReads) {
  const Bytes data = Pattern(4'096);
  const Bytes whole = Serialize(Full(data), data);
  v1::UpdatePart proto;
  ASSERT_TRUE(proto.ParseFromArray(whole.data(), static_cast<int>(whole.size())));
  EXPECT_EQ(*FromProto(proto.key()), Key());
  EXPECT_EQ(proto.words(), 512U);
  EXPECT_EQ(proto.seq(), 300U);
  EXPECT_EQ(proto.crc32c(), Crc32c(data));
  EXPECT_EQ(proto.root(), Root().View());
  EXPECT_EQ(proto.data(), AsText(data));
}

TEST(UpdatePartTest, ReadsWhatProtobufWrites) {
  const Bytes data = Pattern(kChunkBytes);
  v1::UpdatePart proto;
  ToProto(Key(), proto.mutable_key());
  proto.set_words(1'000'000);
  proto.set_crc32c(Crc32c(data));
  proto.set_data(std::string(AsText(data)));
  const std::string text = proto.SerializeAsString();
  const Bytes bytes(text.begin(), text.end());  // the part's data points into it
  const auto part = Parse(bytes);
  ASSERT_TRUE(part.ok()) << part.status().message();
  EXPECT_EQ(part->key, Key());
  EXPECT_EQ(part->words, 1'000'000U);
  EXPECT_EQ(part->seq, 0U);  // absent on the wire
  EXPECT_EQ(Join(part->data), data);
  EXPECT_TRUE(CheckPartCrc(*part).ok());
}

TEST(UpdatePartTest, AcceptsAnySplitIntoSlices) {
  const Bytes data = Pattern(512);
  const Bytes whole = Serialize(Full(data), data);
  std::mt19937_64 random(11);
  for (int round = 0; round < 2'000; ++round) {
    std::vector<ByteView> slices;
    std::size_t at = 0;
    while (at < whole.size()) {
      const std::size_t size = std::min<std::size_t>(random() % (round % 97 + 2), whole.size() - at);
      slices.push_back(ByteView(whole).subspan(at, size));  // some are empty
      at += size;
    }
    const auto part = ParseUpdatePart(slices);
    ASSERT_TRUE(part.ok()) << part.status().message();
    ASSERT_EQ(part->root, Root());
    ASSERT_EQ(Join(part->data), data);
    ASSERT_TRUE(CheckPartCrc(*part).ok());
  }
}

TEST(UpdatePartTest, EveryTruncationIsRefused) {
  const Bytes data = Pattern(64);
  const Bytes whole = Serialize(Full(data), data);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto part = Parse(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    // Cut between two fields it may still be a message, but never one with the data.
    EXPECT_TRUE(!part.ok() || part->data_bytes == 0) << size;
  }
}

TEST(UpdatePartTest, RefusesTrailingAndRepeatedFields) {
  const Bytes data = Pattern(64);
  Bytes trailing = Serialize(Full(data), data);
  trailing.push_back(0x18);
  EXPECT_EQ(Error(trailing), "rpc.malformed");
  Bytes twice = UpdatePartHead({.key = Key(), .words = 8});
  const Bytes again = twice;
  twice.insert(twice.end(), again.begin(), again.end());
  EXPECT_EQ(Error(twice), "rpc.malformed");
}

TEST(UpdatePartTest, RefusesAnImpossibleKeyWordsOrRoot) {
  EXPECT_EQ(Error({}), "rpc.malformed");
  EXPECT_EQ(Error({0x10, 0x05}), "rpc.malformed");                          // words without key
  EXPECT_EQ(Error({0x18, 0x05}), "rpc.malformed");                          // a seq and nothing else
  EXPECT_EQ(Error({0x2A, 0x02, 1, 2}), "rpc.malformed");                    // root of two bytes
  EXPECT_EQ(Error({0x0A, 0x02, 0x10, 0x01, 0x10, 0x05}), "rpc.malformed");  // key without a job
  EXPECT_EQ(Error({0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F}), "rpc.malformed");  // key of 4 GiB
  EXPECT_EQ(Error({0x30, 0x01}), "rpc.malformed");                          // unknown field 6
  EXPECT_EQ(Error({0x80, 0x01, 0x01}), "rpc.malformed");                    // unknown field 16
  EXPECT_EQ(Error({0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02}),
            "rpc.malformed");  // > 64 bit
}

TEST(UpdatePartTest, RefusesDataThatIsTooLongOrNotOfWords) {
  EXPECT_EQ(Error(Serialize({.data_bytes = 7}, Pattern(7))), "rpc.malformed");
  EXPECT_EQ(Error(Serialize({.data_bytes = kChunkBytes + 8}, Pattern(kChunkBytes + 8))), "upload.too_long");
  EXPECT_EQ(Error(Serialize({.data_bytes = 16}, Pattern(8))), "rpc.malformed");
  EXPECT_EQ(Error(Serialize({.data_bytes = 8}, Pattern(16))), "rpc.malformed");
}

TEST(UpdatePartTest, ADamagedWordFailsTheChecksum) {
  Bytes data = Pattern(64);
  const UpdatePart sent = Full(data);
  data[17] ^= 1;
  const Bytes whole = Serialize(sent, data);
  const auto part = Parse(whole);
  ASSERT_TRUE(part.ok());
  EXPECT_EQ(CheckPartCrc(*part).error(), "upload.checksum");
}

TEST(ChunkTest, CountsAndSizesChunks) {
  EXPECT_EQ(ChunkCount(1), 1U);
  EXPECT_EQ(ChunkCount(kChunkWords), 1U);
  EXPECT_EQ(ChunkCount(kChunkWords + 1), 2U);
  EXPECT_EQ(ChunkSize(kChunkWords + 1, 0), kChunkBytes);
  EXPECT_EQ(ChunkSize(kChunkWords + 1, 1), 8U);
  EXPECT_EQ(ChunkCount(~0ULL), 1ULL << 48);
}

}  // namespace
}  // namespace accord::rpc
