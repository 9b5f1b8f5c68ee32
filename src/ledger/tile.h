// A log as static files (c2sp.org/tlog-tiles): what they are called, how wide they are, what they hold.
//
//   checkpoint                       the signed head
//   tile/<level>/<index>[.p/<width>] up to 256 hashes: the leaves (level 0), or roots of full tiles below
//   tile/entries/<index>[.p/<width>] the entries under the tile of level 0 with this index: a bundle
//
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"

namespace accord::ledger {

inline constexpr unsigned kTileHeight = 8;
inline constexpr unsigned kTileWidth = 1U << kTileHeight;
inline constexpr unsigned kMaxTileLevel = 63;
inline constexpr std::size_t kMaxEntryBytes = 65'535;
inline constexpr std::string_view kCheckpointPath = "checkpoint";

struct Tile {
  std::optional<unsigned> level;  // none: a bundle of entries
  std::uint64_t index = 0;
  unsigned width = kTileWidth;  // 1 to 256; less than 256 is a partial tile

  // "tile/0/x001/x234/067.p/112". A level or width out of range is a bug.
  [[nodiscard]] std::string Path() const;
  // Strict: `log.tile_path` unless it is what Path() writes.
  [[nodiscard]] static Result<Tile> Parse(std::string_view path);

  friend bool operator==(const Tile&, const Tile&) = default;
};

// Whether strangers may ask for the file at this path: the checkpoint, or one that Tile::Parse takes. Ask
// before a path from outside comes near a FileSource, which reads what it is told to.
[[nodiscard]] bool IsServed(std::string_view path);

// The tile of this level (none: bundle) and index in a tree of `size`; nullopt when it would be empty.
[[nodiscard]] std::optional<Tile> TileAt(std::uint64_t size, std::optional<unsigned> level,
                                         std::uint64_t index);

// The content of a tile that is not a bundle, which has `width` hashes: `log.tile` when it has not.
[[nodiscard]] Result<std::vector<Digest>> ParseHashes(const Tile& tile, ByteView content);
[[nodiscard]] Bytes EncodeHashes(std::span<const Digest> hashes);
// The root over hashes that are a power of two in number.
[[nodiscard]] Digest PerfectRoot(std::span<const Digest> hashes);

// Appends u16 length and entry to a bundle: `log.entry_size` above kMaxEntryBytes.
[[nodiscard]] Status AppendEntry(Bytes& bundle, ByteView entry);
// The entries of a bundle, which has `width` of them and nothing after: `log.tile` otherwise. They point into
// `content`.
[[nodiscard]] Result<std::vector<ByteView>> ParseBundle(const Tile& tile, ByteView content);

}  // namespace accord::ledger
