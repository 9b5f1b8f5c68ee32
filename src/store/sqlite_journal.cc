#include "store/sqlite_journal.h"

#include <chrono>
#include <iterator>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/log.h"
#include "base/mutex.h"
#include "store/journal_schema.h"
#include "store/sqlite.h"

namespace accord::store {
namespace {

using driver::Append;
using SteadyClock = std::chrono::steady_clock;

constexpr Millis kWriteSoon{100};  // the contract of driver::Journal

}  // namespace

class SqliteJournal::Worker {
 public:
  static Result<std::unique_ptr<Worker>> Open(const std::filesystem::path& file, Reserve* reserve);
  ~Worker();

  void Enqueue(std::vector<Append> batch, Done done) ACCORD_EXCLUDES(mutex_);
  void EnqueueLate(std::vector<Append> batch) ACCORD_EXCLUDES(mutex_);

 private:
  struct Pending {
    std::vector<Append> batch;
    Done done;  // none: written behind, kept until it is written
  };
  using Group = std::vector<Pending>;
  struct Stream {
    std::int64_t id = 0;
    std::int64_t next_seq = 0;
  };

  Worker(Database db, Reserve* reserve) : db_(std::move(db)), reserve_(reserve) {}
  Status Prepare();
  void Loop() ACCORD_EXCLUDES(mutex_);
  Group NextGroup() ACCORD_EXCLUDES(mutex_);
  Status Commit(const Group& group);
  Status WriteGroup(const Group& group);
  void Finish(Group group, const Status& status) ACCORD_EXCLUDES(mutex_);
  Status Insert(const Append& append);
  Result<Stream*> StreamOf(const std::string& name);

  // The writer thread's own.
  Database db_;
  Reserve* const reserve_;
  Statement begin_, commit_, insert_, find_stream_, last_record_, add_stream_;
  std::unordered_map<std::string, Stream> streams_;  // those written to; forgotten when a commit fails
  Status broken_;                                    // why nothing can be written any more

