#include "store/sqlite_journal.h"

#include <chrono>
#include <iterator>
#include <optional>
#include <thread>
#include <utility>

#include "base/mutex.h"
#include "store/journal_writer.h"

namespace accord::store {
namespace {

using driver::Append;
using SteadyClock = std::chrono::steady_clock;

constexpr Millis kWriteSoon{100};  // the contract of driver::Journal

}  // namespace

class SqliteJournal::Worker {
 public:
  explicit Worker(std::unique_ptr<JournalWriter> writer);
  ~Worker();

  void Enqueue(std::vector<Append> batch, Done done, driver::LinePtr line) ACCORD_EXCLUDES(mutex_);
  void EnqueueLate(std::vector<Append> batch, driver::LinePtr line) ACCORD_EXCLUDES(mutex_);

 private:
  using Group = JournalWriter::Group;

  void Loop() ACCORD_EXCLUDES(mutex_);
  Group NextGroup() ACCORD_EXCLUDES(mutex_);
  void Keep(Group kept) ACCORD_EXCLUDES(mutex_);

  const std::unique_ptr<JournalWriter> writer_;  // the writer thread's own

  Mutex mutex_;
  CondVar wake_;
  Group queue_ ACCORD_GUARDED_BY(mutex_);
  bool urgent_ ACCORD_GUARDED_BY(mutex_) = false;  // the queue holds a Write
  // When the oldest batch that was written behind is due; none while it waits for the next Write.
  std::optional<SteadyClock::time_point> late_due_ ACCORD_GUARDED_BY(mutex_);
  bool stop_ ACCORD_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

SqliteJournal::Worker::Worker(std::unique_ptr<JournalWriter> writer)
    : writer_(std::move(writer)), thread_([this] { Loop(); }) {}

SqliteJournal::Worker::~Worker() {
  {
    const MutexLock lock(mutex_);
    stop_ = true;
  }
  wake_.NotifyOne();
  thread_.join();
}

void SqliteJournal::Worker::Enqueue(std::vector<Append> batch, Done done, driver::LinePtr line) {
  {
    const MutexLock lock(mutex_);
    queue_.push_back({std::move(batch), std::move(done), std::move(line)});
    urgent_ = true;
  }
  wake_.NotifyOne();
}

void SqliteJournal::Worker::EnqueueLate(std::vector<Append> batch, driver::LinePtr line) {
  {
    const MutexLock lock(mutex_);
    queue_.push_back({std::move(batch), nullptr, std::move(line)});
    if (late_due_) return;  // the writer waits for an older one already
    late_due_ = SteadyClock::now() + kWriteSoon;
  }
  wake_.NotifyOne();
}

void SqliteJournal::Worker::Loop() {
  for (Group group = NextGroup(); !group.empty(); group = NextGroup()) {
    const Status status = writer_->Commit(group);
    Keep(writer_->Finish(std::move(group), status));
  }
}

// All that is queued, once it is wanted; empty when the journal closes.
SqliteJournal::Worker::Group SqliteJournal::Worker::NextGroup() {
  const MutexLock lock(mutex_);
  while (!urgent_ && !stop_) {
    if (!late_due_) {
      wake_.Wait(mutex_);
    } else if (const auto left = *late_due_ - SteadyClock::now(); left.count() > 0) {
      wake_.WaitFor(mutex_, left);
    } else {
      break;
    }
  }
  urgent_ = false;
  late_due_.reset();
  return std::exchange(queue_, {});
}

// First in the queue again, unless there will be no next Write.
void SqliteJournal::Worker::Keep(Group kept) {
  const MutexLock lock(mutex_);
  if (kept.empty() || (stop_ && !urgent_)) return;
  queue_.insert(queue_.begin(), std::make_move_iterator(kept.begin()), std::make_move_iterator(kept.end()));
}

SqliteJournal::SqliteJournal(std::unique_ptr<Worker> worker, std::unique_ptr<JournalReader> reader)
    : worker_(std::move(worker)), reader_(std::move(reader)) {}
SqliteJournal::~SqliteJournal() = default;

Result<std::unique_ptr<SqliteJournal>> SqliteJournal::Open(const std::filesystem::path& file,
                                                           Reserve* reserve) {
  ACCORD_ASSIGN_OR_RETURN(std::unique_ptr<JournalWriter> writer, JournalWriter::Open(file, reserve));
  ACCORD_ASSIGN_OR_RETURN(std::unique_ptr<JournalReader> reader, JournalReader::Open(file));
  return std::unique_ptr<SqliteJournal>(
      new SqliteJournal(std::make_unique<Worker>(std::move(writer)), std::move(reader)));
}

void SqliteJournal::Write(std::vector<Append> batch, Done done, driver::LinePtr line) {
  worker_->Enqueue(std::move(batch), std::move(done), std::move(line));
}

void SqliteJournal::WriteSoon(std::vector<Append> batch, driver::LinePtr line) {
  worker_->EnqueueLate(std::move(batch), std::move(line));
}

Result<std::vector<Bytes>> SqliteJournal::Read(const std::string& stream) { return reader_->Read(stream); }

Result<std::vector<std::string>> SqliteJournal::Streams(const std::string& prefix) {
  return reader_->Streams(prefix);
}

}  // namespace accord::store
