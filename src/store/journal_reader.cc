#include "store/journal_reader.h"

#include <utility>

#include "base/codec.h"
#include "base/crc32c.h"
#include "base/errors.h"
#include "base/mutex.h"
#include "store/journal_schema.h"
#include "store/sqlite.h"

namespace accord::store {

std::int64_t RecordChecksum(const std::string& stream, std::int64_t seq, ByteView record) {
  Writer place;
  place.Lv(stream).I64(seq);
  return Crc32c(record, Crc32c(place.bytes()));
}

struct JournalReader::State {
  Database db;
  Statement find_stream;
  Statement records;
  Statement streams;
  Mutex mutex = {};
};

JournalReader::JournalReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
JournalReader::~JournalReader() = default;

Result<std::unique_ptr<JournalReader>> JournalReader::Open(const std::filesystem::path& file) {
  ACCORD_ASSIGN_OR_RETURN(Database db, Database::Open(file, Database::Mode::kRead));
  ACCORD_ASSIGN_OR_RETURN(const std::int64_t version, db.SchemaVersion());
  if (version != static_cast<std::int64_t>(kJournalSchema.size())) {
    return Fail(version == 0 ? errors::kStoreIo : errors::kStoreVersion,
                file.string() + " has schema version " + std::to_string(version) + "; this program reads " +
                    std::to_string(kJournalSchema.size()));
  }
  ACCORD_ASSIGN_OR_RETURN(Statement find_stream, db.Prepare("SELECT id FROM streams WHERE name = ?"));
  ACCORD_ASSIGN_OR_RETURN(
      Statement records,
      db.Prepare("SELECT id, crc, record FROM records WHERE id BETWEEN ? AND ? ORDER BY id"));
  ACCORD_ASSIGN_OR_RETURN(Statement streams,
                          db.Prepare("SELECT name FROM streams WHERE name >= ? ORDER BY name"));
  return std::unique_ptr<JournalReader>(new JournalReader(std::unique_ptr<State>(
      new State{std::move(db), std::move(find_stream), std::move(records), std::move(streams)})));
}

Result<StreamCheck> JournalReader::Check(const std::string& stream) {
  const MutexLock lock(state_->mutex);
  StreamCheck out;
  ACCORD_ASSIGN_OR_RETURN(const bool found, state_->find_stream.Bind(1, std::string_view(stream)).Step());
  if (!found) return out;
  const std::int64_t id = state_->find_stream.Int(0);
  state_->find_stream.Reset();
  Statement& query = state_->records;
  query.Bind(1, KeyOf(id, 0)).Bind(2, KeyOf(id, kMaxSeq));
  for (std::int64_t next = 0;; ++next) {
    ACCORD_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return out;
    const std::int64_t seq = query.Int(0) - KeyOf(id, 0);
    const ByteView record = query.Blob(2);
    const bool good = query.Int(1) == RecordChecksum(stream, seq, record);
    if (seq > next || !good) out.gaps.push_back({next, good ? seq - 1 : seq});
    next = seq;
    if (!good) continue;
    ++out.whole;
    if (out.gaps.empty()) out.records.emplace_back(record.begin(), record.end());
  }
}

Result<std::vector<Bytes>> JournalReader::Read(const std::string& stream) {
  ACCORD_ASSIGN_OR_RETURN(StreamCheck check, Check(stream));
  if (check.gaps.empty()) return std::move(check.records);
  return Fail(errors::kStoreCorrupt, "journal record " + std::to_string(check.gaps.front().first) +
                                         " of stream " + Printable(stream) + " is damaged or missing");
}

Status JournalReader::CheckFile() {
  const MutexLock lock(state_->mutex);
  return state_->db.Check();
}

Status JournalReader::CopyTo(const std::filesystem::path& copy) {
  const MutexLock lock(state_->mutex);
  return state_->db.CopyTo(copy);
}

Result<std::vector<std::string>> JournalReader::Streams(const std::string& prefix) {
  const MutexLock lock(state_->mutex);
  Statement& query = state_->streams;
  query.Bind(1, std::string_view(prefix));
  std::vector<std::string> out;
  while (true) {
    ACCORD_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return out;
    if (!query.Text(0).starts_with(prefix)) break;
    out.emplace_back(query.Text(0));
  }
  query.Reset();
  return out;
}

}  // namespace accord::store
