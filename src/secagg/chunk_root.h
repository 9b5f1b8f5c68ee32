// The root of a vector of words (secagg.md 7.2): the tree hash over its bytes, cut into chunks. Computed by
// who sends an upload or a sum, and by who received it.
#pragma once

#include <cstdint>
#include <span>

#include "base/text.h"
#include "crypto/merkle.h"

namespace accord::secagg {

// For bytes as they come. One thread at a time.
class ChunkRoot {
 public:
  // `chunk_words` >= 1.
  explicit ChunkRoot(std::uint32_t chunk_words) : left_(8ULL * chunk_words), chunk_bytes_(left_) {}

  // The next bytes, in pieces of any size: the cuts are where chunk_words says.
  void Update(ByteView bytes);
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  // Over all that came. Nothing may follow.
  [[nodiscard]] Digest Finish();

 private:
  crypto::MerkleTree tree_;
  std::uint64_t left_;  // until the next cut
  std::uint64_t chunk_bytes_;
  std::uint64_t bytes_ = 0;
};

// The same of words in memory.
[[nodiscard]] Digest RootOf(std::span<const std::uint64_t> words, std::uint32_t chunk_words);

}  // namespace accord::secagg
