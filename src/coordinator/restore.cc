#include "coordinator/restore.h"

#include <algorithm>
#include <map>
#include <string>

#include "base/errors.h"
#include "base/file.h"
#include "coordinator/log_hold.h"
#include "coordinator/restore_log.h"
#include "coordinator/state_copy.h"
#include "job/codec.h"
#include "store/fd.h"
#include "store/sqlite_journal.h"
#include "store/state_dir.h"

namespace accord::coordinator {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kHex = 64;
constexpr const char* kRestoreAnother =
    "Restore another backup. What of this one is whole: accordd fsck --state BACKUP";
using Sums = std::map<std::string, Digest>;  // by path within the backup

// A line a file, as sha256sum writes it.
Result<Sums> ReadSums(const fs::path& backup) {
  const fs::path file = backup / "SHA256SUMS";
  std::error_code error;
  if (!fs::is_regular_file(file, error))
    return Fail(errors::kCliFile, backup.string() + " is no backup: it has no SHA256SUMS");
  ACCORD_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(file));
  Sums sums;
  for (std::string_view rest = AsText(bytes); !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const auto digest = Digest::FromHex(line.substr(0, kHex));
    const fs::path path(line.size() > kHex + 2 ? line.substr(kHex + 2) : "");
    const bool inside = path.is_relative() && std::ranges::find(path, fs::path("..")) == path.end();
    if (!digest || path.empty() || !inside)
      return Fail(errors::kStoreCorrupt, file.string() + " has a line that names no file of the backup");
    sums.emplace(path.string(), *digest);
  }
  return sums;
}

Status Compare(const fs::path& directory, const Sums& sums, bool sync) {
  for (const auto& [path, digest] : sums) {
    ACCORD_ASSIGN_OR_RETURN(const Digest found, HashFile(directory / path, sync));
    if (found != digest)
      return Fail(errors::kStoreCorrupt, (directory / path).string() + " is not what SHA256SUMS says",
                  kRestoreAnother);
  }
  return {};
}

Result<StateReport> CheckBackup(const fs::path& backup, const Sums& sums) {
  ACCORD_RETURN_IF_ERROR(Compare(backup, sums, false));
  ACCORD_ASSIGN_OR_RETURN(StateReport report, CheckState(backup));
  const auto worst = std::ranges::find_if(report.damage, &Damage::serious);
  if (worst == report.damage.end()) return report;
  return Fail(errors::kStoreCorrupt, worst->place + ": " + worst->what, kRestoreAnother);
}

Status CheckTarget(const RestoreOptions& options) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(options.state, error))) return {};
  ACCORD_RETURN_IF_ERROR(store::StateDir::CheckUnused(options.state));
  if (fs::is_empty(options.state, error) || !options.aside.empty()) return {};
  return Fail(errors::kCliExists, options.state.string() + " is not empty",
              "Restore into a new directory, or set it aside: --replace");
}

// Every job learns it; those that are over do not mind.
Status MarkRestored(const fs::path& file, TimePoint now) {
  Status failed;
  {
    ACCORD_ASSIGN_OR_RETURN(const auto journal, store::SqliteJournal::Open(file, nullptr));
    ACCORD_ASSIGN_OR_RETURN(const std::vector<std::string> streams, journal->Streams("job/"));
    std::vector<driver::Append> marks;
    for (const std::string& stream : streams) {
      ACCORD_ASSIGN_OR_RETURN(const std::vector<Bytes> records, journal->Read(stream));
      ACCORD_ASSIGN_OR_RETURN(Bytes mark, job::RestoredAfter(records.back(), now));
      marks.push_back({stream, std::move(mark)});
    }
    if (marks.empty()) return {};
    journal->Write(std::move(marks), [&failed](const Status& written) { failed = written; });
  }  // the journal is closed, and has answered
  return failed;
}

// The newest log that there is: the one that the operator names, or that of the state that is set aside. It
// takes nothing until its witnesses have said that it is.
Status PlaceLog(const RestoreOptions& options, const fs::path& state, StateReport& report) {
  const bool named = !options.log.empty();
  if (named || HasLog(options.state)) {
    Result<std::uint64_t> entries = TakeLog(state, named ? options.log : options.state);
    // Of a state that was made anew, or set aside before, the backup's is the newer one.
    const bool older = !entries.ok() && entries.status().error() == errors::kLogRollback.id;
    if (!entries.ok() && (named || !older)) return entries.status();
    if (entries.ok()) report.log_entries = *entries;
  }
  return HasLog(state) ? LogHold::Place(state) : Status();
}

}  // namespace

Result<StateReport> Restore(const RestoreOptions& options) {
  ACCORD_ASSIGN_OR_RETURN(const Sums sums, ReadSums(options.backup));
  ACCORD_RETURN_IF_ERROR(CheckTarget(options));
  ACCORD_ASSIGN_OR_RETURN(StateReport report, CheckBackup(options.backup, sums));
  ACCORD_ASSIGN_OR_RETURN(PartialDirectory partial, PartialDirectory::Make(options.state));
  for (const auto& [path, digest] : sums) {
    ACCORD_RETURN_IF_ERROR(CopyFile(options.backup / path, partial.path() / path));
  }
  ACCORD_RETURN_IF_ERROR(Compare(partial.path(), sums, true));
  ACCORD_RETURN_IF_ERROR(PlaceLog(options, partial.path(), report));
  std::error_code error;
  fs::create_directories(store::StatePaths(partial.path()).blobs_dir(), error);
  fs::recursive_directory_iterator it(partial.path(), error);
  for (const fs::recursive_directory_iterator end; !error && it != end; it.increment(error)) {
    if (it->is_directory()) ACCORD_RETURN_IF_ERROR(store::SyncDirectory(it->path()));
  }
  ACCORD_RETURN_IF_ERROR(StatusOfCode(error, "cannot list", partial.path()));
  ACCORD_RETURN_IF_ERROR(MarkRestored(store::StatePaths(partial.path()).journal_file(), options.now));
  ACCORD_RETURN_IF_ERROR(store::SyncDirectory(partial.path()));
  const bool replaces = fs::exists(options.state, error) && !fs::is_empty(options.state, error);
  ACCORD_RETURN_IF_ERROR(replaces ? partial.Replace(options.state, options.aside)
                                  : partial.Become(options.state));
  return report;
}

}  // namespace accord::coordinator
