#include "store/members.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/errors.h"
#include "base/mutex.h"
#include "store/sqlite.h"

namespace accord::store {
namespace {

// The ladder of schema versions; only ever append.
constexpr std::array<const char*, 1> kSchema = {
    "CREATE TABLE members(spiffe_id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL,"
    " protocol_key BLOB NOT NULL, registry_entry BLOB NOT NULL, registry_signature BLOB NOT NULL,"
    " serial TEXT NOT NULL, fingerprint BLOB NOT NULL, not_after INTEGER NOT NULL,"
    " enrolled_at INTEGER NOT NULL, suspended INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE tokens(secret_hash BLOB PRIMARY KEY, spiffe_id TEXT NOT NULL, name TEXT NOT NULL,"
    " role TEXT NOT NULL, expires_at INTEGER NOT NULL, created_by TEXT NOT NULL,"
    " used_at INTEGER, request BLOB, answer BLOB) WITHOUT ROWID"};

constexpr std::string_view kSelectMembers =
    "SELECT spiffe_id, name, role, protocol_key, registry_entry, registry_signature, serial, fingerprint,"
    " not_after, enrolled_at, suspended FROM members";
constexpr std::string_view kSelectTokens =
    "SELECT secret_hash, spiffe_id, name, role, expires_at, created_by, used_at, request, answer FROM tokens";

std::int64_t ToMs(TimePoint time) { return time.time_since_epoch().count(); }
TimePoint FromMs(std::int64_t ms) { return TimePoint(Millis(ms)); }
ByteView View(const Digest& digest) { return digest.bytes; }
Bytes Copy(ByteView bytes) { return {bytes.begin(), bytes.end()}; }
Digest ToDigest(ByteView bytes) { return Digest::FromBytes(AsText(bytes)).value_or(Digest()); }

Member ReadMember(const Statement& row) {
  return {.spiffe_id = std::string(row.Text(0)),
          .name = std::string(row.Text(1)),
          .role = std::string(row.Text(2)),
          .protocol_key = Copy(row.Blob(3)),
          .registry_entry = Copy(row.Blob(4)),
          .registry_signature = Copy(row.Blob(5)),
          .certificate = {.serial = std::string(row.Text(6)),
                          .fingerprint = ToDigest(row.Blob(7)),
                          .not_after = FromMs(row.Int(8))},
          .enrolled_at = FromMs(row.Int(9)),
          .suspended = row.Int(10) != 0};
}

JoinToken ReadToken(const Statement& row) {
  return {.secret_hash = ToDigest(row.Blob(0)),
          .spiffe_id = std::string(row.Text(1)),
          .name = std::string(row.Text(2)),
          .role = std::string(row.Text(3)),
          .expires_at = FromMs(row.Int(4)),
          .created_by = std::string(row.Text(5)),
          .used_at = row.IsNull(6) ? std::nullopt : std::optional(FromMs(row.Int(6))),
          .request = ToDigest(row.Blob(7)),
          .answer = Copy(row.Blob(8))};
}

Status NoMember(const std::string& spiffe_id) {
  return Fail(errors::kMemberNotFound, "no member " + Printable(spiffe_id));
}

// All rows of a bound query, each through `read`.
template <class T>
Result<std::vector<T>> ReadAll(Statement& query, T (*read)(const Statement&)) {
  std::vector<T> rows;
  while (true) {
    ACCORD_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return rows;
    rows.push_back(read(query));
  }
}

Status UseToken(Database& db, const Redemption& redemption, TimePoint now) {
  ACCORD_ASSIGN_OR_RETURN(
      Statement update,
      db.Prepare("UPDATE tokens SET used_at = ?1, request = ?2, answer = ?3 WHERE secret_hash = ?4"
                 " AND used_at IS NULL AND expires_at > ?1 AND spiffe_id = ?5 AND name = ?6 AND role = ?7"));
  update.Bind(1, ToMs(now)).Bind(2, View(redemption.request)).Bind(3, ByteView(redemption.answer));
  update.Bind(4, View(redemption.secret_hash)).Bind(5, std::string_view(redemption.member.spiffe_id));
  update.Bind(6, std::string_view(redemption.member.name)).Bind(7, std::string_view(redemption.member.role));
  ACCORD_RETURN_IF_ERROR(update.Run());
  if (db.changes() == 1) return {};
  return Fail(errors::kTokenInvalid, "the token is not known, used, expired, or for somebody else");
}

Status PutMember(Database& db, const Member& member) {
  ACCORD_ASSIGN_OR_RETURN(
      Statement insert,
      db.Prepare(
          "INSERT INTO members VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(spiffe_id) DO UPDATE SET"
          " name = excluded.name, role = excluded.role, protocol_key = excluded.protocol_key,"
          " registry_entry = excluded.registry_entry, registry_signature = excluded.registry_signature,"
          " serial = excluded.serial, fingerprint = excluded.fingerprint, not_after = excluded.not_after,"
          " enrolled_at = excluded.enrolled_at WHERE suspended = 0"));
  const CertificateRecord& certificate = member.certificate;
  insert.Bind(1, std::string_view(member.spiffe_id)).Bind(2, std::string_view(member.name));
  insert.Bind(3, std::string_view(member.role)).Bind(4, ByteView(member.protocol_key));
  insert.Bind(5, ByteView(member.registry_entry)).Bind(6, ByteView(member.registry_signature));
  insert.Bind(7, std::string_view(certificate.serial)).Bind(8, View(certificate.fingerprint));
  insert.Bind(9, ToMs(certificate.not_after)).Bind(10, ToMs(member.enrolled_at));
  insert.Bind(11, std::int64_t{member.suspended});
  ACCORD_RETURN_IF_ERROR(insert.Run());
  if (db.changes() == 1) return {};
  return Fail(errors::kAuthRevoked, Printable(member.spiffe_id) + " is suspended");
}

}  // namespace

struct Members::State {
  Mutex mutex;
  Database db;
};

Members::Members(std::unique_ptr<State> state) : state_(std::move(state)) {}
Members::~Members() = default;

Result<std::unique_ptr<Members>> Members::Open(const std::filesystem::path& file) {
  ACCORD_ASSIGN_OR_RETURN(Database db, Database::Open(file, Database::Mode::kWrite));
  ACCORD_RETURN_IF_ERROR(db.Migrate(kSchema));
  return std::unique_ptr<Members>(new Members(std::unique_ptr<State>(new State{{}, std::move(db)})));
}

Result<std::uint64_t> Members::Check(const std::filesystem::path& file) {
  ACCORD_ASSIGN_OR_RETURN(Database db, Database::Open(file, Database::Mode::kRead));
  ACCORD_RETURN_IF_ERROR(db.Check());
  ACCORD_ASSIGN_OR_RETURN(Statement query, db.Prepare("SELECT count(*) FROM members"));
  ACCORD_ASSIGN_OR_RETURN(const bool row, query.Step());
  return row ? static_cast<std::uint64_t>(query.Int(0)) : 0;
}

Status Members::Copy(const std::filesystem::path& file, const std::filesystem::path& copy) {
  ACCORD_ASSIGN_OR_RETURN(Database db, Database::Open(file, Database::Mode::kRead));
  return db.CopyTo(copy);
}

Status Members::AddToken(const JoinToken& token) {
  const MutexLock lock(state_->mutex);
  ACCORD_ASSIGN_OR_RETURN(
      Statement insert,
      state_->db.Prepare("INSERT INTO tokens(secret_hash, spiffe_id, name, role, expires_at, created_by)"
                         " VALUES(?, ?, ?, ?, ?, ?)"));
  insert.Bind(1, View(token.secret_hash)).Bind(2, std::string_view(token.spiffe_id));
  insert.Bind(3, std::string_view(token.name)).Bind(4, std::string_view(token.role));
  insert.Bind(5, ToMs(token.expires_at)).Bind(6, std::string_view(token.created_by));
  return insert.Run();
}

Result<JoinToken> Members::FindToken(const Digest& secret_hash) {
  const MutexLock lock(state_->mutex);
  ACCORD_ASSIGN_OR_RETURN(Statement query,
                          state_->db.Prepare(std::string(kSelectTokens) + " WHERE secret_hash = ?"));
  query.Bind(1, View(secret_hash));
  ACCORD_ASSIGN_OR_RETURN(const bool found, query.Step());
  if (!found) return Fail(errors::kTokenInvalid, "the token is not known");
  return ReadToken(query);
}

Result<std::vector<JoinToken>> Members::OpenTokens(TimePoint now) {
  const MutexLock lock(state_->mutex);
  ACCORD_ASSIGN_OR_RETURN(
      Statement query, state_->db.Prepare(std::string(kSelectTokens) +
                                          " WHERE used_at IS NULL AND expires_at > ? ORDER BY expires_at"));
  query.Bind(1, ToMs(now));
  return ReadAll(query, ReadToken);
}

Status Members::Redeem(const Redemption& redemption, TimePoint now) {
  const MutexLock lock(state_->mutex);
  return state_->db.Transaction([&]() -> Status {
    ACCORD_RETURN_IF_ERROR(UseToken(state_->db, redemption, now));
    return PutMember(state_->db, redemption.member);
  });
}

Result<std::vector<Member>> Members::List() {
  const MutexLock lock(state_->mutex);
  ACCORD_ASSIGN_OR_RETURN(Statement query,
                          state_->db.Prepare(std::string(kSelectMembers) + " ORDER BY spiffe_id"));
  return ReadAll(query, ReadMember);
}

Result<Member> Members::Get(const std::string& spiffe_id) {
  const MutexLock lock(state_->mutex);
  ACCORD_ASSIGN_OR_RETURN(Statement query,
                          state_->db.Prepare(std::string(kSelectMembers) + " WHERE spiffe_id = ?"));
  query.Bind(1, std::string_view(spiffe_id));
  ACCORD_ASSIGN_OR_RETURN(const bool found, query.Step());
  if (!found) return NoMember(spiffe_id);
  return ReadMember(query);
}

Status Members::Suspend(const std::string& spiffe_id, bool suspended) {
  const MutexLock lock(state_->mutex);
  ACCORD_ASSIGN_OR_RETURN(Statement update,
                          state_->db.Prepare("UPDATE members SET suspended = ? WHERE spiffe_id = ?"));
  update.Bind(1, std::int64_t{suspended}).Bind(2, std::string_view(spiffe_id));
  ACCORD_RETURN_IF_ERROR(update.Run());
  return state_->db.changes() == 1 ? Status() : NoMember(spiffe_id);
}

Status Members::RecordCertificate(const std::string& spiffe_id, const CertificateRecord& certificate) {
  const MutexLock lock(state_->mutex);
  ACCORD_ASSIGN_OR_RETURN(
      Statement update,
      state_->db.Prepare(
          "UPDATE members SET serial = ?, fingerprint = ?, not_after = ? WHERE spiffe_id = ?"));
  update.Bind(1, std::string_view(certificate.serial)).Bind(2, View(certificate.fingerprint));
  update.Bind(3, ToMs(certificate.not_after)).Bind(4, std::string_view(spiffe_id));
  ACCORD_RETURN_IF_ERROR(update.Run());
  return state_->db.changes() == 1 ? Status() : NoMember(spiffe_id);
}

}  // namespace accord::store
