#include "ledger/log_reader.h"

#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/errors.h"

namespace accord::ledger {
namespace {

// The content of a tile, and which form of it was found: a log may drop the partial form for the full one.
Result<std::pair<Tile, Bytes>> ReadTile(FileSource& files, Tile tile) {
  Result<Bytes> content = files.Read(tile.Path());
  if (!content.ok() && tile.width < kTileWidth && content.status().error() == errors::kLogNotFound.id) {
    tile.width = kTileWidth;
    content = files.Read(tile.Path());
  }
  if (!content.ok()) return content.status();
  return std::pair(tile, *std::move(content));
}

Status NoEntry(std::uint64_t size, std::uint64_t index) {
  return Fail(errors::kLogNotFound,
              "the log of " + std::to_string(size) + " entries has none at index " + std::to_string(index));
}

}  // namespace

Result<std::vector<Digest>> ReadHashes(FileSource& files, const Tile& tile) {
  ACCORD_ASSIGN_OR_RETURN(const auto found, ReadTile(files, tile));
  ACCORD_ASSIGN_OR_RETURN(std::vector<Digest> hashes, ParseHashes(found.first, found.second));
  hashes.resize(tile.width);
  return hashes;
}

Result<std::vector<Bytes>> ReadEntries(FileSource& files, const Tile& bundle) {
  ACCORD_ASSIGN_OR_RETURN(const auto found, ReadTile(files, bundle));
  ACCORD_ASSIGN_OR_RETURN(const std::vector<ByteView> views, ParseBundle(found.first, found.second));
  std::vector<Bytes> entries;
  for (const ByteView view : std::span(views).first(bundle.width))
    entries.emplace_back(view.begin(), view.end());
  return entries;
}

Result<Bytes> ReadEntry(FileSource& files, std::uint64_t size, std::uint64_t index) {
  const std::optional<Tile> bundle = TileAt(size, std::nullopt, index / kTileWidth);
  if (index >= size || !bundle) return NoEntry(size, index);
  ACCORD_ASSIGN_OR_RETURN(std::vector<Bytes> entries, ReadEntries(files, *bundle));
  return std::move(entries[index % kTileWidth]);
}

Result<TlogProof> MakeProof(NodeReader& nodes, const Note& head, std::uint64_t index) {
  ACCORD_ASSIGN_OR_RETURN(const Checkpoint checkpoint, Checkpoint::Parse(head.text));
  if (index >= checkpoint.size) return NoEntry(checkpoint.size, index);
  ACCORD_ASSIGN_OR_RETURN(Proof hashes, ProveInclusion(index, checkpoint.size, nodes));
  return TlogProof{.extra = {}, .index = index, .hashes = std::move(hashes), .checkpoint = head};
}

Result<std::vector<Digest>> TileReader::Hashes(unsigned tile_level, std::uint64_t index) {
  const std::optional<Tile> tile = TileAt(size_, tile_level, index);
  ACCORD_CHECK(tile.has_value());
  return ReadHashes(files_, *tile);
}

Result<Digest> TileReader::Node(unsigned level, std::uint64_t index) {
  const unsigned tile_level = level / kTileHeight, within = level % kTileHeight;
  const Place place(tile_level, (index << within) / kTileWidth);
  const std::size_t first = (index << within) % kTileWidth;
  auto kept = kept_.find(place);
  if (kept == kept_.end()) {
    ACCORD_ASSIGN_OR_RETURN(std::vector<Digest> hashes, Hashes(place.first, place.second));
    if (kept_.size() >= kKeptTiles) kept_.clear();
    kept = kept_.emplace(place, std::move(hashes)).first;
  }
  const std::span<const Digest> hashes = kept->second;
  ACCORD_CHECK(first + (std::size_t{1} << within) <= hashes.size());
  return PerfectRoot(hashes.subspan(first, std::size_t{1} << within));
}

}  // namespace accord::ledger
