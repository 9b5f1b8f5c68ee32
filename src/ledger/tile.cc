#include "ledger/tile.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdio>

#include "base/check.h"
#include "base/codec.h"
#include "base/errors.h"
#include "crypto/merkle.h"
#include "ledger/lines.h"

namespace accord::ledger {
namespace {

// A number in groups of three digits, the most significant first: "x001/x234/067".
std::string FormatIndex(std::uint64_t index) {
  char digits[8];
  std::snprintf(digits, sizeof digits, "%03u", static_cast<unsigned>(index % 1000));
  std::string text = digits;
  while ((index /= 1000) != 0) {
    std::snprintf(digits, sizeof digits, "x%03u/", static_cast<unsigned>(index % 1000));
    text.insert(0, digits);
  }
  return text;
}

// The digits of an index, in whatever groups: its one form is checked by writing it again.
std::optional<std::uint64_t> ParseIndex(std::string_view text) {
  std::string digits;
  std::ranges::copy_if(text, std::back_inserter(digits), [](char c) { return c != 'x' && c != '/'; });
  const std::size_t first = std::min(digits.find_first_not_of('0'), digits.size() - 1);
  return digits.empty() ? std::nullopt : ParseNumber(std::string_view(digits).substr(first));
}

// The hashes that a tree of `size` has on this level of tiles.
std::uint64_t NodesAt(std::uint64_t size, unsigned level) {
  return level * kTileHeight < 64 ? size >> (level * kTileHeight) : 0;
}

std::optional<Tile> ParseParts(std::string_view path) {
  constexpr std::string_view kTile = "tile/", kEntries = "entries/", kPartial = ".p/";
  if (!path.starts_with(kTile)) return std::nullopt;
  path.remove_prefix(kTile.size());
  Tile tile;
  if (path.starts_with(kEntries)) {
    path.remove_prefix(kEntries.size());
  } else {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::optional<std::uint64_t> level = ParseNumber(path.substr(0, slash));
    if (!level || *level > kMaxTileLevel || slash == path.size()) return std::nullopt;
    tile.level = static_cast<unsigned>(*level);
    path.remove_prefix(slash + 1);
  }
  if (const std::size_t partial = path.find(kPartial); partial != path.npos) {
    const std::optional<std::uint64_t> width = ParseNumber(path.substr(partial + kPartial.size()));
    if (!width || *width == 0 || *width >= kTileWidth) return std::nullopt;
    tile.width = static_cast<unsigned>(*width);
    path = path.substr(0, partial);
  }
  const std::optional<std::uint64_t> index = ParseIndex(path);
  if (!index) return std::nullopt;
  tile.index = *index;
  return tile;
}

Status WrongTile(const Tile& tile, const std::string& why) {
  return Fail(errors::kLogTile, tile.Path() + " is not what its name says: " + why);
}

}  // namespace

std::string Tile::Path() const {
  ACCORD_CHECK((!level || *level <= kMaxTileLevel) && width >= 1 && width <= kTileWidth);
  std::string path = "tile/" + (level ? std::to_string(*level) : "entries") + '/' + FormatIndex(index);
  if (width < kTileWidth) path += ".p/" + std::to_string(width);
  return path;
}

Result<Tile> Tile::Parse(std::string_view path) {
  const std::optional<Tile> tile = ParseParts(path);
  if (!tile || tile->Path() != path) {
    return Fail(errors::kLogTilePath, Quoted(path) + " is not the path of a tile");
  }
  return *tile;
}

bool IsServed(std::string_view path) { return path == kCheckpointPath || Tile::Parse(path).ok(); }

std::optional<Tile> TileAt(std::uint64_t size, std::optional<unsigned> level, std::uint64_t index) {
  const std::uint64_t nodes = NodesAt(size, level.value_or(0));
  const std::uint64_t full = nodes / kTileWidth;
  if (index < full) return Tile{level, index, kTileWidth};
  const auto rest = static_cast<unsigned>(nodes % kTileWidth);
  if (index > full || rest == 0) return std::nullopt;
  return Tile{level, index, rest};
}

Result<std::vector<Digest>> ParseHashes(const Tile& tile, ByteView content) {
  if (content.size() != tile.width * Digest::kSize) {
    return WrongTile(tile, "it has " + std::to_string(content.size()) + " bytes");
  }
  std::vector<Digest> hashes(tile.width);
  Reader reader(content);
  for (Digest& hash : hashes) hash = reader.Fixed<Digest>();
  return hashes;
}

Bytes EncodeHashes(std::span<const Digest> hashes) {
  Bytes content;
  content.reserve(hashes.size() * Digest::kSize);
  for (const Digest& hash : hashes) content.insert(content.end(), hash.bytes.begin(), hash.bytes.end());
  return content;
}

Digest PerfectRoot(std::span<const Digest> hashes) {
  ACCORD_CHECK(std::has_single_bit(hashes.size()));
  std::vector<Digest> level(hashes.begin(), hashes.end());
  for (; level.size() > 1; level.resize(level.size() / 2)) {
    for (std::size_t i = 0; i < level.size() / 2; ++i) {
      level[i] = crypto::MerkleNode(level[2 * i], level[2 * i + 1]);
    }
  }
  return level.front();
}

Status AppendEntry(Bytes& bundle, ByteView entry) {
  if (entry.size() > kMaxEntryBytes) {
    return Fail(errors::kLogEntrySize, "the entry has " + std::to_string(entry.size()) + " bytes");
  }
  bundle.push_back(static_cast<std::uint8_t>(entry.size() >> 8));
  bundle.push_back(static_cast<std::uint8_t>(entry.size()));
  bundle.insert(bundle.end(), entry.begin(), entry.end());
  return {};
}

Result<std::vector<ByteView>> ParseBundle(const Tile& tile, ByteView content) {
  std::vector<ByteView> entries(tile.width);
  Reader reader(content);
  for (ByteView& entry : entries) entry = reader.Raw(reader.U16());
  if (!reader.Done()) return WrongTile(tile, "it has not " + std::to_string(tile.width) + " whole entries");
  return entries;
}

}  // namespace accord::ledger
