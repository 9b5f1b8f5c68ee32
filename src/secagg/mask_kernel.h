// The adding loop of masks, for src/secagg/mask.cc alone.
#pragma once

#include <cstddef>
#include <cstdint>

#include "secagg/encode_kernel.h"

namespace accord::secagg {

inline constexpr std::size_t kStreamsAtOnce = 4;

// words[i] += streams[0][i] + ... + streams[count - 1][i], or -= all of them; 1 <= count <= kStreamsAtOnce.
// Nothing overlaps.
struct StreamTiles {
  const std::uint64_t* streams[kStreamsAtOnce];
  std::size_t count;
  bool subtract;
};
void AddStreams(Width width, const StreamTiles& tiles, std::uint64_t* words, std::size_t size);

}  // namespace accord::secagg
