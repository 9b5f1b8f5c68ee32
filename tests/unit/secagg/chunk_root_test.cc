#include "secagg/chunk_root.h"

#include <gtest/gtest.h>

#include "secagg/sum.h"

namespace accord::secagg {
namespace {

constexpr std::uint32_t kChunkWords = 4;

Bytes SomeBytes(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7);
  return bytes;
}

Digest LeafByLeaf(ByteView bytes) {
  crypto::MerkleTree tree;
  while (!bytes.empty()) {
    const ByteView chunk = bytes.first(std::min<std::size_t>(8 * kChunkWords, bytes.size()));
    tree.Add(chunk);
    bytes = bytes.subspan(chunk.size());
  }
  return tree.Root();
}

TEST(ChunkRootTest, AnyPiecesGiveTheTreeOverTheChunks) {
  for (const std::size_t size : {0, 8, 31, 32, 33, 64, 200}) {
    const Bytes bytes = SomeBytes(size);
    for (const std::size_t piece : {1, 8, 32, 33, 1000}) {
      ChunkRoot root(kChunkWords);
      for (std::size_t at = 0; at < size; at += piece) {
        root.Update(ByteView(bytes).subspan(at, std::min(piece, size - at)));
      }
      EXPECT_EQ(root.bytes(), size);
      EXPECT_EQ(root.Finish(), LeafByLeaf(bytes)) << size << " in pieces of " << piece;
    }
  }
}

TEST(ChunkRootTest, WordsAreHashedAsTheyAreSent) {
  for (const std::size_t size : {1, 3, 4, 5, 4096, 4097, 9001}) {
    std::vector<std::uint64_t> words(size);
    for (std::size_t i = 0; i < size; ++i) words[i] = i * 0x9E37'79B9'7F4A'7C15;
    Bytes bytes(8 * size);
    StoreWords(words, bytes);
    EXPECT_EQ(RootOf(words, kChunkWords), LeafByLeaf(bytes)) << size;
  }
}

}  // namespace
}  // namespace accord::secagg
