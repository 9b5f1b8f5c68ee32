// The head of the log that this person's commands saw last, kept over runs: who shows a shorter log later, or
// another one, is found out, and what proves it is kept.
//
//   $ACCORD_HOME/logs/CONTEXT/checkpoint          the signed head
//   $ACCORD_HOME/logs/CONTEXT/evidence/ID.known   a head seen before, and
//   $ACCORD_HOME/logs/CONTEXT/evidence/ID.shown   one that contradicts it; both as the log signed them
//   $ACCORD_HOME/logs/CONTEXT/evidence/ID.proof   what the one shown says the earlier entries were: a request
//                                                 to a witness (ledger/witness.h), which it has to refuse
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "accord/status.h"
#include "base/text.h"
#include "cli/session.h"
#include "ledger/checkpoint.h"
#include "ledger/file_source.h"
#include "ledger/note.h"

namespace accord::cli {

class SeenLog {
 public:
  // Of the context in force. `context.none`, `store.corrupt`.
  [[nodiscard]] static Result<SeenLog> Open(const Session& session);

  // Whether what was seen is as long as this head: it takes no entries to compare them then.
  [[nodiscard]] bool Reaches(const ledger::Checkpoint& head) const {
    return head_ && head_->size >= head.size;
  }
  // Whether the log with this head, which the log's key has signed, goes on from what was seen; `entries` are
  // those that make the head. `log.rollback` for a shorter one, `log.split` for one with other entries: both
  // heads are kept then. `checkpoint.origin` for the log of another federation.
  [[nodiscard]] Status Check(const ledger::Note& note, const ledger::Checkpoint& head,
                             std::span<const Bytes> entries, ledger::FileSource& files) const;
  // Keeps a verified head, unless a later one is there. Warns where that fails.
  void Remember(const ledger::Note& note, const ledger::Checkpoint& head, Session& session) const;

 private:
  explicit SeenLog(std::filesystem::path directory) : directory_(std::move(directory)) {}
  [[nodiscard]] std::filesystem::path HeadFile() const { return directory_ / "checkpoint"; }
  [[nodiscard]] Status Load();
  // Of the log with this head when it had the size that was seen.
  [[nodiscard]] Digest RootThen(const ledger::Checkpoint& head, std::span<const Bytes> entries) const;
  [[nodiscard]] std::filesystem::path KeepEvidence(const ledger::Note& note, const ledger::Checkpoint& head,
                                                   std::span<const Bytes> entries,
                                                   ledger::FileSource& files) const;

  std::filesystem::path directory_;
  std::string text_;  // the note, as it lies on the disk
  std::optional<ledger::Checkpoint> head_;
};

}  // namespace accord::cli
