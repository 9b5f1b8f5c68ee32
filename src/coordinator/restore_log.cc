#include "coordinator/restore_log.h"

#include <algorithm>
#include <string>

#include "base/errors.h"
#include "base/file.h"
#include "coordinator/fsck_log.h"
#include "coordinator/log_place.h"
#include "coordinator/state_copy.h"
#include "ledger/checkpoint.h"
#include "ledger/log_reader.h"
#include "ledger/log_storage.h"
#include "ledger/log_writer.h"
#include "ledger/note.h"
#include "ledger/proof.h"

namespace accord::coordinator {
namespace fs = std::filesystem;
namespace {

constexpr const char* kLog = "log";
constexpr const char* kNameIt =
    "Name the newest whole copy of the log that there is, or the backup itself: --log DIR";

// Every file below, synced; those of the same name give way. Nothing where there is no such directory.
Status CopyTree(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::exists(from, error)) return {};
  fs::recursive_directory_iterator it(from, error);
  for (const fs::recursive_directory_iterator end; !error && it != end; it.increment(error)) {
    if (!it->is_regular_file()) continue;
    const fs::path copy = to / it->path().lexically_relative(from);
    ACCORD_RETURN_IF_ERROR(CopyFile(it->path(), copy));
    ACCORD_RETURN_IF_ERROR(HashFile(copy, /*sync=*/true).status());
  }
  return StatusOfCode(error, "cannot list", from);
}

// What the log signed last, as its file says; where there is no log, that of an empty one.
Result<ledger::TreeHead> HeadOf(const fs::path& log) {
  if (!HasLog(log.parent_path())) return ledger::TreeHead();
  ACCORD_ASSIGN_OR_RETURN(const Bytes text,
                          ReadFile(log / std::string(ledger::kPendingPath), ledger::kMaxNoteBytes));
  ACCORD_ASSIGN_OR_RETURN(const ledger::Note note, ledger::Note::Parse(AsText(text)));
  ACCORD_ASSIGN_OR_RETURN(const ledger::Checkpoint head, ledger::Checkpoint::Parse(note.text));
  return ledger::TreeHead{head.size, head.root};
}

// Both are whole. One that goes on from the other shows no other past.
Status CheckGoesOn(const ledger::TreeHead& before, const fs::path& log) {
  ACCORD_ASSIGN_OR_RETURN(const ledger::TreeHead head, HeadOf(log));
  const std::string sizes =
      "it has " + std::to_string(head.size) + " entries, and the backup's log " + std::to_string(before.size);
  if (head.size < before.size) return Fail(errors::kLogRollback, sizes, kNameIt);
  if (before.size == 0) return {};
  ledger::LogDirectory files(log);
  ledger::TileReader nodes(head.size, files);
  ACCORD_ASSIGN_OR_RETURN(const Digest root, ledger::RootOf(before.size, nodes));
  if (root == before.root) return {};
  return Fail(errors::kLogSplit, sizes + ", which are not the first of it", kNameIt);
}

}  // namespace

bool HasLog(const fs::path& directory) {
  std::error_code ignored;
  return fs::exists(directory / kLog / std::string(ledger::kPendingPath), ignored);
}

Result<std::uint64_t> TakeLog(const fs::path& state, const fs::path& from) {
  if (!HasLog(from)) return Fail(errors::kCliFile, from.string() + " has no log", kNameIt);
  ACCORD_ASSIGN_OR_RETURN(const ledger::TreeHead before, HeadOf(state / kLog));
  const fs::path taken = state / "log.taken";
  // A backup may be older than its log; a copy that has no key either is of no use then.
  std::error_code error;
  const bool keyed = fs::exists(LogPlace(state).key, error);
  ACCORD_RETURN_IF_ERROR(CopyFile(LogPlace(keyed ? state : from).key, LogPlace(taken).key));
  for (const char* const part : {kLog, "plans", "descriptions", "receipts"})
    ACCORD_RETURN_IF_ERROR(CopyTree(from / part, taken / part));
  const LogReport report = CheckLog(taken);
  const auto worst = std::ranges::find_if(report.damage, &Damage::serious);
  if (worst != report.damage.end())
    return Fail(errors::kLogDamaged, from.string() + ": " + worst->place + ": " + worst->what, kNameIt);
  ACCORD_RETURN_IF_ERROR(CheckGoesOn(before, taken / kLog));
  if (!keyed) {
    ACCORD_RETURN_IF_ERROR(CopyFile(LogPlace(taken).key, LogPlace(state).key));
    ACCORD_RETURN_IF_ERROR(HashFile(LogPlace(state).key, /*sync=*/true).status());
  }
  fs::remove_all(state / kLog, error);
  if (!error) fs::rename(taken / kLog, state / kLog, error);
  ACCORD_RETURN_IF_ERROR(StatusOfCode(error, "cannot replace", state / kLog));
  for (const char* const part : {"plans", "descriptions", "receipts"})
    ACCORD_RETURN_IF_ERROR(CopyTree(taken / part, state / part));
  fs::remove_all(taken, error);
  ACCORD_RETURN_IF_ERROR(StatusOfCode(error, "cannot remove", taken));
  return report.entries;
}

}  // namespace accord::coordinator
