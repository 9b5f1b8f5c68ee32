// The log on disks that work, and on disks and in processes that fail at any of their writes. What is asked
// of it: an acknowledged batch is there, a failed one is there whole or not at all, and no two heads that it
// ever let out of the house contradict each other.
#include "ledger/log_writer.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "crypto/merkle.h"
#include "ledger/log_reader.h"
#include "tests/support/faulty_log.h"
#include "tests/support/temp_dir.h"

namespace accord::ledger {
namespace {

using testing::Fault;
using testing::FaultyLog;
using testing::KeyFrom;
using namespace std::string_literals;

const std::string kOrigin = "fed.example/log";

class LogWriterTest : public ::testing::Test {
 protected:
  Result<LogWriter> Open(LogStorage& storage) { return LogWriter::Open(storage, kOrigin, key_); }
  LogWriter Create(LogStorage& storage) { return LogWriter::Create(storage, kOrigin, key_).value(); }

  // Appends `count` entries that say their place and `run`.
  static Result<std::uint64_t> Append(LogWriter& log, std::uint64_t count, const std::string& run = "") {
    std::vector<std::string> texts;
    for (std::uint64_t i = 0; i < count; ++i) texts.push_back(testing::Leaf(log.head().size + i) + run);
    std::vector<ByteView> entries;
    for (const std::string& text : texts) entries.push_back(AsBytes(text));
    return log.Append(entries);
  }
  // The signed head in this file, which verifies.
  TreeHead HeadIn(FileSource& files, std::string_view path) {
    const Bytes note = files.Read(std::string(path)).value();
    const Checkpoint head = OpenCheckpoint(AsText(note), LogKey(kOrigin, key_.PublicKey())).value();
    return {.size = head.size, .root = head.root};
  }
  // Whether the tree in these files, of size `size`, continues `head`.
  static bool Continues(FileSource& files, std::uint64_t size, const TreeHead& head) {
    if (head.size > size) return false;
    TileReader nodes(size, files);
    const Result<Digest> root = RootOf(head.size, nodes);
    return root.ok() && *root == head.root;
  }
  // Every entry is there, hashes to its leaf and is proven under `head`.
  static void CheckEntries(FileSource& files, const TreeHead& head, std::uint64_t step = 1) {
    TileReader nodes(head.size, files);
    for (std::uint64_t i = 0; i < head.size; i += step) {
      const Result<Bytes> entry = ReadEntry(files, head.size, i);
      ASSERT_TRUE(entry.ok()) << i << ": " << entry.status().message();
      EXPECT_TRUE(AsText(*entry).starts_with(testing::Leaf(i)));
      const Proof proof = ProveInclusion(i, head.size, nodes).value();
      ASSERT_TRUE(VerifyInclusion(crypto::MerkleLeaf(*entry), i, head.size, head.root, proof)) << i;
    }
  }

