#include "secagg/mask.h"

#include <algorithm>

#include "base/check.h"
#include "secagg/field61.h"
#include "secagg/mask_kernel.h"
#include "secagg/samples.h"

namespace accord::secagg {
namespace {

// Of each stream at a time: four streams' words and the tile stay in the first cache.
constexpr std::size_t kTileWords = 1024;

}  // namespace

MaskSign SignOf(const NodeId& id, const NodeId& peer) {
  ACCORD_CHECK(id != peer);
  return id < peer ? MaskSign::kAdd : MaskSign::kSubtract;
}

MaskSet::MaskSet(std::span<const SignedKey> data_keys) : scratch_(kStreamsAtOnce * kTileWords) {
  for (const SignedKey& signed_key : data_keys) {
    (signed_key.sign == MaskSign::kAdd ? added_ : subtracted_).emplace_back(signed_key.key);
  }
}

void MaskSet::Apply(std::uint64_t first, std::span<std::uint64_t> words) {
  while (!words.empty()) {
    const std::size_t size = std::min(words.size(), kTileWords);
    ApplyTile(first, words.first(size));
    first += size;
    words = words.subspan(size);
  }
}

void MaskSet::ApplyTile(std::uint64_t first, std::span<std::uint64_t> tile) {
  const Width width = Widths().back();
  for (std::vector<crypto::Keystream>* const streams : {&added_, &subtracted_}) {
    for (std::size_t begin = 0; begin < streams->size(); begin += kStreamsAtOnce) {
      StreamTiles tiles{.streams = {},
                        .count = std::min(kStreamsAtOnce, streams->size() - begin),
                        .subtract = streams == &subtracted_};
      for (std::size_t i = 0; i < tiles.count; ++i) {
        const auto stream = scratch_.words().subspan(i * kTileWords, tile.size());
        (*streams)[begin + i].FillWords(first, stream);
        tiles.streams[i] = stream.data();
      }
      AddStreams(width, tiles, tile.data(), tile.size());
    }
  }
}

TagPair MaskTags(TagPair tags, std::span<const SignedKey> tag_keys) {
  for (const SignedKey& signed_key : tag_keys) {
    const SecretPair mask(signed_key.key);
    for (std::size_t c = 0; c < tags.size(); ++c) {
      tags[c] =
          signed_key.sign == MaskSign::kAdd ? FieldAdd(tags[c], mask[c]) : FieldSubtract(tags[c], mask[c]);
    }
  }
  return tags;
}

}  // namespace accord::secagg
