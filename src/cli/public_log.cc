#include "cli/public_log.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "base/errors.h"
#include "base/file.h"
#include "charter/admission.h"
#include "cli/seen_log.h"
#include "crypto/merkle.h"
#include "crypto/sha256.h"
#include "ledger/growing_tree.h"
#include "ledger/log_reader.h"
#include "ledger/log_storage.h"
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

// The entries from those that are there on up to the head's.
Status ReadNew(PublicLog& log, const ledger::Checkpoint& head, ledger::FileSource& files) {
  while (log.entries.size() < head.size) {
    const std::uint64_t have = log.entries.size();
    const auto bundle = ledger::TileAt(head.size, std::nullopt, have / ledger::kTileWidth);
    ACCORD_ASSIGN_OR_RETURN(std::vector<Bytes> entries, ledger::ReadEntries(files, *bundle));
    for (std::size_t i = have % ledger::kTileWidth; i < entries.size(); ++i) {
      const auto kind = log.record.Add(entries[i]);
      if (!kind.ok() && kind.status().error() == errors::kCharterGenesis.id) return kind.status();
      log.tree.Add(crypto::MerkleLeaf(entries[i]));
      log.entries.push_back(std::move(entries[i]));
    }
  }
  (void)log.tree.TakeTiles();  // nobody stores them
  return {};
}

bool IsWhole(const PublicLog& log, const ledger::Checkpoint& head) {
  return log.tree.Head() == ledger::TreeHead{head.size, head.root};
}

