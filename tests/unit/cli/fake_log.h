// The log of an example federation as a coordinator in memory serves it.
#pragma once

#include <string>

#include "base/check.h"
#include "ledger/tile.h"
#include "tests/unit/cli/fake_network.h"
#include "tests/unit/publish/example_log.h"

namespace accord::cli {

inline void PutText(FakeCoordinator& coordinator, const std::string& path, const std::string& text) {
  coordinator.resources[path] = Bytes(text.begin(), text.end());
}

// What is there of the log under this head, entries and tiles.
inline void Serve(FakeCoordinator& coordinator, const publish::ExampleLog& log, const ledger::Note& head) {
  const std::uint64_t size = ledger::Checkpoint::Parse(head.text)->size;
  ledger::GrowingTree tree;
  for (std::uint64_t i = 0; i < size; ++i) {
    tree.Add(crypto::MerkleLeaf(log.entries[i]));
    const auto bundle = ledger::TileAt(i + 1, std::nullopt, i / ledger::kTileWidth);
    Bytes content;
    for (std::uint64_t at = i / ledger::kTileWidth * ledger::kTileWidth; at <= i; ++at)
      ACCORD_CHECK(ledger::AppendEntry(content, log.entries[at]).ok());
    coordinator.resources[bundle->Path()] = std::move(content);
    for (ledger::TileFile& file : tree.TakeTiles())
      coordinator.resources[file.tile.Path()] = std::move(file.content);
  }
  PutText(coordinator, "checkpoint", head.Format());
}
inline void Serve(FakeCoordinator& coordinator, const publish::ExampleLog& log) {
  Serve(coordinator, log, log.Head());
}

// The program at a time when the example federation's documents hold, joined as alice.
struct ProgramWithLog : Program {
  publish::ExampleLog log;

  ProgramWithLog() : Program(TimePoint(std::chrono::seconds(charter::kNow))) {
    ACCORD_CHECK(JoinAlice().code == 0);
    log.Begin();
  }
  // What the command says of the log as it is now.
  Ended Ask(const std::vector<std::string>& words) {
    Serve(coordinator, log);
    return Run(words);
  }
};

}  // namespace accord::cli
