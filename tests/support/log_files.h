// A log's files in memory, and the eight leaves that transparency-dev/merkle tests with (governance.md 3).
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/errors.h"
#include "crypto/ed25519.h"
#include "crypto/merkle.h"
#include "ledger/file_source.h"
#include "ledger/growing_tree.h"

namespace accord::testing {

class MemoryFiles : public ledger::FileSource {
 public:
  Result<Bytes> Read(const std::string& path) override {
    ++reads;
    const auto found = files.find(path);
    if (found == files.end()) return Fail(errors::kLogNotFound, path);
    return found->second;
  }
  std::map<std::string, Bytes> files;
  int reads = 0;
};

inline const std::array<std::string, 8> kLeaves{
    std::string(),
    std::string("\x00", 1),
    "\x10",
    "\x20\x21",
    "\x30\x31",
    "\x40\x41\x42\x43",
    "\x50\x51\x52\x53\x54\x55\x56\x57",
    "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"};

inline Digest Hash(std::string_view hex) { return Digest::FromHex(hex).value(); }

// The key whose seed is `first`, `first` + 1, ... (32 bytes).
inline crypto::Ed25519Key KeyFrom(std::uint8_t first) {
  Bytes seed(32);
  for (std::size_t i = 0; i < seed.size(); ++i) seed[i] = static_cast<std::uint8_t>(first + i);
  return crypto::Ed25519Key::FromSeed(seed);
}

// The text of leaf `i` of a test's log.
inline std::string Leaf(std::uint64_t i) { return "entry " + std::to_string(i); }

// The tiles of a log of `size` such leaves, after a checkpoint at each of `sizes`, ascending.
template <class Sizes>
void GrowTiles(MemoryFiles& into, const Sizes& sizes) {
  ledger::GrowingTree tree;
  for (const std::uint64_t size : sizes) {
    while (tree.size() < size) tree.Add(crypto::MerkleLeaf(AsBytes(Leaf(tree.size()))));
    for (ledger::TileFile& file : tree.TakeTiles()) into.files[file.tile.Path()] = std::move(file.content);
  }
}

}  // namespace accord::testing
