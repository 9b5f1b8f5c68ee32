#include "coordinator/backup.h"

#include <algorithm>
#include <string>
#include <system_error>
#include <vector>

#include "base/errors.h"
#include "base/file.h"
#include "coordinator/identity.h"
#include "coordinator/state_copy.h"
#include "store/blobs.h"
#include "store/fd.h"
#include "store/journal_reader.h"
#include "store/members.h"
#include "store/state_dir.h"

namespace accord::coordinator {
namespace fs = std::filesystem;
namespace {

// A round may let go of blobs between a look at the journal and the copy; then both are taken anew.
constexpr int kTries = 5;

// Blobs that are not there yet; one that is let go of meanwhile is none of the next look's.
Status CopyBlobs(const store::StatePaths& from, const store::StatePaths& to) {
  const auto source = store::Blobs::OpenToRead(from.blobs_dir());
  const auto copies = store::Blobs::OpenToRead(to.blobs_dir());
  ACCORD_ASSIGN_OR_RETURN(const std::vector<store::BlobInfo> list, source->List());
  for (const store::BlobInfo& blob : list) {
    if (copies->Has(blob.digest)) continue;
    const Status copied = CopyFile(source->PathOf(blob.digest), copies->PathOf(blob.digest));
    if (!copied.ok() && source->Has(blob.digest)) return copied;
  }
  return {};
}

Status CopyDatabases(const store::StatePaths& from, const store::StatePaths& to) {
  std::error_code error;
  fs::remove(to.journal_file(), error);
  fs::remove(to.members_file(), error);
  ACCORD_ASSIGN_OR_RETURN(const auto journal, store::JournalReader::Open(from.journal_file()));
  ACCORD_RETURN_IF_ERROR(journal->CopyTo(to.journal_file()));
  return store::Members::Copy(from.members_file(), to.members_file());
}

// Whether a file of the state is what a process leaves, or is copied in another way.
bool IsLeftOut(const store::StatePaths& state, const fs::path& path) {
  const std::string name = path.filename().string();
  return path == state.lock_file() || path == state.reserve_file() || path == state.spool_dir() ||
         path == state.blobs_dir() || name.starts_with("journal.db") || name.starts_with("members.db");
}

// The heads of the log as they were before its other files are copied: all that a head stands for is there
// when it is, and stays, but a later head may stand for files that are not copied.
Result<std::vector<std::pair<fs::path, Bytes>>> LogHeads(const store::StatePaths& from) {
  std::vector<std::pair<fs::path, Bytes>> heads;
  for (const char* const head : {"log/checkpoint", "log/checkpoint.pending"}) {
    if (!fs::exists(from.path() / head)) continue;
    ACCORD_ASSIGN_OR_RETURN(Bytes content, ReadFile(from.path() / head));
    heads.emplace_back(head, std::move(content));
  }
  return heads;
}

// Keys, certificates, registries, settings: small files. Links of the TLS files are followed: one that
// renewal swaps meanwhile is made anew at every start anyway.
Status CopyRest(const store::StatePaths& from, const store::StatePaths& to) {
  std::error_code error;
  for (fs::directory_iterator it(from.path(), error), end; !error && it != end; it.increment(error)) {
    if (IsLeftOut(from, it->path())) continue;
    std::error_code copied;
    fs::copy(
        it->path(), to.path() / it->path().filename(),
        fs::copy_options::recursive | fs::copy_options::copy_symlinks | fs::copy_options::overwrite_existing,
        copied);
    if (copied && copied != std::errc::no_such_file_or_directory)
      return StatusOfCode(copied, "cannot copy", it->path());
  }
  return StatusOfCode(error, "cannot list", from.path());
}

// Every file synced, with its line in SHA256SUMS.
Status Seal(const fs::path& directory) {
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::recursive_directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    if (it->is_regular_file() && !it->is_symlink()) files.push_back(it->path());
    if (it->is_directory() && !it->is_symlink()) ACCORD_RETURN_IF_ERROR(store::SyncDirectory(it->path()));
  }
  ACCORD_RETURN_IF_ERROR(StatusOfCode(error, "cannot list", directory));
  std::ranges::sort(files);
  std::string sums;
  for (const fs::path& file : files) {
    ACCORD_ASSIGN_OR_RETURN(const Digest digest, HashFile(file, true));
    sums += digest.Hex() + "  " + file.lexically_relative(directory).string() + "\n";
  }
  return WriteFileAtomic(directory / "SHA256SUMS", AsBytes(sums), FileMode::kPrivate);
}

// What of the damage the copy alone has: blobs that went away under it.
bool OnlyBlobsAreMissing(const StateReport& report, const store::StatePaths& copy) {
  return std::ranges::all_of(report.damage, [&](const Damage& damage) {
    return !damage.serious ||
           (damage.place.starts_with(copy.blobs_dir().string()) && !fs::exists(damage.place));
  });
}

Status Refuse(const StateReport& report) {
  const Damage& worst = report.damage.front();
  return Fail(errors::kStoreCorrupt, worst.place + ": " + worst.what, worst.remedy);
}

}  // namespace

Result<StateReport> BackUp(const fs::path& state, const fs::path& target) {
  std::error_code unknown;
  if (fs::exists(fs::symlink_status(target, unknown))) {
    return Fail(errors::kCliExists,
                target.string() + " exists already: a backup goes into a directory of its own");
  }
  ACCORD_RETURN_IF_ERROR(CheckHasCa(state));
  ACCORD_ASSIGN_OR_RETURN(PartialDirectory partial, PartialDirectory::Make(target));
  const store::StatePaths from(state), to(partial.path());
  std::error_code error;
  fs::create_directories(to.blobs_dir(), error);
  for (int i = 1;; ++i) {
    ACCORD_RETURN_IF_ERROR(CopyBlobs(from, to));
    ACCORD_RETURN_IF_ERROR(CopyDatabases(from, to));
    ACCORD_RETURN_IF_ERROR(CopyBlobs(from, to));
    ACCORD_ASSIGN_OR_RETURN(const auto heads, LogHeads(from));
    ACCORD_RETURN_IF_ERROR(CopyRest(from, to));
    for (const auto& [head, content] : heads)
      ACCORD_RETURN_IF_ERROR(WriteFileAtomic(to.path() / head, content, FileMode::kShared));
    ACCORD_ASSIGN_OR_RETURN(StateReport report, CheckState(partial.path()));
    const bool whole = report.damage.empty() || !report.damage.front().serious;
    if (!whole && (i == kTries || !OnlyBlobsAreMissing(report, to))) return Refuse(report);
    if (!whole) continue;
    ACCORD_RETURN_IF_ERROR(Seal(partial.path()));
    ACCORD_RETURN_IF_ERROR(partial.Become(target));
    return report;
  }
}

}  // namespace accord::coordinator
