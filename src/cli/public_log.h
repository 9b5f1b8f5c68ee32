// The federation's log as a command reads it: every entry, checked against the head, the head against the
// charter, and the charter against the hash that this person pinned. Nothing is taken from the coordinator on
// its word.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "accord/status.h"
#include "charter/record.h"
#include "cli/backend.h"
#include "cli/session.h"
#include "dataset/catalogue.h"
#include "ledger/checkpoint.h"
#include "ledger/file_source.h"
#include "ledger/growing_tree.h"
#include "ledger/note.h"
#include "ledger/vkey.h"
#include "publish/log_view.h"

namespace accord::cli {

struct PublicLog {
  ledger::Note note;  // of the published head
  ledger::Checkpoint head;
  std::vector<Bytes> entries;
  ledger::GrowingTree tree;  // over them
  charter::Record record;
  std::optional<Digest>
      pinned;  // the genesis that this person pinned; none: the log's own first charter was taken

  // The version in force. `charter.missing`, `charter.expired`, `charter.not_yet`.
  [[nodiscard]] Result<const charter::Version*> Present(Session& session) const;
};

// The key with which the log signs, as its coordinator names it: for a first charter.
[[nodiscard]] Result<ledger::VerifierKey> LogKeyOf(Backend& backend);

// The log's files.
class LogFiles final : public ledger::FileSource {
 public:
  explicit LogFiles(Backend& backend) : backend_(backend) {}
  [[nodiscard]] Result<Bytes> Read(const std::string& path) override { return backend_.GetResource(path); }

 private:
  Backend& backend_;
};

// The same of a copy on this machine; of files, and links, that lead out of it none.
class LogCopy final : public ledger::FileSource {
 public:
  explicit LogCopy(std::filesystem::path root) : root_(std::move(root)) {}
  [[nodiscard]] Result<Bytes> Read(const std::string& path) override;

 private:
  const std::filesystem::path root_;
};

// Reads a log that has to begin with this charter, asking nobody and remembering nothing: the errors of
// ReadPublicLog but for those of what was seen, and `charter.missing`.
[[nodiscard]] Result<PublicLog> ReadLogCopy(ledger::FileSource& files, const Digest& genesis);

// Reads all of it. `log.proof` when the entries do not make the head, `log.quorum` when too few of the
// charter's witnesses have cosigned it, `charter.genesis` when it begins with another charter than the one
// pinned; `log.rollback` and `log.split` when it is not what this person saw before (seen_log.h).
[[nodiscard]] Result<PublicLog> ReadPublicLog(Session& session, Backend& backend);
// Reads what came since: whether there is another head. The same errors; where the connection failed, it may
// be asked again.
[[nodiscard]] Result<bool> ReadOn(PublicLog& log, Session& session, Backend& backend);

// The log's certificates of data with the descriptions that are served beside it, each checked by the SHA-256
// in its certificate; those that are not there or are others are left out. Errors of the connection.
[[nodiscard]] Result<std::vector<dataset::CatalogueEntry>> ReadCatalogue(const PublicLog& log,
                                                                         Backend& backend);

// The job file of this SHA-256, which is served beside the log; none where it is not there or is another.
// Errors of the connection.
[[nodiscard]] Result<std::optional<Bytes>> ReadPlan(const Digest& hash, Backend& backend);
// Those of all proposals, without those that are not there.
[[nodiscard]] Result<publish::Plans> ReadPlans(const PublicLog& log, Backend& backend);

// The id of the one proposal that begins with at least six digits; `proposal.unknown`.
[[nodiscard]] Result<Digest> FindProposal(const PublicLog& log, const std::string& ref);

// The hash of the federation's first charter, for the context in force: what this person was told by a
// member.
[[nodiscard]] Result<std::optional<Digest>> PinnedCharter(const Session& session);
[[nodiscard]] Status PinCharter(const Session& session, const Digest& genesis);

[[nodiscard]] charter::UnixSeconds Seconds(const Session& session);

}  // namespace accord::cli
