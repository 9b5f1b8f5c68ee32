#include "store/journal_writer.h"

#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/log.h"
#include "store/journal_schema.h"

namespace accord::store {

using driver::Append;

Result<std::unique_ptr<JournalWriter>> JournalWriter::TryOpen(const std::filesystem::path& file,
                                                              Reserve* reserve) {
  ACCORD_ASSIGN_OR_RETURN(Database db, Database::Open(file, Database::Mode::kWrite));
  ACCORD_RETURN_IF_ERROR(db.Migrate(kJournalSchema));
  std::unique_ptr<JournalWriter> writer(new JournalWriter(std::move(db), reserve));
  ACCORD_RETURN_IF_ERROR(writer->Prepare());
  return writer;
}

Result<std::unique_ptr<JournalWriter>> JournalWriter::Open(const std::filesystem::path& file,
                                                           Reserve* reserve) {
  Result<std::unique_ptr<JournalWriter>> writer = TryOpen(file, reserve);
  if (!writer.ok() && writer.status().error() == errors::kStoreDiskFull.id && reserve != nullptr) {
    reserve->Release();  // opening needs a few pages itself
    writer = TryOpen(file, reserve);
  }
  return writer;
}

Status JournalWriter::Prepare() {
  ACCORD_ASSIGN_OR_RETURN(begin_, db_.Prepare("BEGIN IMMEDIATE"));
  ACCORD_ASSIGN_OR_RETURN(commit_, db_.Prepare("COMMIT"));
  ACCORD_ASSIGN_OR_RETURN(insert_, db_.Prepare("INSERT INTO records VALUES(?, ?, ?)"));
  ACCORD_ASSIGN_OR_RETURN(find_stream_, db_.Prepare("SELECT id FROM streams WHERE name = ?"));
  ACCORD_ASSIGN_OR_RETURN(
      last_record_, db_.Prepare("SELECT id FROM records WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1"));
  ACCORD_ASSIGN_OR_RETURN(add_stream_, db_.Prepare("INSERT INTO streams(name) VALUES(?)"));
  return {};
}

// On failure what was remembered of streams is read again.
Status JournalWriter::Commit(const Group& group) {
  if (!broken_.ok()) return broken_;
  Status status = WriteGroup(group);
  if (status.ok()) return status;
  db_.Rollback();
  streams_.clear();
  for (const Pending& pending : group) {
    if (pending.done && pending.line && pending.line->failed.ok()) pending.line->failed = status;
  }
  LogError("store.journal_write_failed", {{"error", Describe(status)}});
  if (status.error() == errors::kStoreDiskFull.id) {
    if (reserve_ != nullptr) reserve_->Release();
  } else if (status.error() != errors::kStoreLocked.id) {
    broken_ = status;
  }
  return status;
}

Status JournalWriter::WriteGroup(const Group& group) {
  ACCORD_RETURN_IF_ERROR(begin_.Run());
  for (const Pending& pending : group) {
    if (pending.GivenUp()) continue;
    for (const Append& append : pending.batch) ACCORD_RETURN_IF_ERROR(Insert(append));
  }
  return commit_.Run();
}

JournalWriter::Group JournalWriter::Finish(Group group, const Status& status) const {
  Group kept;
  for (Pending& pending : group) {
    if (pending.done) {
      pending.done(pending.GivenUp() ? pending.line->failed : status);
    } else if (!status.ok() && broken_.ok() && !pending.GivenUp()) {
      kept.push_back(std::move(pending));
    }
  }
  return kept;
}

Status JournalWriter::Insert(const Append& append) {
  ACCORD_ASSIGN_OR_RETURN(Stream * stream, StreamOf(append.stream));
  ACCORD_CHECK(stream->next_seq <= kMaxSeq);
  insert_.Bind(1, KeyOf(stream->id, stream->next_seq));
  insert_.Bind(2, RecordChecksum(append.stream, stream->next_seq, append.record));
  insert_.Bind(3, ByteView(append.record));
  ACCORD_RETURN_IF_ERROR(insert_.Run());
  ++stream->next_seq;
  return {};
}

Result<JournalWriter::Stream*> JournalWriter::StreamOf(const std::string& name) {
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

}  // namespace accord::store
