// Masks: keystreams added to a word vector or taken from it, and the same for its tags (secagg.md 2.7, 2.8,
// 3). A node hides its update with them; the coordinator removes from a sum what the nodes opened. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "accord/ids.h"
#include "base/text.h"
#include "crypto/prg.h"
#include "secagg/secret_words.h"

namespace accord::secagg {

enum class MaskSign : std::uint8_t { kAdd, kSubtract };
// What `id` does with the mask that it shares with `peer`: the lower id adds. Its own mask a node adds.
[[nodiscard]] MaskSign SignOf(const NodeId& id, const NodeId& peer);
// What undoes it.
[[nodiscard]] constexpr MaskSign Opposite(MaskSign sign) {
  return sign == MaskSign::kAdd ? MaskSign::kSubtract : MaskSign::kAdd;
}

struct SignedKey {
  ByteView key;  // 32 bytes of MaskKeys::data or ::tag; borrowed
  MaskSign sign;
};

// A set of data masks. One object serves one thread at a time; several over the same keys may work on
// different tiles of a vector side by side. Reading straight on is fastest: each stream keeps its place.
class MaskSet {
 public:
  explicit MaskSet(std::span<const SignedKey> data_keys);

  // words[i] gets word first + i of every stream, by its sign, in Z_2^64. Any tiling gives the same words.
  // Allocates nothing.
  void Apply(std::uint64_t first, std::span<std::uint64_t> words);

 private:
  void ApplyTile(std::uint64_t first, std::span<std::uint64_t> tile);

  std::vector<crypto::Keystream> added_;
  std::vector<crypto::Keystream> subtracted_;
  SecretWords scratch_;
};

using TagPair = std::array<std::uint64_t, 2>;  // modulo 2^61 - 1, for c = 1 and 2
// The tags with the first two field samples of every key added or subtracted.
[[nodiscard]] TagPair MaskTags(TagPair tags, std::span<const SignedKey> tag_keys);

}  // namespace accord::secagg
