#include "node/budget_ledger.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>

#include "base/errors.h"
#include "base/mutex.h"
#include "store/sqlite.h"

namespace accord::node {
namespace {

namespace fs = std::filesystem;

using charter::BudgetEntry;
using store::Database;
using store::Statement;

// The ladder of schema versions; only ever append.
constexpr std::array<const char*, 1> kBudgetSchema = {
    "CREATE TABLE jobs(job BLOB PRIMARY KEY, rule TEXT NOT NULL, epsilon_milli INTEGER NOT NULL,"
    " wall_ms INTEGER NOT NULL, epsilon_spent_milli INTEGER NOT NULL, wall_spent_ms INTEGER NOT NULL,"
    " open INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE certificates(job BLOB NOT NULL, certificate BLOB NOT NULL,"
    " PRIMARY KEY(job, certificate)) WITHOUT ROWID"};

fs::path BudgetFile(const fs::path& state) { return state / "budget.db"; }
ByteView Raw(const Digest& digest) { return digest.bytes; }
Digest ToDigest(ByteView bytes) { return Digest::FromBytes(AsText(bytes)).value_or(Digest()); }

std::int64_t ToSigned(std::uint64_t value) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(value, std::numeric_limits<std::int64_t>::max()));
}
std::uint64_t Unsigned(const Statement& row, int column) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, row.Int(column)));
}

Result<std::vector<BudgetEntry>> ReadEntries(Database& db) {
  std::vector<BudgetEntry> entries;
  ACCORD_ASSIGN_OR_RETURN(Statement jobs, db.Prepare("SELECT job, rule, epsilon_milli, wall_ms,"
                                                     " epsilon_spent_milli, wall_spent_ms, open FROM jobs"
                                                     " ORDER BY job"));
  while (true) {
    ACCORD_ASSIGN_OR_RETURN(const bool row, jobs.Step());
    if (!row) break;
    entries.push_back({.job = ToDigest(jobs.Blob(0)),
                       .rule = std::string(jobs.Text(1)),
                       .certificates = {},
                       .epsilon_milli = Unsigned(jobs, 2),
                       .wall_ms = Unsigned(jobs, 3),
                       .epsilon_spent_milli = Unsigned(jobs, 4),
                       .wall_spent_ms = Unsigned(jobs, 5),
                       .open = jobs.Int(6) != 0});
  }
  ACCORD_ASSIGN_OR_RETURN(Statement named,
                          db.Prepare("SELECT job, certificate FROM certificates ORDER BY job, certificate"));
  while (true) {
    ACCORD_ASSIGN_OR_RETURN(const bool row, named.Step());
    if (!row) return entries;
    const auto entry = std::ranges::lower_bound(entries, ToDigest(named.Blob(0)), {}, &BudgetEntry::job);
    if (entry != entries.end() && entry->job == ToDigest(named.Blob(0)))
      entry->certificates.push_back(ToDigest(named.Blob(1)));
  }
}

Status Remove(Database& db, const Digest& job) {
  for (const char* sql : {"DELETE FROM jobs WHERE job = ?", "DELETE FROM certificates WHERE job = ?"}) {
    ACCORD_ASSIGN_OR_RETURN(Statement remove, db.Prepare(sql));
    ACCORD_RETURN_IF_ERROR(remove.Bind(1, Raw(job)).Run());
  }
  return {};
}

Status Put(Database& db, const BudgetEntry& entry) {
  ACCORD_RETURN_IF_ERROR(Remove(db, entry.job));
  ACCORD_ASSIGN_OR_RETURN(Statement insert, db.Prepare("INSERT INTO jobs VALUES(?, ?, ?, ?, ?, ?, ?)"));
  insert.Bind(1, Raw(entry.job)).Bind(2, std::string_view(entry.rule));
  insert.Bind(3, ToSigned(entry.epsilon_milli)).Bind(4, ToSigned(entry.wall_ms));
  insert.Bind(5, ToSigned(entry.epsilon_spent_milli)).Bind(6, ToSigned(entry.wall_spent_ms));
  ACCORD_RETURN_IF_ERROR(insert.Bind(7, std::int64_t{entry.open}).Run());
  ACCORD_ASSIGN_OR_RETURN(Statement name, db.Prepare("INSERT OR IGNORE INTO certificates VALUES(?, ?)"));
  for (const Digest& one : entry.certificates)
    ACCORD_RETURN_IF_ERROR(name.Bind(1, Raw(entry.job)).Bind(2, Raw(one)).Run());
  return {};
}

}  // namespace

