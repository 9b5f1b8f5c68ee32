// The side of Accord in the tests with Go's sumdb/note and sumdb/tlog.
//
//   peer write DIR    a log in DIR/log, written in batches; DIR/vkey; the signed head of each batch in
//                     DIR/heads/SIZE; proofs in DIR/proofs/SIZE-INDEX and DIR/consistency/OLD-NEW
//   peer open VKEY    reads a signed note from stdin and prints its text, if VKEY has signed it; else says
//   why
//                     not, exit code 1
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/errors.h"
#include "base/file.h"
#include "ledger/lines.h"
#include "ledger/log_reader.h"
#include "ledger/log_writer.h"
#include "ledger/note.h"
#include "ledger/tlog_proof.h"

namespace accord::ledger {
namespace {

namespace fs = std::filesystem;

const std::string kOrigin = "fed.example/log";
// The sizes of the spec's tests: 0, 1, 255, 256, 257, 65,536 leaves and one more.
constexpr std::uint64_t kSizes[] = {0, 1, 2, 7, 255, 256, 257, 1'000, 65'536, 65'537};

// The longest and the shortest entries that there are, and ordinary ones.
Bytes EntryAt(std::uint64_t index) {
  if (index == 1) return {};
  if (index == 5) return Bytes(kMaxEntryBytes, 0xA5);
  const std::string text = "{\"entry\":" + std::to_string(index) + "}";
  return {text.begin(), text.end()};
}

void Save(const fs::path& path, std::string_view text) {
  ACCORD_CHECK(WriteFileAtomic(path, AsBytes(text), FileMode::kShared).ok());
}

void AppendUpTo(LogWriter& log, std::uint64_t size) {
  std::vector<Bytes> entries;
  for (std::uint64_t i = log.head().size; i < size; ++i) entries.push_back(EntryAt(i));
  const std::vector<ByteView> views(entries.begin(), entries.end());
  ACCORD_CHECK(log.Append(views).ok());
}

void SaveProofs(const fs::path& root, TileReader& nodes, const Note& head, std::uint64_t size) {
  const std::string name = std::to_string(size);
  for (const std::uint64_t index : {0, 1, 5, 6, 254, 255, 256, 999, 65'535, 65'536}) {
    if (index >= size) continue;
    const TlogProof proof = MakeProof(nodes, head, index).value();
    Save(root / "proofs" / (name + '-' + std::to_string(index)), proof.Format());
  }
  for (const std::uint64_t old : kSizes) {
    if (old > size || old == 0) continue;
    std::string lines;
    const Proof proof = ProveConsistency(old, size, nodes).value();
    for (const Digest& hash : proof) lines += FormatHash(hash) + '\n';
    Save(root / "consistency" / (std::to_string(old) + '-' + name), lines);
  }
}

void Write(const fs::path& root) {
  const crypto::Ed25519Key key = crypto::Ed25519Key::FromSeed(Bytes(32, 7));
  Save(root / "vkey", LogKey(kOrigin, key.PublicKey()).Format());
  LogDirectory files(root / "log");
  LogWriter log = LogWriter::Create(files, kOrigin, key).value();
  std::vector<Note> heads;
  for (const std::uint64_t size : kSizes) {
    AppendUpTo(log, size);
    heads.push_back(log.pending());
    ACCORD_CHECK(log.Publish(log.pending()).ok());
    Save(root / "heads" / std::to_string(size), log.pending().Format());
  }
  TileReader nodes(log.head().size, files);
  for (std::size_t i = 0; i < heads.size(); ++i) SaveProofs(root, nodes, heads[i], kSizes[i]);
}

int Open(std::string_view vkey) {
  const std::string bytes{std::istreambuf_iterator<char>(std::cin), {}};
  const Result<VerifierKey> key = VerifierKey::Parse(vkey);
  const Result<Note> note = Note::Parse(bytes);
  Status status = key.ok() ? note.status() : key.status();
  if (status.ok()) status = CheckSignatures(*note, std::span(&*key, 1)).status();
  std::cout << (status.ok() ? note->text : Describe(status) + '\n');
  return status.ok() ? 0 : 1;
}

}  // namespace
}  // namespace accord::ledger

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.size() == 2 && args[0] == "write") return accord::ledger::Write(args[1]), 0;
  if (args.size() == 2 && args[0] == "open") return accord::ledger::Open(args[1]);
  std::fputs("usage: peer write DIR | peer open VKEY\n", stderr);
  return 4;
}
