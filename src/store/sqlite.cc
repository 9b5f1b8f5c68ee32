#include "store/sqlite.h"

#include <sqlite3.h>

#include <cerrno>
#include <string>

#include "base/check.h"
#include "base/errors.h"

namespace accord::store {
namespace {

constexpr int kBusyMs = 5000;
// Pages of 2 KiB make a small commit measurably cheaper than those of 4; the checkpoint comes after as many
// bytes as SQLite's defaults would have it.
constexpr const char* kWriterSettings =
    "PRAGMA page_size=2048; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA "
    "wal_autocheckpoint=2000;";

const ErrorInfo& ErrorOf(int code, int system_error) {
  const bool full = system_error == ENOSPC || system_error == EDQUOT;
  switch (code & 0xff) {
    case SQLITE_FULL:
      return errors::kStoreDiskFull;
    case SQLITE_IOERR:
      // The shared-memory index could not grow: SQLite does not keep errno of that.
      return full || code == SQLITE_IOERR_SHMSIZE ? errors::kStoreDiskFull : errors::kStoreIo;
    case SQLITE_CANTOPEN:
      return full ? errors::kStoreDiskFull : errors::kStoreIo;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return errors::kStoreCorrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return errors::kStoreLocked;
    default:
      return errors::kStoreIo;
  }
}

// The failure that `db` met last.
Status Failure(sqlite3* db) {
  const int code = sqlite3_extended_errcode(db);
  const char* file = sqlite3_db_filename(db, nullptr);
  return Fail(ErrorOf(code, sqlite3_system_errno(db)), std::string(file == nullptr ? "database" : file) +
                                                           ": " + sqlite3_errmsg(db) + " (" +
                                                           std::to_string(code) + ")");
}

}  // namespace

void Statement::Finalizer::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement& Statement::Bind(int index, std::int64_t value) {
  ACCORD_CHECK(sqlite3_bind_int64(statement_.get(), index, value) == SQLITE_OK);
  return *this;
}

Statement& Statement::Bind(int index, std::string_view text) {
  ACCORD_CHECK(sqlite3_bind_text64(statement_.get(), index, text.empty() ? "" : text.data(), text.size(),
                                   SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK);
  return *this;
}

Statement& Statement::Bind(int index, ByteView blob) {
  // A null pointer would bind NULL.
  const void* data = blob.empty() ? static_cast<const void*>("") : blob.data();
  ACCORD_CHECK(sqlite3_bind_blob64(statement_.get(), index, data, blob.size(), SQLITE_STATIC) == SQLITE_OK);
  return *this;
}

Result<bool> Statement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    Reset();
    return false;
  }
  Status status = Failure(sqlite3_db_handle(statement_.get()));
  Reset();
  return status;
}

Status Statement::Run() {
  ACCORD_ASSIGN_OR_RETURN(const bool row, Step());
  if (row) Reset();
  return {};
}

void Statement::Reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

std::int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_.get(), column); }

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::string_view Statement::Text(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return text == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(text), size);
}

ByteView Statement::Blob(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return data == nullptr ? ByteView() : ByteView(static_cast<const std::uint8_t*>(data), size);
}

void Database::Closer::operator()(sqlite3* db) const { ACCORD_CHECK(sqlite3_close(db) == SQLITE_OK); }

Result<Database> Database::Open(const std::filesystem::path& file, Mode mode) {
  const int flags = mode == Mode::kWrite ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  ACCORD_CHECK(raw != nullptr);
  Database db(raw);
  if (code != SQLITE_OK) {
    return Fail(ErrorOf(code, sqlite3_system_errno(raw)),
                "cannot open " + file.string() + ": " + sqlite3_errmsg(raw));
  }
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, kBusyMs);
  if (mode == Mode::kWrite) {
    ACCORD_RETURN_IF_ERROR(db.Exec(kWriterSettings));
  }
  return db;
}

Result<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                         &statement, nullptr) != SQLITE_OK) {
    return Failure(db_.get());
  }
  return Statement(statement);
}

Status Database::Exec(const char* sql) {
  if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) return Failure(db_.get());
  return {};
}

Result<std::int64_t> Database::SchemaVersion() {
  ACCORD_ASSIGN_OR_RETURN(Statement query, Prepare("PRAGMA user_version"));
  ACCORD_ASSIGN_OR_RETURN(const bool row, query.Step());
  return row ? query.Int(0) : 0;
}

Status Database::Migrate(std::span<const char* const> steps) {
  ACCORD_ASSIGN_OR_RETURN(const std::int64_t version, SchemaVersion());
  const auto known = static_cast<std::int64_t>(steps.size());
  if (version > known) {
    return Fail(errors::kStoreVersion, std::string(sqlite3_db_filename(db_.get(), nullptr)) +
                                           " has schema version " + std::to_string(version) +
                                           "; this program knows up to " + std::to_string(known));
  }
  for (std::int64_t i = version; i < known; ++i) {
    const Status stepped = Transaction([&]() -> Status {
      ACCORD_RETURN_IF_ERROR(Exec(steps[static_cast<std::size_t>(i)]));
      return Exec(("PRAGMA user_version=" + std::to_string(i + 1)).c_str());
    });
    if (!stepped.ok()) return stepped;
  }
  return {};
}

Status Database::Transaction(const std::function<Status()>& work) {
  ACCORD_RETURN_IF_ERROR(Exec("BEGIN IMMEDIATE"));
  Status status = work();
  if (status.ok()) status = Exec("COMMIT");
  if (!status.ok()) Rollback();
  return status;
}

Status Database::Check() {
  ACCORD_ASSIGN_OR_RETURN(Statement query, Prepare("PRAGMA integrity_check(1)"));
  ACCORD_ASSIGN_OR_RETURN(const bool row, query.Step());
  if (row && query.Text(0) == "ok") return {};
  return Fail(errors::kStoreCorrupt, std::string(sqlite3_db_filename(db_.get(), nullptr)) + ": " +
                                         (row ? Printable(query.Text(0)) : "SQLite cannot check it"));
}

Status Database::CopyTo(const std::filesystem::path& file) {
  ACCORD_ASSIGN_OR_RETURN(Statement copy, Prepare("VACUUM INTO ?"));
  const std::string name = file.string();
  return copy.Bind(1, std::string_view(name)).Run();
}

void Database::Rollback() {
  if (sqlite3_get_autocommit(db_.get()) == 0) sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

int Database::changes() const { return sqlite3_changes(db_.get()); }

std::int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(db_.get()); }

}  // namespace accord::store