struct BudgetLedger::State {
  Mutex mutex;
  Database db;  // guarded by it
};

BudgetLedger::BudgetLedger(std::unique_ptr<State> state) : state_(std::move(state)) {}
BudgetLedger::~BudgetLedger() = default;

Result<std::unique_ptr<BudgetLedger>> BudgetLedger::Open(const fs::path& state) {
  ACCORD_ASSIGN_OR_RETURN(Database db, Database::Open(BudgetFile(state), Database::Mode::kWrite));
  ACCORD_RETURN_IF_ERROR(db.Migrate(kBudgetSchema));
  return std::unique_ptr<BudgetLedger>(
      new BudgetLedger(std::unique_ptr<State>(new State{.mutex = {}, .db = std::move(db)})));
}

Result<std::vector<BudgetEntry>> BudgetLedger::Read(const fs::path& state) {
  if (!fs::exists(BudgetFile(state))) return std::vector<BudgetEntry>();
  ACCORD_ASSIGN_OR_RETURN(Database db, Database::Open(BudgetFile(state), Database::Mode::kRead));
  return ReadEntries(db);
}

Result<std::vector<BudgetEntry>> BudgetLedger::Entries() {
  const MutexLock lock(state_->mutex);
  return ReadEntries(state_->db);
}

Status BudgetLedger::Reserve(const BudgetEntry& asked, const charter::BudgetCeilings& ceilings) {
  const MutexLock lock(state_->mutex);
  return state_->db.Transaction([&]() -> Status {
    ACCORD_ASSIGN_OR_RETURN(const std::vector<BudgetEntry> ledger, ReadEntries(state_->db));
    ACCORD_ASSIGN_OR_RETURN(const BudgetEntry granted, charter::Grant(ledger, asked, ceilings));
    return Put(state_->db, granted);
  });
}

Status BudgetLedger::MayTrain(const Digest& job) {
  const MutexLock lock(state_->mutex);
  ACCORD_ASSIGN_OR_RETURN(
      Statement query,
      state_->db.Prepare("SELECT wall_ms, wall_spent_ms FROM jobs WHERE job = ? AND open = 1"));
  query.Bind(1, Raw(job));
  ACCORD_ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return Fail(errors::kPolicyBudget, "no budget is reserved for the job");
  if (Unsigned(query, 1) < Unsigned(query, 0)) return {};
  return Fail(errors::kPolicyBudget, "the job has trained for " + std::to_string(Unsigned(query, 1)) +
                                         " of the " + std::to_string(Unsigned(query, 0)) +
                                         " ms that were reserved for it");
}

Status BudgetLedger::Spend(const Digest& job, std::uint64_t epsilon_milli, std::chrono::milliseconds wall) {
  const MutexLock lock(state_->mutex);
  ACCORD_ASSIGN_OR_RETURN(Statement update,
                          state_->db.Prepare("UPDATE jobs SET epsilon_spent_milli = epsilon_spent_milli + ?2,"
                                             " wall_spent_ms = wall_spent_ms + ?3 WHERE job = ?1"));
  update.Bind(1, Raw(job)).Bind(2, ToSigned(epsilon_milli));
  return update.Bind(3, std::max<std::int64_t>(0, wall.count())).Run();
}

Status BudgetLedger::Release(const Digest& job) {
  const MutexLock lock(state_->mutex);
  ACCORD_ASSIGN_OR_RETURN(Statement close,
                          state_->db.Prepare("UPDATE jobs SET open = 0 WHERE job = ? AND open = 1"));
  return close.Bind(1, Raw(job)).Run();
}

}  // namespace accord::node
