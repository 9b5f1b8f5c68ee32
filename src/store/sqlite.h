// SQLite behind RAII and Status: the only header of the project that knows of it, for the files of this
// module. A Database and its Statements belong to one thread at a time; who shares them brings the mutex.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "accord/status.h"
#include "base/text.h"

struct sqlite3;
struct sqlite3_stmt;

namespace accord::store {

// A prepared statement, reused for ever. Parameters count from 1, columns from 0. Bound bytes must live until
// Reset; column views die with the next Step or Reset.
class Statement {
 public:
  Statement() = default;

  Statement& Bind(int index, std::int64_t value);
  Statement& Bind(int index, std::string_view text);
  Statement& Bind(int index, ByteView blob);

  // True: a row is there. False: done. After a failure or the last row the statement is reset by itself.
  [[nodiscard]] Result<bool> Step();
  // Step for a statement without rows.
  [[nodiscard]] Status Run();
  void Reset();

  [[nodiscard]] std::int64_t Int(int column) const;
  [[nodiscard]] bool IsNull(int column) const;
  [[nodiscard]] std::string_view Text(int column) const;
  [[nodiscard]] ByteView Blob(int column) const;

 private:
  friend class Database;
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
};

class Database {
 public:
  enum class Mode : std::uint8_t { kWrite, kRead };

  // kWrite makes the file and sets WAL with synchronous=FULL (NORMAL would lose acknowledged commits at a
  // power cut). kRead may be used while another connection or process writes.
  [[nodiscard]] static Result<Database> Open(const std::filesystem::path& file, Mode mode);

  [[nodiscard]] Result<Statement> Prepare(std::string_view sql);
  // One or several statements without parameters or rows of interest.
  [[nodiscard]] Status Exec(const char* sql);
  [[nodiscard]] Result<std::int64_t> SchemaVersion();
  // Runs the steps that the file has not seen yet, each in a transaction of its own; steps[i] leads from
  // version i to i + 1. A version above them all is `store.version`.
  [[nodiscard]] Status Migrate(std::span<const char* const> steps);
  // Runs `work` in a transaction of its own: all of it is on disk after ok, nothing of it after a failure.
  [[nodiscard]] Status Transaction(const std::function<Status()>& work);
  // SQLite's own check of every page: `store.corrupt` with the first thing that it finds.
  [[nodiscard]] Status Check();
  // Copies all as of one moment into `file`, which must not exist; others may write meanwhile.
  [[nodiscard]] Status CopyTo(const std::filesystem::path& file);
  // Undoes an open transaction, if there is one.
  void Rollback();
  [[nodiscard]] int changes() const;
  [[nodiscard]] std::int64_t last_insert_id() const;

 private:
  struct Closer {
    void operator()(sqlite3* db) const;
  };
  explicit Database(sqlite3* db) : db_(db) {}
  std::unique_ptr<sqlite3, Closer> db_;
};

}  // namespace accord::store
