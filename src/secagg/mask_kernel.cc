#include "secagg/mask_kernel.h"

#include "base/check.h"
#include "secagg/vector_targets.h"

namespace accord::secagg {
namespace {

template <std::size_t kCount, bool kSubtract>
ACCORD_BODY void AddBody(const StreamTiles& tiles, std::uint64_t* __restrict words, std::size_t size) {
  const std::uint64_t* __restrict a = tiles.streams[0];
  const std::uint64_t* __restrict b = tiles.streams[kCount > 1 ? 1 : 0];
  const std::uint64_t* __restrict c = tiles.streams[kCount > 2 ? 2 : 0];
  const std::uint64_t* __restrict d = tiles.streams[kCount > 3 ? 3 : 0];
  for (std::size_t i = 0; i < size; ++i) {
    std::uint64_t sum = a[i];
    if constexpr (kCount > 1) sum += b[i];
    if constexpr (kCount > 2) sum += c[i];
    if constexpr (kCount > 3) sum += d[i];
    words[i] = kSubtract ? words[i] - sum : words[i] + sum;
  }
}

template <bool kSubtract>
ACCORD_BODY void AddCount(const StreamTiles& tiles, std::uint64_t* words, std::size_t size) {
  switch (tiles.count) {
    case 1:
      return AddBody<1, kSubtract>(tiles, words, size);
    case 2:
      return AddBody<2, kSubtract>(tiles, words, size);
    case 3:
      return AddBody<3, kSubtract>(tiles, words, size);
    default:
      return AddBody<4, kSubtract>(tiles, words, size);
  }
}

ACCORD_BODY void AddAny(const StreamTiles& tiles, std::uint64_t* words, std::size_t size) {
  tiles.subtract ? AddCount<true>(tiles, words, size) : AddCount<false>(tiles, words, size);
}

#ifdef ACCORD_TARGET_512
ACCORD_TARGET_512 void Add512(const StreamTiles& tiles, std::uint64_t* words, std::size_t size) {
  AddAny(tiles, words, size);
}
ACCORD_TARGET_256 void Add256(const StreamTiles& tiles, std::uint64_t* words, std::size_t size) {
  AddAny(tiles, words, size);
}
#endif

}  // namespace

void AddStreams([[maybe_unused]] Width width, const StreamTiles& tiles, std::uint64_t* words,
                std::size_t size) {
  ACCORD_CHECK(tiles.count >= 1 && tiles.count <= kStreamsAtOnce);
#ifdef ACCORD_TARGET_512
  if (width == Width::k512) return Add512(tiles, words, size);
  if (width == Width::k256) return Add256(tiles, words, size);
#endif
  AddAny(tiles, words, size);
}

}  // namespace accord::secagg
