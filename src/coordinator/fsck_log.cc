#include "coordinator/fsck_log.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/errors.h"
#include "base/file.h"
#include "coordinator/receipt_files.h"
#include "crypto/ed25519.h"
#include "crypto/merkle.h"
#include "crypto/sha256.h"
#include "ledger/checkpoint.h"
#include "ledger/growing_tree.h"
#include "ledger/log_reader.h"
#include "ledger/log_storage.h"
#include "ledger/log_writer.h"
#include "ledger/note.h"
#include "ledger/tile.h"
#include "ledger/vkey.h"

namespace accord::coordinator {
namespace {

namespace fs = std::filesystem;

// An older log would contradict what witnesses have cosigned since: they would refuse it.
constexpr const char* kPutBack =
    "put back this very file: a backup that has it, or whoever mirrors the log; the rest of an older log "
    "would be a rollback, which the nodes refuse";
constexpr const char* kAuditors = "auditors lack it; a backup may have it, and so may the node that signed";

class Checker {
 public:
  explicit Checker(const fs::path& state) : state_(state), files_(state / "log") {}

  LogReport Run() {
    const bool keyed = fs::exists(state_ / "log.key"), logged = fs::exists(state_ / "log");
    if (keyed && logged) {
      Note(state_ / "log", CheckTree());
    } else if (logged || (keyed && !fs::exists(state_ / "log.new"))) {
      Found(state_ / (keyed ? "log" : "log.key"), "it is missing", kPutBack);
    }
    for (const char* const named : {"plans", "descriptions"}) CheckNames(state_ / named);
    CheckReceipts();
    return std::move(report_);
  }

 private:
  void Found(const fs::path& place, const std::string& what, const char* remedy, bool serious = true) {
    report_.damage.push_back({place.string(), what, remedy, serious});
  }
  void Note(const fs::path& place, const Status& status) {
    if (!status.ok()) Found(place, status.message(), kPutBack);
  }

  // The head that the log's own key signed last.
  Result<ledger::Checkpoint> SignedHead() {
    ACCORD_ASSIGN_OR_RETURN(const crypto::Ed25519Key key, crypto::Ed25519Key::Load(state_ / "log.key"));
    ACCORD_ASSIGN_OR_RETURN(const Bytes text, files_.Read(std::string(ledger::kPendingPath)));
    ACCORD_ASSIGN_OR_RETURN(const ledger::Note note, ledger::Note::Parse(AsText(text)));
    ACCORD_ASSIGN_OR_RETURN(const ledger::Checkpoint head, ledger::Checkpoint::Parse(note.text));
    return ledger::OpenCheckpoint(note, ledger::LogKey(head.origin, key.PublicKey()));
  }

  Status CheckTree() {
    ACCORD_ASSIGN_OR_RETURN(const ledger::Checkpoint head, SignedHead());
    report_.entries = head.size;
    ledger::GrowingTree tree;
    for (std::uint64_t first = 0; first < head.size; first += ledger::kTileWidth) {
      const auto bundle = ledger::TileAt(head.size, std::nullopt, first / ledger::kTileWidth);
      ACCORD_ASSIGN_OR_RETURN(const std::vector<Bytes> entries, ledger::ReadEntries(files_, *bundle));
      for (const Bytes& entry : entries) tree.Add(crypto::MerkleLeaf(entry));
      CheckTiles(tree);
    }
    if (tree.Head() == ledger::TreeHead{head.size, head.root}) return {};
    return Fail(errors::kLogDamaged, "its entries do not make the root that the log signed");
  }

  // Tiles that are there in a wider form by now are compared as far as they go.
  void CheckTiles(ledger::GrowingTree& tree) {
    for (const ledger::TileFile& file : tree.TakeTiles()) {
      const std::string path = file.tile.Path();
      const auto hashes = ledger::ReadHashes(files_, file.tile);
      if (!hashes.ok()) {
        Note(state_ / "log" / path, hashes.status());
        continue;
      }
      Bytes content;
      for (const Digest& hash : *hashes) content.insert(content.end(), hash.bytes.begin(), hash.bytes.end());
      if (content != file.content)
        Found(state_ / "log" / path, "its hashes are not those of the entries", kPutBack);
    }
  }

  // Of files that are called by their SHA-256.
  void CheckNames(const fs::path& directory) {
    std::error_code ignored;
    for (fs::directory_iterator it(directory, ignored), end; !ignored && it != end; it.increment(ignored)) {
      const auto name = Digest::FromHex(it->path().filename().string());
      if (!name) continue;  // one that was being written
      const auto content = ReadFile(it->path());
      if (!content.ok() || crypto::Sha256::Of(*content) != *name)
        Found(it->path(), "its bytes have another SHA-256 than its name", kPutBack);
    }
  }

  void CheckReceipts() {
    std::error_code ignored;
    for (fs::recursive_directory_iterator it(state_ / "receipts", ignored), end; !ignored && it != end;
         it.increment(ignored)) {
      if (!it->is_regular_file()) continue;
      const auto content = ReadFile(it->path());
      const Status whole = content.ok() ? DecodeReceipts(*content).status() : content.status();
      whole.ok() ? void(++report_.receipts) : Found(it->path(), whole.message(), kAuditors, false);
    }
  }

  const fs::path state_;
  ledger::LogDirectory files_;
  LogReport report_;
};

}  // namespace

LogReport CheckLog(const fs::path& state) { return Checker(state).Run(); }

}  // namespace accord::coordinator
