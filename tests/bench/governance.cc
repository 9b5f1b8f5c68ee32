// scripts/bench governance: the transparency log on a real disk. Appending 100,000 entries of 2 KiB in
// batches under one synced head, against writing the same bytes of bundles and hashes as files, each synced
// alone; one entry a batch, against four synced files (bundle, tile, head, published head); and proofs of
// inclusion out of 100,000 entries, from files not yet read and from tiles in memory, each with its
// verification. Medians; the floor of a proof is the hashes that its verification takes. Last a node's nine
// checks of a decision of fifty members (nine_checks.h). usage:
// bench_governance [--json] [--dir DIRECTORY]
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/file.h"
#include "crypto/merkle.h"
#include "ledger/log_reader.h"
#include "ledger/log_writer.h"
#include "tests/bench/measure.h"
#include "tests/bench/nine_checks.h"

namespace accord::bench {
namespace {

namespace fs = std::filesystem;
using namespace ledger;

constexpr std::uint64_t kEntries = 100'000;
constexpr std::size_t kEntryBytes = 2'048;
constexpr std::size_t kBatch = 256;
constexpr int kSingles = 100;
constexpr int kProofs = 2'000;

Bytes EntryAt(std::uint64_t index) {
  Bytes entry(kEntryBytes, 'x');
  const std::string number = std::to_string(index);
  std::ranges::copy(number, entry.begin());
  return entry;
}

void AppendBatch(LogWriter& log, std::size_t count) {
  std::vector<Bytes> entries;
  for (std::size_t i = 0; i < count; ++i) entries.push_back(EntryAt(log.head().size + i));
  const std::vector<ByteView> views(entries.begin(), entries.end());
  ACCORD_CHECK(log.Append(views).ok() && log.Publish(log.pending()).ok());
}

// What a batch writes, without being a log: bundle, tile, two heads.
void WriteAlone(const fs::path& dir, std::uint64_t number, std::size_t entries) {
  const std::size_t sizes[] = {entries * (2 + kEntryBytes), entries * 32, 200, 200};
  for (std::size_t i = 0; i < std::size(sizes); ++i) {
    const fs::path path = dir / (std::to_string(number % 8) + "-" + std::to_string(i));
    ACCORD_CHECK(WriteFileAtomic(path, Bytes(sizes[i], 'x'), FileMode::kShared).ok());
  }
}

void MeasureAppends(bool json, const fs::path& dir, LogWriter& log) {
  std::vector<double> batch, floor;
  while (log.head().size < kEntries) {
    batch.push_back(Time(WallMs, [&] { AppendBatch(log, std::min(kBatch, kEntries - log.head().size)); }));
    floor.push_back(Time(WallMs, [&] { WriteAlone(dir / "floor", batch.size(), kBatch); }));
  }
  const double value = Median(batch), alone = Median(floor);
  Report(json, "governance", {"append_256", value, alone, value / alone});
  Report(json, "governance",
         {"entries_per_s", kBatch / value * 1e3, kBatch / alone * 1e3, alone / value, "1/s"});
  std::vector<double> single, single_floor;
  for (int i = 0; i < kSingles; ++i) {
    single.push_back(Time(WallMs, [&] { AppendBatch(log, 1); }));
    single_floor.push_back(Time(WallMs, [&] { WriteAlone(dir / "floor", single.size(), 1); }));
  }
  const double one = Median(single), one_alone = Median(single_floor);
  Report(json, "governance", {"append_1", one, one_alone, one / one_alone});
}

void MeasureProofs(bool json, LogDirectory& files, const LogWriter& log) {
  std::mt19937_64 random(1);
  const TreeHead head = log.head();
  TileReader warm(head.size, files);
  std::vector<double> cold_ms, warm_ms, verify_ms, floor_ms;
  for (int i = 0; i < kProofs; ++i) {
    const std::uint64_t index = random() % kEntries;
    Proof proof;
    cold_ms.push_back(Time(WallMs, [&] {
      TileReader nodes(head.size, files);
      proof = ProveInclusion(index, head.size, nodes).value();
    }));
    warm_ms.push_back(Time(WallMs, [&] { proof = ProveInclusion(index, head.size, warm).value(); }));
    const Bytes entry = EntryAt(index);
    verify_ms.push_back(Time(WallMs, [&] {
      ACCORD_CHECK(VerifyInclusion(crypto::MerkleLeaf(entry), index, head.size, head.root, proof));
    }));
    floor_ms.push_back(Time(WallMs, [&] {
      Digest hash = crypto::MerkleLeaf(entry);
      for (const Digest& sibling : proof) hash = crypto::MerkleNode(hash, sibling);
    }));
  }
  const double floor = Median(floor_ms);
  for (const auto& [name, times] :
       {std::pair{"proof_from_files", cold_ms}, {"proof_warm", warm_ms}, {"proof_verify", verify_ms}}) {
    Report(json, "governance", {name, Median(times), floor, Median(times) / floor});
  }
  Report(json, "governance",
         {"proof_from_files_p99", Quantile(cold_ms, 0.99), floor, Quantile(cold_ms, 0.99) / floor});
}

void Run(bool json, const fs::path& dir) {
  const crypto::Ed25519Key key = crypto::Ed25519Key::FromSeed(Bytes(32, 1));
  LogDirectory files(dir / "log");
  LogWriter log = LogWriter::Create(files, "bench.example/log", key).value();
  MeasureAppends(json, dir, log);
  MeasureProofs(json, files, log);
  MeasureNineChecks(json);
}

}  // namespace
}  // namespace accord::bench

int main(int argc, char** argv) {
  bool json = false;
  std::string dir = (std::filesystem::temp_directory_path() / "accord-bench-governance").string();
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--json") json = true;
    if (std::string_view(argv[i]) == "--dir" && i + 1 < argc) dir = argv[++i];
  }
  std::filesystem::remove_all(dir);
  accord::bench::Run(json, dir);
  std::filesystem::remove_all(dir);
}
