#include "cli/public_log.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "base/errors.h"
#include "base/file.h"
#include "charter/admission.h"
#include "crypto/merkle.h"
#include "ledger/growing_tree.h"
#include "ledger/log_reader.h"
#include "ledger/tile.h"

namespace accord::cli {
namespace {

constexpr std::size_t kMaxPin = 128, kMinPrefix = 6;

// Without the line's end.
std::string Stripped(const Bytes& line) {
  const std::string_view text = AsText(line);
  return std::string(text.substr(0, text.find_last_not_of(" \t\r\n") + 1));
}

// Beside the contexts, whose directories are replaced whole when a certificate is renewed.
Result<std::filesystem::path> PinFile(const Session& session) {
  ACCORD_ASSIGN_OR_RETURN(const std::string name, session.ContextName());
  if (name.empty()) return Fail(errors::kContextNone, "No context is in force.");
  ACCORD_ASSIGN_OR_RETURN(const std::filesystem::path home, session.Home());
  return home / "charters" / name;
}

Status CheckEntries(const PublicLog& log) {
  ledger::GrowingTree tree;
  for (const Bytes& entry : log.entries) tree.Add(crypto::MerkleLeaf(entry));
  if (tree.Head() == ledger::TreeHead{log.head.size, log.head.root}) return {};
  return Fail(errors::kLogProof, "the entries that the coordinator serves do not make the log's head");
}

}  // namespace

charter::UnixSeconds Seconds(const Session& session) {
  const auto since = session.Now().time_since_epoch();
  return static_cast<charter::UnixSeconds>(std::chrono::duration_cast<std::chrono::seconds>(since).count());
}

Result<const charter::Version*> PublicLog::Present(Session& session) const {
  return record.Present(Seconds(session));
}

Result<ledger::VerifierKey> LogKeyOf(Backend& backend) {
  ACCORD_ASSIGN_OR_RETURN(const Bytes line, backend.GetResource("key"));
  return ledger::VerifierKey::Parse(Stripped(line));
}

Result<PublicLog> ReadPublicLog(Session& session, Backend& backend) {
  PublicLog log;
  ACCORD_ASSIGN_OR_RETURN(log.pinned, PinnedCharter(session));
  ACCORD_ASSIGN_OR_RETURN(const Bytes note, backend.GetResource(std::string(ledger::kCheckpointPath)));
  ACCORD_ASSIGN_OR_RETURN(log.note, ledger::Note::Parse(AsText(note)));
  ACCORD_ASSIGN_OR_RETURN(log.head, ledger::Checkpoint::Parse(log.note.text));
  LogFiles files(backend);
  log.record = charter::Record(log.pinned.value_or(Digest()));
  for (std::uint64_t first = 0; first < log.head.size; first += ledger::kTileWidth) {
    const auto bundle = ledger::TileAt(log.head.size, std::nullopt, first / ledger::kTileWidth);
    ACCORD_ASSIGN_OR_RETURN(std::vector<Bytes> entries, ledger::ReadEntries(files, *bundle));
    for (Bytes& entry : entries) {
      const auto kind = log.record.Add(entry);
      if (!kind.ok() && kind.status().error() == errors::kCharterGenesis.id) return kind.status();
      log.entries.push_back(std::move(entry));
    }
  }
  ACCORD_RETURN_IF_ERROR(CheckEntries(log));
  if (log.record.chain().empty()) return log;
  ACCORD_RETURN_IF_ERROR(charter::CheckCheckpoint(AsText(note), log.record.chain().back().charter).status());
  return log;
}

Result<Digest> FindProposal(const PublicLog& log, const std::string& ref) {
  std::vector<Digest> found;
  for (const auto& [job, matter] : log.record.matters()) {
    if (ref.size() >= kMinPrefix && job.Hex().starts_with(ref)) found.push_back(job);
  }
  if (found.size() == 1) return found.front();
  return Fail(errors::kProposalUnknown, found.empty()
                                            ? "the log has no proposal \"" + Printable(ref, 70) + "\""
                                            : "several proposals begin with " + ref);
}

Result<std::optional<Digest>> PinnedCharter(const Session& session) {
  ACCORD_ASSIGN_OR_RETURN(const std::filesystem::path file, PinFile(session));
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return std::optional<Digest>();
  ACCORD_ASSIGN_OR_RETURN(const Bytes text, ReadFile(file, kMaxPin));
  const auto genesis = Digest::FromHex(Stripped(text));
  if (!genesis) return Fail(errors::kStoreCorrupt, file.string() + " is not the hash of a charter");
  return std::optional<Digest>(*genesis);
}

Status PinCharter(const Session& session, const Digest& genesis) {
  ACCORD_ASSIGN_OR_RETURN(const std::filesystem::path file, PinFile(session));
  ACCORD_RETURN_IF_ERROR(MakePrivateDirectories(file.parent_path()));
  return WriteFileAtomic(file, AsBytes(genesis.Hex() + "\n"), FileMode::kPrivate);
}

}  // namespace accord::cli
