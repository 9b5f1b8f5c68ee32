#include "secagg/chunk_root.h"

#include <algorithm>
#include <array>

#include "secagg/sum.h"

namespace accord::secagg {

void ChunkRoot::Update(ByteView bytes) {
  bytes_ += bytes.size();
  while (!bytes.empty()) {
    const ByteView part = bytes.first(std::min<std::uint64_t>(left_, bytes.size()));
    tree_.Update(part);
    bytes = bytes.subspan(part.size());
    left_ -= part.size();
    if (left_ == 0) {
      tree_.EndLeaf();
      left_ = chunk_bytes_;
    }
  }
}

Digest ChunkRoot::Finish() {
  if (left_ != chunk_bytes_) tree_.EndLeaf();
  return tree_.Root();
}

Digest RootOf(std::span<const std::uint64_t> words, std::uint32_t chunk_words) {
  constexpr std::size_t kPiece = 4096;  // words on the stack at once
  std::array<std::uint8_t, kPiece * sizeof(std::uint64_t)> bytes;
  ChunkRoot root(chunk_words);
  while (!words.empty()) {
    const auto piece = words.first(std::min(kPiece, words.size()));
    const std::span<std::uint8_t> out(bytes.data(), piece.size_bytes());
    StoreWords(piece, out);
    root.Update(out);
    words = words.subspan(piece.size());
  }
  return root.Finish();
}

}  // namespace accord::secagg