  Mutex mutex_;
  CondVar wake_;
  Group queue_ ACCORD_GUARDED_BY(mutex_);
  bool urgent_ ACCORD_GUARDED_BY(mutex_) = false;  // the queue holds a Write
  // When the oldest batch that was written behind is due; none while it waits for the next Write.
  std::optional<SteadyClock::time_point> late_due_ ACCORD_GUARDED_BY(mutex_);
  bool stop_ ACCORD_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

Result<std::unique_ptr<SqliteJournal::Worker>> SqliteJournal::Worker::Open(const std::filesystem::path& file,
                                                                           Reserve* reserve) {
  ACCORD_ASSIGN_OR_RETURN(Database db, Database::Open(file, Database::Mode::kWrite));
  ACCORD_RETURN_IF_ERROR(db.Migrate(kJournalSchema));
  std::unique_ptr<Worker> worker(new Worker(std::move(db), reserve));
  ACCORD_RETURN_IF_ERROR(worker->Prepare());
  worker->thread_ = std::thread([w = worker.get()] { w->Loop(); });
  return worker;
}

SqliteJournal::Worker::~Worker() {
  {
    const MutexLock lock(mutex_);
    stop_ = true;
  }
  wake_.NotifyOne();
  if (thread_.joinable()) thread_.join();
}

Status SqliteJournal::Worker::Prepare() {
  ACCORD_ASSIGN_OR_RETURN(begin_, db_.Prepare("BEGIN IMMEDIATE"));
  ACCORD_ASSIGN_OR_RETURN(commit_, db_.Prepare("COMMIT"));
  ACCORD_ASSIGN_OR_RETURN(insert_, db_.Prepare("INSERT INTO records VALUES(?, ?, ?)"));
  ACCORD_ASSIGN_OR_RETURN(find_stream_, db_.Prepare("SELECT id FROM streams WHERE name = ?"));
  ACCORD_ASSIGN_OR_RETURN(
      last_record_, db_.Prepare("SELECT id FROM records WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1"));
  ACCORD_ASSIGN_OR_RETURN(add_stream_, db_.Prepare("INSERT INTO streams(name) VALUES(?)"));
  return {};
}

void SqliteJournal::Worker::Enqueue(std::vector<Append> batch, Done done) {
  {
    const MutexLock lock(mutex_);
    queue_.push_back({std::move(batch), std::move(done)});
    urgent_ = true;
  }
  wake_.NotifyOne();
}

void SqliteJournal::Worker::EnqueueLate(std::vector<Append> batch) {
  {
    const MutexLock lock(mutex_);
    queue_.push_back({std::move(batch), nullptr});
    if (late_due_) return;  // the writer waits for an older one already
    late_due_ = SteadyClock::now() + kWriteSoon;
  }
  wake_.NotifyOne();
}

void SqliteJournal::Worker::Loop() {
  for (Group group = NextGroup(); !group.empty(); group = NextGroup()) {
    const Status status = Commit(group);
    Finish(std::move(group), status);
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

// The group's fate: on failure nothing of it is written, and what was remembered of streams is read again.
Status SqliteJournal::Worker::Commit(const Group& group) {
  if (!broken_.ok()) return broken_;
  Status status = WriteGroup(group);
  if (status.ok()) return status;
  db_.Rollback();
  streams_.clear();
  LogError("store.journal_write_failed", {{"error", Describe(status)}});
  if (status.error() == errors::kStoreDiskFull.id) {
    if (reserve_ != nullptr) reserve_->Release();
  } else if (status.error() != errors::kStoreLocked.id) {
    broken_ = status;
  }
  return status;
}

Status SqliteJournal::Worker::WriteGroup(const Group& group) {
  ACCORD_RETURN_IF_ERROR(begin_.Run());
  for (const Pending& pending : group) {
    for (const Append& append : pending.batch) ACCORD_RETURN_IF_ERROR(Insert(append));
  }
  return commit_.Run();
}

// Tells each Write its fate. What was written behind has nobody to tell, so it stays first in the queue and
// goes with the next Write, unless there will be none.
void SqliteJournal::Worker::Finish(Group group, const Status& status) {
  Group kept;
  for (Pending& pending : group) {
    if (pending.done) {
      pending.done(status);
    } else if (!status.ok() && broken_.ok()) {
      kept.push_back(std::move(pending));
    }
  }
  const MutexLock lock(mutex_);
  if (kept.empty() || stop_) return;
  queue_.insert(queue_.begin(), std::make_move_iterator(kept.begin()), std::make_move_iterator(kept.end()));
}

Status SqliteJournal::Worker::Insert(const Append& append) {
  ACCORD_ASSIGN_OR_RETURN(Stream * stream, StreamOf(append.stream));
  ACCORD_CHECK(stream->next_seq <= kMaxSeq);
  insert_.Bind(1, KeyOf(stream->id, stream->next_seq));
  insert_.Bind(2, RecordChecksum(append.stream, stream->next_seq, append.record));
  insert_.Bind(3, ByteView(append.record));
  ACCORD_RETURN_IF_ERROR(insert_.Run());
  ++stream->next_seq;
  return {};
}

Result<SqliteJournal::Worker::Stream*> SqliteJournal::Worker::StreamOf(const std::string& name) {
  if (const auto known = streams_.find(name); known != streams_.end()) return &known->second;
  Stream stream;
  ACCORD_ASSIGN_OR_RETURN(const bool found, find_stream_.Bind(1, std::string_view(name)).Step());
  if (found) {
    stream.id = find_stream_.Int(0);
    find_stream_.Reset();
    last_record_.Bind(1, KeyOf(stream.id, 0)).Bind(2, KeyOf(stream.id, kMaxSeq));
    ACCORD_ASSIGN_OR_RETURN(const bool any, last_record_.Step());
    if (any) stream.next_seq = last_record_.Int(0) - KeyOf(stream.id, 0) + 1;
    last_record_.Reset();
  } else {
    ACCORD_RETURN_IF_ERROR(add_stream_.Bind(1, std::string_view(name)).Run());
    stream.id = db_.last_insert_id();
    ACCORD_CHECK(stream.id <= kMaxStream);
  }
  return &streams_.emplace(name, stream).first->second;
}

SqliteJournal::SqliteJournal(std::unique_ptr<Worker> worker, std::unique_ptr<JournalReader> reader)
    : worker_(std::move(worker)), reader_(std::move(reader)) {}
SqliteJournal::~SqliteJournal() = default;

Result<std::unique_ptr<SqliteJournal>> SqliteJournal::Open(const std::filesystem::path& file,
                                                           Reserve* reserve) {
  Result<std::unique_ptr<Worker>> worker = Worker::Open(file, reserve);
  if (!worker.ok() && worker.status().error() == errors::kStoreDiskFull.id && reserve != nullptr) {
    reserve->Release();  // opening needs a few pages itself
    worker = Worker::Open(file, reserve);
  }
  if (!worker.ok()) return worker.status();
  ACCORD_ASSIGN_OR_RETURN(std::unique_ptr<JournalReader> reader, JournalReader::Open(file));
  return std::unique_ptr<SqliteJournal>(new SqliteJournal(*std::move(worker), std::move(reader)));
}

void SqliteJournal::Write(std::vector<Append> batch, Done done) {
  worker_->Enqueue(std::move(batch), std::move(done));
}

void SqliteJournal::WriteSoon(std::vector<Append> batch) { worker_->EnqueueLate(std::move(batch)); }

Result<std::vector<Bytes>> SqliteJournal::Read(const std::string& stream) { return reader_->Read(stream); }

Result<std::vector<std::string>> SqliteJournal::Streams(const std::string& prefix) {
  return reader_->Streams(prefix);
}

}  // namespace accord::store
