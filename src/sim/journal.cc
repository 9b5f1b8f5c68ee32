#include "sim/journal.h"

#include <iterator>
#include <map>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "sim/disk.h"
#include "sim/vfs.h"

namespace accord::sim {
namespace {

constexpr Millis kWriteSoon{100};   // the contract of driver::Journal
constexpr std::uint64_t kDisk = 1;  // nobody else's (members.cc)

// The files of a journal that was just made, by what follows its name.
std::map<std::string, Disk::File> MadeFiles() {
  Disk disk(kDisk);
  const std::string name = disk.Path("journal.db");
  const auto writer = store::JournalWriter::Open(name, nullptr);
  ACCORD_CHECK(writer.ok());
  std::map<std::string, Disk::File> files;
  for (const auto& [path, file] : disk.files()) {
    Disk::File& kept = files[path.substr(name.size())];
    kept.content = file->content;
    kept.before = file->before;
    kept.size_before = file->size_before;
  }
  return files;
}

// They are the same each time, and to make them costs as much as all else at the start of a process: made
// once.
const std::map<std::string, Disk::File>& NewFiles() {
  static const auto kFiles = [] {
    const Random salts = Salts();
    auto files = MadeFiles();
    Salts() = salts;
    return files;
  }();
  return kFiles;
}

// A new disk gets them. What a disk with faults has is made by the program itself.
void MakeFiles(const std::string& name) {
  Disk& disk = *Disk::Of(name);
  if (!disk.files().empty() || disk.full || disk.dies_after) return;
  for (const auto& [suffix, file] : NewFiles()) {
    auto made = std::make_shared<Disk::File>();
    made->content = file.content;
    made->before = file.before;
    made->size_before = file.size_before;
    disk.files().emplace(name + suffix, std::move(made));
  }
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::Open(Options options) {
  std::unique_ptr<Journal> journal(new Journal(std::move(options)));
  const Options& o = journal->options_;
  MakeFiles(o.file);
  ACCORD_ASSIGN_OR_RETURN(journal->writer_, store::JournalWriter::Open(o.file, o.reserve));
  ACCORD_ASSIGN_OR_RETURN(journal->reader_, store::JournalReader::Open(o.file));
  return journal;
}

void Journal::Write(std::vector<driver::Append> batch, Done done, driver::LinePtr line) {
  options_.observer->OnQueued(batch);
  queue_.push_back({std::move(batch), std::move(done), std::move(line)});
  urgent_ = true;
  if (!writing_) FlushAfter(options_.sync_time());
}

void Journal::WriteSoon(std::vector<driver::Append> batch, driver::LinePtr line) {
  options_.observer->OnQueued(batch);
  queue_.push_back({std::move(batch), nullptr, std::move(line)});
  if (!writing_ && !due_) FlushAfter(kWriteSoon);
}

void Journal::FlushAfter(Millis time) {
  due_ = true;
  options_.world->After(time, life_, [this] { Flush(); });
}

void Journal::Flush() {
  if (writing_ || queue_.empty()) return;
  writing_ = true;
  urgent_ = due_ = false;
  in_flight_ = std::exchange(queue_, {});
  const Status status = writer_->Commit(in_flight_);
  for (const auto& pending : in_flight_) {
    if (status.ok() && !pending.GivenUp()) {
      options_.observer->OnWritten(pending.batch);
    } else if (pending.GivenUp() || pending.done) {
      // After any other failure the machine is down, and its disk says at the next start what it has.
      if (status.ok() || status.error() == errors::kStoreDiskFull.id)
        options_.observer->OnFailed(pending.batch);
    }
  }
  // A process may end between the sync and the moment when somebody hears of it.
  options_.world->After(options_.sync_time(), life_, [this, status] { Finish(status); });
}

void Journal::Finish(const Status& status) {
  store::JournalWriter::Group kept = writer_->Finish(std::exchange(in_flight_, {}), status);
  writing_ = false;
  const bool late = kept.empty() && !queue_.empty();
  queue_.insert(queue_.begin(), std::make_move_iterator(kept.begin()), std::make_move_iterator(kept.end()));
  if (urgent_) return FlushAfter(options_.sync_time());
  if (late) FlushAfter(kWriteSoon);  // what failed waits for the next Write
}

Result<std::vector<Bytes>> Journal::Read(const std::string& stream) { return reader_->Read(stream); }

Result<std::vector<std::string>> Journal::Streams(const std::string& prefix) {
  return reader_->Streams(prefix);
}

}  // namespace accord::sim
