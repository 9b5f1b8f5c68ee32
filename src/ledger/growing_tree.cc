#include "ledger/growing_tree.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <span>
#include <utility>

#include "crypto/merkle.h"
#include "ledger/log_reader.h"

namespace accord::ledger {

Result<GrowingTree> GrowingTree::Load(std::uint64_t size, FileSource& files) {
  GrowingTree tree;
  tree.size_ = size;
  for (unsigned level = 0; level * kTileHeight < 64 && size >> (level * kTileHeight) != 0; ++level) {
    const std::uint64_t nodes = size >> (level * kTileHeight);
    Level& loaded = tree.levels_.emplace_back();
    loaded.full = nodes / kTileWidth;
    if (nodes % kTileWidth == 0) continue;
    ACCORD_ASSIGN_OR_RETURN(loaded.edge, ReadHashes(files, *TileAt(size, level, loaded.full)));
  }
  return tree;
}

void GrowingTree::Add(const Digest& leaf) {
  AddTo(0, leaf);
  ++size_;
}

void GrowingTree::AddTo(std::size_t level, const Digest& hash) {
  if (level == levels_.size()) levels_.emplace_back();
  Level& grown = levels_[level];
  grown.edge.push_back(hash);
  grown.changed = true;
  if (grown.edge.size() < kTileWidth) return;
  full_.push_back({.tile = {static_cast<unsigned>(level), grown.full++, kTileWidth},
                   .content = EncodeHashes(grown.edge)});
  const Digest root = PerfectRoot(grown.edge);
  grown.edge.clear();
  grown.changed = false;
  AddTo(level + 1, root);
}

TreeHead GrowingTree::Head() const {
  std::optional<Digest> root;
  for (const Level& level : levels_) {  // from the right: the smallest perfect subtree first
    std::span<const Digest> rest = level.edge;
    while (!rest.empty()) {
      const std::size_t count = std::size_t{1} << std::countr_zero(rest.size());
      const Digest subtree = PerfectRoot(rest.last(count));
      root = root ? crypto::MerkleNode(subtree, *root) : subtree;
      rest = rest.first(rest.size() - count);
    }
  }
  return {.size = size_, .root = root.value_or(EmptyRoot())};
}

std::vector<TileFile> GrowingTree::TakeTiles() {
  std::vector<TileFile> files = std::exchange(full_, {});
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    Level& level = levels_[i];
    if (!std::exchange(level.changed, false)) continue;
    files.push_back({.tile = {static_cast<unsigned>(i), level.full, static_cast<unsigned>(level.edge.size())},
                     .content = EncodeHashes(level.edge)});
  }
  std::ranges::stable_sort(files, {}, [](const TileFile& file) { return *file.tile.level; });
  return files;
}

}  // namespace accord::ledger
