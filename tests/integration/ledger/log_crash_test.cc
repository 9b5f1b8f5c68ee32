// A child process appends to a log as fast as it can and is killed at a random instant, again and again on
// the same directory. Whatever it acknowledged must be there, and each head that was published must be
// continued.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "base/errors.h"
#include "crypto/merkle.h"
#include "ledger/log_reader.h"
#include "ledger/log_writer.h"
#include "tests/support/killed_child.h"
#include "tests/support/log_files.h"
#include "tests/support/temp_dir.h"

namespace accord::ledger {
namespace {

constexpr int kKills = 8;
const std::string kOrigin = "fed.example/log";

// The child: batches of 1 to 90 entries; tells the size when it is acknowledged and published. Ends only by
// being killed.
template <class Tell>
[[noreturn]] void AppendForEver(const std::filesystem::path& path, std::uint32_t seed, const Tell& tell) {
  LogDirectory files(path);
  const crypto::Ed25519Key key = testing::KeyFrom(0);
  Result<LogWriter> log = LogWriter::Open(files, kOrigin, key);
  if (!log.ok()) ::_exit(2);
  std::mt19937 random(seed);
  for (;;) {
    std::vector<std::string> texts;
    for (std::uint64_t i = 0; i < 1 + random() % 90; ++i)
      texts.push_back(testing::Leaf(log->head().size + i));
    std::vector<ByteView> entries;
    for (const std::string& text : texts) entries.push_back(AsBytes(text));
    if (!log->Append(entries).ok() || !log->Publish(log->pending()).ok()) ::_exit(3);
    tell(log->head().size);
  }
}

// Kills the child after this many acknowledgements; the last size acknowledged.
std::uint64_t RunAndKill(const std::filesystem::path& path, std::uint32_t seed, std::uint64_t kill_after) {
  const std::vector<std::uint64_t> told =
      testing::RunAndKill(kill_after, [&](const auto& tell) { AppendForEver(path, seed, tell); });
  return told.empty() ? 0 : told.back();
}

TEST(LogCrashTest, EveryAcknowledgedEntryIsThereAfterKills) {
  const testing::TempDir dir;
  const std::uint32_t seed = std::random_device{}();
  std::mt19937 random(seed);
  const crypto::Ed25519Key key = testing::KeyFrom(0);
  LogDirectory files(dir / "log");
  ASSERT_TRUE(LogWriter::Create(files, kOrigin, key).ok());
  std::vector<TreeHead> published;
  for (int kill = 0; kill < kKills; ++kill) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", kill " + std::to_string(kill));
    const std::uint64_t acknowledged =
        RunAndKill(dir / "log", static_cast<std::uint32_t>(random()), 1 + random() % 40);
    const Bytes seen = files.Read("checkpoint").value();
    const Result<LogWriter> log = LogWriter::Open(files, kOrigin, key);
    ASSERT_TRUE(log.ok()) << Describe(log.status());
    const std::uint64_t size = log->head().size;
    ASSERT_GE(size, acknowledged);
    const Checkpoint head = OpenCheckpoint(AsText(seen), LogKey(kOrigin, key.PublicKey())).value();
    published.push_back({.size = head.size, .root = head.root});
    TileReader nodes(size, files);
    for (const TreeHead& before : published) {
      ASSERT_LE(before.size, size);
      ASSERT_EQ(RootOf(before.size, nodes).value(), before.root);
    }
    for (std::uint64_t i = 0; i < size; i += kTileWidth) {
      const std::vector<Bytes> entries =
          ReadEntries(files, *TileAt(size, std::nullopt, i / kTileWidth)).value();
      const std::vector<Digest> leaves = nodes.Hashes(0, i / kTileWidth).value();
      for (std::size_t j = 0; j < entries.size(); ++j) {
        ASSERT_EQ(AsText(entries[j]), testing::Leaf(i + j));
        ASSERT_EQ(crypto::MerkleLeaf(entries[j]), leaves[j]);
      }
    }
    const std::vector<std::string> paths = files.List().value();
    ASSERT_TRUE(
        std::ranges::none_of(paths, [](const std::string& path) { return path.find(".tmp.") != path.npos; }));
  }
}

}  // namespace
}  // namespace accord::ledger
