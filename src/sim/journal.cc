#include "sim/journal.h"

#include <iterator>
#include <utility>

#include "base/errors.h"

namespace accord::sim {
namespace {

constexpr Millis kWriteSoon{100};  // the contract of driver::Journal

}  // namespace

Result<std::unique_ptr<Journal>> Journal::Open(Options options) {
  std::unique_ptr<Journal> journal(new Journal(std::move(options)));
  const Options& o = journal->options_;
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