// What every head of the log has to be, before it is believed and remembered.
Status CheckHead(const PublicLog& log, const ledger::Note& note, const SeenLog& seen, Backend& backend) {
  if (log.record.chain().empty()) return {};
  const charter::Charter& charter = log.record.chain().back().charter;
  ACCORD_ASSIGN_OR_RETURN(const ledger::Checkpoint head, ledger::OpenCheckpoint(note, *charter.log));
  LogFiles files(backend);
  ACCORD_RETURN_IF_ERROR(seen.Check(note, head, log.entries, files));
  return charter::CheckCheckpoint(note.Format(), charter).status();
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

Result<Bytes> LogCopy::Read(const std::string& path) {
  std::error_code error;
  const auto root = std::filesystem::weakly_canonical(root_, error);
  const auto file = error ? root : std::filesystem::weakly_canonical(root / path, error);
  const bool below = std::mismatch(root.begin(), root.end(), file.begin(), file.end()).first == root.end();
  if (error || root.empty() || !below || !ledger::IsServed(path))
    return Fail(errors::kCliFile, Printable(path, 200) + " is no file below " + root.string());
  return ledger::LogDirectory(root).Read(path);
}

Result<PublicLog> ReadLogCopy(ledger::FileSource& files, const Digest& genesis) {
  PublicLog log;
  log.pinned = genesis;
  log.record = charter::Record(genesis);
  ACCORD_ASSIGN_OR_RETURN(const Bytes bytes, files.Read(std::string(ledger::kCheckpointPath)));
  ACCORD_ASSIGN_OR_RETURN(log.note, ledger::Note::Parse(AsText(bytes)));
  ACCORD_ASSIGN_OR_RETURN(log.head, ledger::Checkpoint::Parse(log.note.text));
  ACCORD_RETURN_IF_ERROR(ReadNew(log, log.head, files));
  if (!IsWhole(log, log.head)) return Fail(errors::kLogProof, "the entries of the copy do not make its head");
  if (log.record.chain().empty()) return Fail(errors::kCharterMissing, "the copy has no charter");
  const charter::Charter& newest = log.record.chain().back().charter;
  ACCORD_RETURN_IF_ERROR(charter::CheckCheckpoint(log.note.Format(), newest).status());
  return log;
}

Result<PublicLog> ReadPublicLog(Session& session, Backend& backend) {
  PublicLog log;
  ACCORD_ASSIGN_OR_RETURN(log.pinned, PinnedCharter(session));
  log.record = charter::Record(log.pinned.value_or(Digest()));
  ACCORD_RETURN_IF_ERROR(ReadOn(log, session, backend).status());
  return log;
}

Result<Digest> FindProposal(const PublicLog& log, const std::string& ref) {
  std::vector<Digest> found;
  for (const auto& [job, matter] : log.record.matters()) {
    if (ref.size() >= kMinPrefix && job.Hex().starts_with(ref)) found.push_back(job);
  }
  if (found.size() == 1) return found.front();
  if (ref.size() < kMinPrefix)
    return Fail(errors::kProposalUnknown, "\"" + Printable(ref, 70) + "\" is too short for an id",
                "Give at least " + std::to_string(kMinPrefix) + " of its digits: accord proposal list");
  return Fail(errors::kProposalUnknown, found.empty()
                                            ? "the log has no proposal \"" + Printable(ref, 70) + "\""
                                            : "several proposals begin with " + ref);
}

// What was seen is read before the log is: another command may see more meanwhile.
Result<bool> ReadOn(PublicLog& log, Session& session, Backend& backend) {
  ACCORD_ASSIGN_OR_RETURN(SeenLog seen, SeenLog::Open(session));
  ACCORD_ASSIGN_OR_RETURN(const Bytes bytes, backend.GetResource(std::string(ledger::kCheckpointPath)));
  ACCORD_ASSIGN_OR_RETURN(ledger::Note note, ledger::Note::Parse(AsText(bytes)));
  ACCORD_ASSIGN_OR_RETURN(ledger::Checkpoint head, ledger::Checkpoint::Parse(note.text));
  const bool another = note.text != log.note.text, fresh = log.entries.empty();
  LogFiles files(backend);
  if (head.size >= log.entries.size()) ACCORD_RETURN_IF_ERROR(ReadNew(log, head, files));
  const bool whole = IsWhole(log, head);
  if (!whole && !fresh) {  // not the log that was read before: which one, all of its entries say
    ACCORD_ASSIGN_OR_RETURN(log, ReadPublicLog(session, backend));
    return true;
  }
  if (whole || seen.Reaches(head)) ACCORD_RETURN_IF_ERROR(CheckHead(log, note, seen, backend));
  if (!whole)
    return Fail(errors::kLogProof, "the entries that the coordinator serves do not make the log's head");
  if (!log.record.chain().empty()) seen.Remember(note, head, session);
  log.note = std::move(note);
  log.head = std::move(head);
  return another;
}

Result<std::vector<dataset::CatalogueEntry>> ReadCatalogue(const PublicLog& log, Backend& backend) {
  std::vector<dataset::CatalogueEntry> catalogue = publish::CatalogueOf(log.record, log.entries);
  for (dataset::CatalogueEntry& entry : catalogue) {
    const auto text = backend.GetResource("description/" + entry.certificate.croissant.Hex());
    if (!text.ok() && text.status().error() != errors::kLogNotFound.id) return text.status();
    if (!text.ok()) continue;
    if (auto facts = dataset::ReadDescription(entry.certificate, *text); facts.ok())
      entry.facts = *std::move(facts);
  }
  return catalogue;
}

Result<std::optional<Bytes>> ReadPlan(const Digest& hash, Backend& backend) {
  Result<Bytes> plan = backend.GetResource("plan/" + hash.Hex());
  if (!plan.ok() && plan.status().error() != errors::kLogNotFound.id) return plan.status();
  if (!plan.ok() || crypto::Sha256::Of(*plan) != hash) return std::optional<Bytes>();
  return std::optional(*std::move(plan));
}

Result<publish::Plans> ReadPlans(const PublicLog& log, Backend& backend) {
  publish::Plans plans;
  for (const auto& [job, matter] : log.record.matters()) {
    const Digest& hash = matter.proposal.plan;
    if (plans.contains(hash)) continue;
    ACCORD_ASSIGN_OR_RETURN(std::optional<Bytes> plan, ReadPlan(hash, backend));
    if (plan) plans.emplace(hash, *std::move(plan));
  }
  return plans;
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