  const crypto::Ed25519Key key_ = KeyFrom(0);
};

TEST_F(LogWriterTest, BeginsWithASignedHeadOfNothing) {
  FaultyLog storage;
  const LogWriter log = Create(storage);
  EXPECT_EQ(log.head(), TreeHead{});
  EXPECT_EQ(HeadIn(storage, kCheckpointPath), TreeHead{});
  EXPECT_EQ(LogWriter::Create(storage, kOrigin, key_).status().error(), "log.exists");
  EXPECT_TRUE(Open(storage).ok());
}

TEST_F(LogWriterTest, IsNeverMadeAnewInsteadOfBeingFound) {
  FaultyLog storage;
  EXPECT_EQ(Open(storage).status().error(), "log.not_found");
  storage.disk.files["README"] = {};
  EXPECT_TRUE(LogWriter::Create(storage, kOrigin, key_).ok());
}

TEST_F(LogWriterTest, AppendsBatchesAndProvesTheirEntries) {
  FaultyLog storage;
  LogWriter log = Create(storage);
  std::uint64_t size = 0;
  for (const std::uint64_t count : {1, 0, 254, 1, 1, 300, 700, 255}) {
    const TreeHead before = log.head();
    EXPECT_EQ(Append(log, count).value(), size);
    size += count;
    EXPECT_EQ(log.head().size, size);
    EXPECT_EQ(HeadIn(storage, kPendingPath), log.head());
    EXPECT_TRUE(Continues(storage, size, before));
    CheckEntries(storage, log.head(), 7);
  }
  ASSERT_TRUE(log.Publish(log.pending()).ok());
  EXPECT_EQ(HeadIn(storage, kCheckpointPath), log.head());
  CheckEntries(storage, log.head());
}

TEST_F(LogWriterTest, KeepsPartialTilesUntilTheFullOneIsThere) {
  FaultyLog storage;
  LogWriter log = Create(storage);
  ASSERT_TRUE(Append(log, 100).ok() && Append(log, 100).ok());
  for (const char* path : {"tile/0/000.p/100", "tile/entries/000.p/100", "tile/0/000.p/200"}) {
    EXPECT_TRUE(storage.Read(path).ok()) << path;
  }
  ASSERT_TRUE(Append(log, 100).ok());
  for (const char* path : {"tile/0/000.p/100", "tile/entries/000.p/100", "tile/0/000.p/200"}) {
    EXPECT_FALSE(storage.Read(path).ok()) << path;
  }
  for (const char* path : {"tile/0/000", "tile/entries/000", "tile/0/001.p/44", "tile/1/000.p/1"}) {
    EXPECT_TRUE(storage.Read(path).ok()) << path;
  }
}

TEST_F(LogWriterTest, TakesEntriesUpTo65535BytesAndRefusesABatchWithALongerOneWhole) {
  FaultyLog storage;
  LogWriter log = Create(storage);
  const Bytes longest(kMaxEntryBytes, 1), too_long(kMaxEntryBytes + 1, 1);
  EXPECT_EQ(log.Append(std::vector<ByteView>{longest, too_long}).status().error(), "log.entry_size");
  EXPECT_EQ(log.head().size, 0U);
  EXPECT_TRUE(log.Append(std::vector<ByteView>{longest, {}}).ok());
  EXPECT_EQ(ReadEntry(storage, 2, 0).value(), longest);
  EXPECT_TRUE(ReadEntry(storage, 2, 1)->empty());
}

TEST_F(LogWriterTest, PublishesHeadsWithTheirCosignaturesAndNeverGoesBack) {
  FaultyLog storage;
  LogWriter log = Create(storage);
  ASSERT_TRUE(Append(log, 3).ok());
  Note three = log.pending();
  ASSERT_TRUE(Append(log, 3).ok());
  const Note six = log.pending();
  EXPECT_EQ(HeadIn(storage, kCheckpointPath).size, 0U);
  const auto cosign = [](Note& note, std::uint8_t i, std::uint64_t time) {
    note.signatures.push_back(SignAsWitness("w" + std::to_string(i), KeyFrom(i), time, note.text));
  };
  cosign(three, 1, 5);
  ASSERT_TRUE(log.Publish(three).ok());  // while six is waiting for its witnesses
  EXPECT_EQ(log.published(), three);
  Note again = three;
  again.signatures.pop_back();
  cosign(again, 2, 6);
  cosign(again, 1, 7);
  ASSERT_TRUE(log.Publish(again).ok());
  EXPECT_EQ(log.published().signatures, again.signatures);  // the newer one of w1, once
  ASSERT_TRUE(log.Publish(six).ok());
  ASSERT_TRUE(log.Publish(three).ok());
  EXPECT_EQ(log.published(), six);
  EXPECT_EQ(Note::Parse(AsText(storage.Read("checkpoint").value())).value(), six);
  EXPECT_EQ(Open(storage)->published(), six);
  Note foreign = six;
  foreign.signatures[0] = SignAsLog(kOrigin, KeyFrom(9), six.text);
  EXPECT_EQ(log.Publish(foreign).error(), "note.unsigned");
}

TEST_F(LogWriterTest, RefusesToGoOnFromDamagedFiles) {
  FaultyLog whole;
  LogWriter log = Create(whole);
  ASSERT_TRUE(Append(log, 300).ok() && log.Publish(log.pending()).ok());
  ASSERT_TRUE(Open(whole).ok());
  for (const auto& [path, content] : whole.disk.files) {
    if (path == "tile/entries/000" || path == "tile/0/000")
      continue;  // not the right edge: an audit reads them
    for (const bool missing : {false, true}) {
      FaultyLog storage = whole;
      if (missing) {
        storage.disk.files.erase(path);
      } else {
        storage.disk.files[path].back() ^= path.starts_with("checkpoint") ? 0x01 : 0x80;
      }
      if (path == kCheckpointPath && missing) continue;  // published again
      EXPECT_FALSE(Open(storage).ok()) << path << (missing ? " missing" : " altered");
    }
  }
  FaultyLog empty, behind = whole;  // with the pending head of a backup
  Create(empty);
  behind.disk.files["checkpoint.pending"] = empty.disk.files["checkpoint.pending"];
  EXPECT_EQ(Open(behind).status().error(), "log.damaged");
  EXPECT_EQ(LogWriter::Open(whole, kOrigin, KeyFrom(1)).status().error(), "note.unsigned");
}

// ---- faults

// Where the scenario of a fault begins, and what it appends: batches that stay in a tile, fill one, begin the
// next, and cross several.
struct Scenario {
  std::uint64_t before;
  std::vector<std::uint64_t> batches;
};
const std::vector<Scenario> kScenarios{
    {0, {1, 2}}, {250, {3, 3, 10}}, {255, {1, 1}}, {256, {600, 1}}, {511, {1}}};

class LogFaultTest : public LogWriterTest {
 protected:
  // A log of `size`, published.
  FaultyLog Base(std::uint64_t size) {
    FaultyLog storage;
    LogWriter log = Create(storage);
    EXPECT_TRUE(Append(log, size).ok() && log.Publish(log.pending()).ok());
    return storage;
  }

