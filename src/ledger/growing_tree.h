// The tree of a log while it grows: takes leaves, gives the tiles that became new, knows the root. Keeps the
// right edge only, at most 255 hashes a level of tiles. Pure; one thread at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "ledger/file_source.h"
#include "ledger/proof.h"
#include "ledger/tile.h"

namespace accord::ledger {

struct TileFile {
  Tile tile;
  Bytes content;
};

class GrowingTree {
 public:
  GrowingTree() = default;
  // The tree of `size` leaves as its tiles say; errors of the source and `log.tile`. Ask Head() whether it is
  // the one that was signed.
  [[nodiscard]] static Result<GrowingTree> Load(std::uint64_t size, FileSource& files);

  // The next leaf (crypto::MerkleLeaf of an entry).
  void Add(const Digest& leaf);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] TreeHead Head() const;
  // The tiles that the leaves since the last call have made or widened, each in its widest form, lower levels
  // first: what must be stored before a head of this size may be signed.
  [[nodiscard]] std::vector<TileFile> TakeTiles();

 private:
  struct Level {
    std::vector<Digest> edge;  // of the tile that is not full
    std::uint64_t full = 0;    // tiles
    bool changed = false;      // the edge
  };
  void AddTo(std::size_t level, const Digest& hash);

  std::uint64_t size_ = 0;
  std::vector<Level> levels_;
  std::vector<TileFile> full_;  // not yet taken
};

}  // namespace accord::ledger
