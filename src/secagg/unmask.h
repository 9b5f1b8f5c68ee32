// The sum of masked uploads without its masks (secagg.md 2.8): tile by tile, so that a tile stays in the
// second cache while every upload and every keystream passes over it, and each word of the accumulator is
// touched once. Called by the coordinator after Recover. Uses threads of its own within the call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "accord/status.h"
#include "secagg/collector.h"
#include "secagg/mask.h"

namespace accord::secagg {

inline constexpr std::size_t kUnmaskTileWords = 1U << 14;  // 128 KiB

// Adds words [first_word, first_word + words.size()) of upload `index` to `words` (AddBytes of sum.h).
// Called from several threads, but never by two at once for one upload.
using AddUpload =
    std::function<Status(std::size_t index, std::uint64_t first_word, std::span<std::uint64_t> words)>;

struct UnmaskTask {
  std::size_t uploads = 0;  // 0 where the accumulator holds them already
  AddUpload add;
  std::span<const SignedKey> masks;  // OpenedMasks::DataKeys
  unsigned threads = 1;              // at least 1: this one and threads - 1 others
  std::size_t tile_words = kUnmaskTileWords;
};
// Adds all uploads to `words` and undoes all masks. The result is the same for any threads, tile size and
// order. Allocates nothing in its loop. The first failure of `add` stops all; `words` is then of no use.
[[nodiscard]] Status UnmaskSum(const UnmaskTask& task, std::span<std::uint64_t> words);

// tau: the sum of the survivors' tags without their masks. Two with the MAC, else none.
[[nodiscard]] std::vector<std::uint64_t> UnmaskTags(const U3& u3, std::span<const SignedKey> masks);

}  // namespace accord::secagg
