#include "ledger/tile.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "crypto/merkle.h"
#include "ledger/growing_tree.h"
#include "ledger/log_reader.h"
#include "tests/support/log_files.h"

namespace accord::ledger {
namespace {

using testing::GrowTiles;
using testing::Leaf;
using testing::MemoryFiles;
using namespace std::string_literals;

TEST(TilePathTest, WritesAndReadsThePathsOfTheFormat) {
  const std::vector<std::pair<Tile, std::string>> paths{
      {{0, 0, 256}, "tile/0/000"},
      {{0, 1'234'067, 256}, "tile/0/x001/x234/067"},
      {{0, 273, 112}, "tile/0/273.p/112"},
      {{1, 1000, 17}, "tile/1/x001/000.p/17"},
      {{63, 999, 1}, "tile/63/999.p/1"},
      {{std::nullopt, 0, 255}, "tile/entries/000.p/255"},
      {{std::nullopt, kMaxEntryBytes, 256}, "tile/entries/x065/535"},
      {{0, (1ULL << 63) - 1, 256}, "tile/0/x009/x223/x372/x036/x854/x775/807"}};
  for (const auto& [tile, path] : paths) {
    EXPECT_EQ(tile.Path(), path);
    EXPECT_EQ(Tile::Parse(path).value(), tile);
  }
}

TEST(TilePathTest, RefusesEveryOtherForm) {
  for (const std::string& path : {""s,
                                  "tile"s,
                                  "tile/"s,
                                  "tile/0"s,
                                  "tile/0/"s,
                                  "tile/0/0"s,
                                  "tile/0/00"s,
                                  "tile/0/0000"s,
                                  "tile/0/x000/067"s,
                                  "tile/0/067/068"s,
                                  "tile/0/x001"s,
                                  "tile/0/x001/x002"s,
                                  "tile/0/1/000"s,
                                  "tile/00/000"s,
                                  "tile/64/000"s,
                                  "tile/-1/000"s,
                                  "tile/8/0/000.p"s,
                                  "tile/0/000.p/"s,
                                  "tile/0/000.p/0"s,
                                  "tile/0/000.p/256"s,
                                  "tile/0/000.p/01"s,
                                  "tile/0/000.p/1/2"s,
                                  "tile/0/000.p/1.p/1"s,
                                  "tile/0/000/"s,
                                  "/tile/0/000"s,
                                  "tile/0/000 "s,
                                  "tile/data/000"s,
                                  "tile/Entries/000"s,
                                  "tile/0/../000"s,
                                  "checkpoint"s,
                                  "tile/0/+00"s,
                                  "tile/0/x009/x223/x372/x036/x854/x775/808"s,
                                  "tile/0/x999/x999/x999/x999/x999/x999/x999/999"s,
                                  "tile/x/000"s,
                                  "tile//000"s,
                                  "tile/0/000\0"s,
                                  "tile/0/x/000"s,
                                  "tile/entries/"s,
                                  "tile/entries/x"s}) {
    EXPECT_EQ(Tile::Parse(path).status().error(), "log.tile_path") << path;
  }
}

TEST(TilePathTest, StrangersGetCheckpointTilesAndBundlesAndNothingElse) {
  for (const char* path : {"checkpoint", "tile/0/000", "tile/1/000.p/2", "tile/entries/x001/000"}) {
    EXPECT_TRUE(IsServed(path)) << path;
  }
  for (const char* path : {"", "checkpoint.pending", "/checkpoint", "tile", "tile/0/../../key.pem",
                           "../checkpoint", "/etc/passwd", "tile/0/000.tmp.1.2", "Checkpoint"}) {
    EXPECT_FALSE(IsServed(path)) << path;
  }
}

// The tiles of a tree of this size, by going through all places.
std::set<std::string> TilesOf(std::uint64_t size) {
  std::set<std::string> paths;
  for (unsigned level = 0; level <= kMaxTileLevel; ++level) {
    for (std::uint64_t index = 0; TileAt(size, level, index); ++index)
      paths.insert(TileAt(size, level, index)->Path());
  }
  return paths;
}

TEST(TileAtTest, KnowsTheWidthsOfTheFormat) {
  const auto of_70000 = TilesOf(70'000);
  EXPECT_EQ(of_70000.size(), 273U + 1 + 1 + 1 + 1);
  for (const char* path :
       {"tile/0/000", "tile/0/272", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"}) {
    EXPECT_TRUE(of_70000.contains(path)) << path;
  }
  EXPECT_EQ(TilesOf(256), (std::set<std::string>{"tile/0/000", "tile/1/000.p/1"}));
  EXPECT_TRUE(TilesOf(0).empty());
  EXPECT_EQ(TileAt(300, std::nullopt, 1)->Path(), "tile/entries/001.p/44");
  EXPECT_EQ(TileAt(300, std::nullopt, 2), std::nullopt);
  EXPECT_EQ(TileAt((1ULL << 63) - 1, 7, 0)->width, 127U);
  EXPECT_EQ(TileAt((1ULL << 63) - 1, 8, 0), std::nullopt);
}

TEST(GrowingTreeTest, GivesTheTilesOfEachSizeAndTheirRoot) {
  for (const std::uint64_t size : {0, 1, 255, 256, 257, 65'536, 70'000}) {
    GrowingTree tree;
    crypto::MerkleTree expected;
    for (std::uint64_t i = 0; i < size; ++i) {
      tree.Add(crypto::MerkleLeaf(AsBytes(Leaf(i))));
      expected.Add(AsBytes(Leaf(i)));
    }
    EXPECT_EQ(tree.Head(), (TreeHead{size, expected.Root()}));
    std::set<std::string> paths;
    MemoryFiles files;
    for (TileFile& file : tree.TakeTiles()) {
      EXPECT_EQ(file.content.size(), file.tile.width * 32);
      EXPECT_TRUE(paths.insert(file.tile.Path()).second);
      files.files[file.tile.Path()] = std::move(file.content);
    }
    EXPECT_EQ(paths, TilesOf(size)) << size;
    EXPECT_TRUE(tree.TakeTiles().empty());
    TileReader nodes(size, files);
    EXPECT_EQ(RootOf(size, nodes).value(), expected.Root());
    EXPECT_EQ(GrowingTree::Load(size, files).value().Head(), tree.Head());
  }
}

TEST(GrowingTreeTest, GoesOnFromItsFilesAsIfItHadNeverStopped) {
  for (const std::uint64_t cut : {0, 1, 200, 255, 256, 257, 511, 512, 700}) {
    MemoryFiles files;
    GrowTiles(files, std::array<std::uint64_t, 1>{cut});
    GrowingTree whole, resumed = GrowingTree::Load(cut, files).value();
    for (std::uint64_t i = 0; i < 800; ++i) whole.Add(crypto::MerkleLeaf(AsBytes(Leaf(i))));
    for (std::uint64_t i = cut; i < 800; ++i) resumed.Add(crypto::MerkleLeaf(AsBytes(Leaf(i))));
    EXPECT_EQ(resumed.Head(), whole.Head());
    for (TileFile& file : resumed.TakeTiles()) files.files[file.tile.Path()] = std::move(file.content);
    for (const TileFile& file : whole.TakeTiles()) EXPECT_EQ(files.files[file.tile.Path()], file.content);
  }
}

TEST(GrowingTreeTest, SaysWhichTileIsMissingOrCut) {
  MemoryFiles files;
  GrowTiles(files, std::array{300});
  EXPECT_EQ(GrowingTree::Load(301, files).status().error(), "log.not_found");
  files.files["tile/0/001.p/44"].pop_back();
  EXPECT_EQ(GrowingTree::Load(300, files).status().error(), "log.tile");
}

TEST(TileReaderTest, TakesTheFullTileWhereThePartialOneIsGone) {
  MemoryFiles files;
  GrowTiles(files, std::array{300, 1000});
  TileReader before(300, files);
  const Digest root = RootOf(300, before).value();
  ASSERT_EQ(files.files.erase("tile/0/001.p/44"), 1U);
  TileReader after(300, files);
  EXPECT_EQ(RootOf(300, after).value(), root);
  files.files.erase("tile/0/001");
  TileReader never(300, files);
  EXPECT_EQ(RootOf(300, never).status().error(), "log.not_found");
}

TEST(TileReaderTest, ReadsATileOnceForManyProofs) {
  MemoryFiles files;
  GrowTiles(files, std::array{70'000});
  TileReader nodes(70'000, files);
  for (std::uint64_t i = 0; i < 256; ++i) ASSERT_TRUE(ProveInclusion(i, 70'000, nodes).ok());
  EXPECT_LE(files.reads, 5);  // its own, those of the right edge, the full one of level 1
}

TEST(BundleTest, HoldsEntriesUpTo65535BytesAndNoMore) {
  Bytes bundle;
  ASSERT_TRUE(AppendEntry(bundle, {}).ok());
  ASSERT_TRUE(AppendEntry(bundle, Bytes(kMaxEntryBytes, 7)).ok());
  EXPECT_EQ(AppendEntry(bundle, Bytes(kMaxEntryBytes + 1, 7)).error(), "log.entry_size");
  EXPECT_EQ(bundle.size(), 2 + 2 + kMaxEntryBytes);
  const Tile two{.level = std::nullopt, .index = 0, .width = 2};
  const auto entries = ParseBundle(two, bundle).value();
  EXPECT_TRUE(entries[0].empty());
  EXPECT_EQ(entries[1].size(), kMaxEntryBytes);
  EXPECT_EQ(ParseBundle({.level = {}, .index = 0, .width = 1}, bundle).status().error(), "log.tile");
  EXPECT_EQ(ParseBundle({.level = {}, .index = 0, .width = 3}, bundle).status().error(), "log.tile");
  bundle.pop_back();
  EXPECT_EQ(ParseBundle(two, bundle).status().error(), "log.tile");
}

TEST(BundleTest, EntriesAreReadByTheirIndex) {
  MemoryFiles files;
  for (const auto& [path, first, count] :
       {std::tuple{"tile/entries/000", 0, 256}, {"tile/entries/001.p/44", 256, 44}}) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(AppendEntry(files.files[path], AsBytes(Leaf(static_cast<std::uint64_t>(first + i)))).ok());
    }
  }
  for (const std::uint64_t i : {0, 255, 256, 299})
    EXPECT_EQ(AsText(ReadEntry(files, 300, i).value()), Leaf(i));
  EXPECT_EQ(ReadEntry(files, 300, 300).status().error(), "log.not_found");
  EXPECT_EQ(ReadEntry(files, 301, 300).status().error(), "log.not_found");
  EXPECT_EQ(ReadEntry(files, 0, 0).status().error(), "log.not_found");
}

}  // namespace
}  // namespace accord::ledger
