// Proofs and entries of a log, out of its files. Trusts none of them: what it returns counts once it is
// verified against a checkpoint that enough witnesses have cosigned (proof.h, policy.h). Used by the log
// itself, by nodes and by auditors alike. One thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "accord/status.h"
#include "ledger/file_source.h"
#include "ledger/proof.h"
#include "ledger/tile.h"
#include "ledger/tlog_proof.h"

namespace accord::ledger {

// The nodes of the tree of `size` leaves, from its tiles. Keeps the last tiles it has read, at most
// kKeptTiles of 8 KiB. Besides the source's errors, `log.tile` for a tile of another length.
class TileReader : public NodeReader {
 public:
  static constexpr std::size_t kKeptTiles = 64;

  TileReader(std::uint64_t size, FileSource& files) : size_(size), files_(files) {}
  [[nodiscard]] Result<Digest> Node(unsigned level, std::uint64_t index) override;
  // All hashes of one tile, which the tree must have.
  [[nodiscard]] Result<std::vector<Digest>> Hashes(unsigned tile_level, std::uint64_t index);

  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  using Place = std::pair<unsigned, std::uint64_t>;  // level and index of a tile

  const std::uint64_t size_;
  FileSource& files_;
  std::map<Place, std::vector<Digest>> kept_;
};

// A tile of a tree of `size`: where its partial form is gone, the first of the full one.
[[nodiscard]] Result<std::vector<Digest>> ReadHashes(FileSource& files, const Tile& tile);
// Likewise the entries of a bundle.
[[nodiscard]] Result<std::vector<Bytes>> ReadEntries(FileSource& files, const Tile& bundle);
// The entry at `index` of a log of `size`; `log.not_found` beyond it.
[[nodiscard]] Result<Bytes> ReadEntry(FileSource& files, std::uint64_t size, std::uint64_t index);
// The proof of the entry at `index` under this head, to be given away. `nodes` are of a tree at least as
// large. `log.not_found` beyond the head, `checkpoint.malformed`.
[[nodiscard]] Result<TlogProof> MakeProof(NodeReader& nodes, const Note& head, std::uint64_t index);

}  // namespace accord::ledger