  struct Run {
    TreeHead acknowledged;
    bool complete = true;  // no operation failed
  };
  // Appends and publishes the batches of a scenario until one fails.
  static Run Play(LogWriter& log, const Scenario& scenario) {
    Run run{.acknowledged = log.head()};
    for (const std::uint64_t count : scenario.batches) {
      if (!Append(log, count, " before").ok()) return {run.acknowledged, false};
      run.acknowledged = log.head();
      if (!log.Publish(log.pending()).ok()) return {run.acknowledged, false};
    }
    return run;
  }

  // No file is of a tile that the tree has not: what one who reads ahead would take for its next entries.
  static void CheckTiles(const FaultyLog& storage, std::uint64_t size) {
    for (const auto& [path, content] : storage.disk.files) {
      const Result<Tile> tile = Tile::Parse(path);
      if (!tile.ok()) continue;
      const std::optional<Tile> widest = TileAt(size, tile->level, tile->index);
      EXPECT_TRUE(widest && tile->width <= widest->width) << path << " at size " << size;
    }
  }

  // After the fault: the log opens with all that was acknowledged, and whole batches only; goes on; and in
  // the end continues each head that was ever to be seen.
  void CheckRecovery(FaultyLog& storage, const Run& run, const Scenario& scenario,
                     std::vector<TreeHead> seen) {
    storage.Mend();
    seen.push_back(run.acknowledged);
    seen.push_back(HeadIn(storage, kCheckpointPath));
    Result<LogWriter> opened = Open(storage);
    ASSERT_TRUE(opened.ok()) << Describe(opened.status());
    LogWriter log = *std::move(opened);
    std::uint64_t whole = scenario.before;
    for (const std::uint64_t count : scenario.batches) whole += log.head().size > whole ? count : 0;
    EXPECT_EQ(log.head().size, whole) << "half a batch";
    seen.push_back(log.head());
    ASSERT_TRUE(Append(log, 300, " after").ok());
    ASSERT_TRUE(log.Publish(log.pending()).ok());
    for (const TreeHead& head : seen) EXPECT_TRUE(Continues(storage, log.head().size, head)) << head.size;
    CheckEntries(storage, log.head(), 11);
    CheckTiles(storage, log.head().size);
    for (const auto& [path, content] : storage.disk.files) EXPECT_EQ(path.find(".tmp."), path.npos) << path;
    const Result<LogWriter> again = Open(storage);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->head(), log.head());
  }
};

TEST_F(LogFaultTest, RecoversFromADeathAtAnyOperation) {
  for (const Scenario& scenario : kScenarios) {
    const FaultyLog base = Base(scenario.before);
    for (const Fault fault : {Fault::kNothingDone, Fault::kDone, Fault::kHalfWritten}) {
      bool complete = false;
      for (int at = 0; !complete; ++at) {
        ASSERT_LT(at, 200);
        SCOPED_TRACE(std::to_string(scenario.before) + ", fault " + std::to_string(static_cast<int>(fault)) +
                     " at operation " + std::to_string(at));
        FaultyLog storage = base;
        LogWriter log = Open(storage).value();
        storage.Break(at, fault, /*dies=*/true);
        const Run run = Play(log, scenario);
        complete = storage.operations <= at;
        CheckRecovery(storage, run, scenario, {});
        if (HasFailure()) return;
      }
    }
  }
}

// A write that fails may have happened, and may still be undone when the power goes: readers who saw the
// published head in between must not be contradicted.
TEST_F(LogFaultTest, RecoversWhenALossOfPowerUndoesTheWriteThatFailed) {
  for (const Scenario& scenario : kScenarios) {
    const FaultyLog base = Base(scenario.before);
    bool complete = false;
    for (int at = 0; !complete; ++at) {
      ASSERT_LT(at, 200);
      SCOPED_TRACE(std::to_string(scenario.before) + ", undone at operation " + std::to_string(at));
      FaultyLog seen_storage = base, storage = base;
      LogWriter seen_log = Open(seen_storage).value(), log = Open(storage).value();
      seen_storage.Break(at, Fault::kDone, /*dies=*/true);
      storage.Break(at, Fault::kNothingDone, /*dies=*/true);
      static_cast<void>(Play(seen_log, scenario));
      const Run run = Play(log, scenario);
      complete = storage.operations <= at;
      CheckRecovery(storage, run, scenario, {HeadIn(seen_storage, kCheckpointPath)});
      if (HasFailure()) return;
    }
  }
}

// The disk fails once and the process lives: the log goes on where it is known what is on the disk, and says
// that it has stopped where it is not.
TEST_F(LogFaultTest, GoesOnOrStopsAfterAWriteThatFailedOnce) {
  int went_on = 0, stopped = 0;
  for (const Scenario& scenario : kScenarios) {
    const FaultyLog base = Base(scenario.before);
    for (const Fault fault : {Fault::kNothingDone, Fault::kDone, Fault::kHalfWritten}) {
      for (int at = 0; at < 40; ++at) {
        SCOPED_TRACE(std::to_string(scenario.before) + ", fault " + std::to_string(static_cast<int>(fault)) +
                     " at operation " + std::to_string(at));
        FaultyLog storage = base;
        LogWriter log = Open(storage).value();
        storage.Break(at, fault, /*dies=*/false);
        Run run = Play(log, scenario);
        if (storage.operations <= at) break;  // all of the scenario went by
        const TreeHead seen = HeadIn(storage, kCheckpointPath);
        storage.Mend();
        if (const auto first = Append(log, 5, " later"); first.ok()) {
          ++went_on;
          EXPECT_EQ(*first, run.acknowledged.size);
          ASSERT_TRUE(log.Publish(log.pending()).ok());
          EXPECT_TRUE(Continues(storage, log.head().size, seen));
          EXPECT_TRUE(Continues(storage, log.head().size, run.acknowledged));
          CheckEntries(storage, log.head(), 11);
          CheckTiles(storage, log.head().size);
          ASSERT_TRUE(Open(storage).ok());
        } else {
          ++stopped;
          EXPECT_EQ(first.status().error(), "log.stopped");
          CheckRecovery(storage, run, scenario, {seen});
        }
        if (HasFailure()) return;
      }
    }
  }
  EXPECT_GT(went_on, 0);
  EXPECT_GT(stopped, 0);
}

TEST_F(LogFaultTest, ALogIsMadeWholeAfterADeathWhileItWasMade) {
  for (const Fault fault : {Fault::kNothingDone, Fault::kDone, Fault::kHalfWritten}) {
    for (int at = 0; at < 2; ++at) {
      FaultyLog storage;
      storage.Break(at, fault, /*dies=*/true);
      EXPECT_FALSE(LogWriter::Create(storage, kOrigin, key_).ok());
      storage.Mend();
      if (!Open(storage).ok()) Create(storage);
      EXPECT_EQ(Open(storage)->head(), TreeHead{});
      EXPECT_EQ(HeadIn(storage, kCheckpointPath), TreeHead{});
    }
  }
}

// ---- a real directory

TEST_F(LogWriterTest, WritesADirectoryThatAWebServerCanServe) {
  const testing::TempDir dir;
  LogDirectory storage(dir / "log");
  {
    LogWriter log = Create(storage);
    ASSERT_TRUE(Append(log, 300).ok() && log.Publish(log.pending()).ok());
  }
  for (const char* path : {"checkpoint", "checkpoint.pending", "tile/0/000", "tile/0/001.p/44",
                           "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44"}) {
    EXPECT_TRUE(std::filesystem::is_regular_file(dir / "log" / path)) << path;
  }
  EXPECT_EQ(storage.List()->size(), 7U);
  LogWriter log = Open(storage).value();
  EXPECT_EQ(log.head().size, 300U);
  ASSERT_TRUE(Append(log, 300).ok() && log.Publish(log.pending()).ok());
  EXPECT_FALSE(std::filesystem::exists(dir / "log" / "tile/0/001.p"));
  CheckEntries(storage, HeadIn(storage, kCheckpointPath));
  EXPECT_EQ(storage.Read("tile/0/999").status().error(), "log.not_found");
  EXPECT_EQ(storage.Read("tile").status().error(), "store.io");
}

}  // namespace
}  // namespace accord::ledger
