#include "coordinator/certificate_book.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/errors.h"
#include "base/mutex.h"
#include "store/sqlite.h"

namespace accord::coordinator {
namespace {

using store::Database;
using store::Statement;

// Beside the tables of store::Members, whose ladder of versions knows nothing of it: so an older Accord still
// opens the file. A row a node; `before` is the certificate that the newest was asked with.
constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS newest(spiffe_id TEXT PRIMARY KEY, fingerprint BLOB NOT NULL,"
    " issued INTEGER NOT NULL, spki BLOB NOT NULL, pem TEXT NOT NULL, before BLOB NOT NULL) WITHOUT ROWID";

struct Newest {
  Digest fingerprint;
  TimePoint issued;
  Digest key;
  std::string pem;
  Digest before;
};

Digest ToDigest(ByteView bytes) { return Digest::FromBytes(AsText(bytes)).value_or(Digest()); }

Result<std::optional<Newest>> Find(Database& db, const std::string& spiffe_id) {
  ACCORD_ASSIGN_OR_RETURN(
      Statement query,
      db.Prepare("SELECT fingerprint, issued, spki, pem, before FROM newest WHERE spiffe_id = ?"));
  query.Bind(1, std::string_view(spiffe_id));
  ACCORD_ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return std::optional<Newest>();
  return std::optional(Newest{.fingerprint = ToDigest(query.Blob(0)),
                              .issued = TimePoint(Millis(query.Int(1))),
                              .key = ToDigest(query.Blob(2)),
                              .pem = std::string(query.Text(3)),
                              .before = ToDigest(query.Blob(4))});
}

Status Put(Database& db, const crypto::Certificate& leaf, const Digest& before) {
  const crypto::CertificateInfo& info = leaf.info();
  ACCORD_ASSIGN_OR_RETURN(Statement put,
                          db.Prepare("INSERT OR REPLACE INTO newest VALUES(?, ?, ?, ?, ?, ?)"));
  put.Bind(1, std::string_view(info.uri)).Bind(2, ByteView(info.fingerprint.bytes));
  put.Bind(3, info.not_before.time_since_epoch().count()).Bind(4, ByteView(info.spki_hash.bytes));
  return put.Bind(5, std::string_view(leaf.pem())).Bind(6, ByteView(before.bytes)).Run();
}

// A certificate that is newer than any known here was issued after the backup that this book comes from.
bool IsNewest(const std::optional<Newest>& newest, const store::Member& member, const rpc::Peer& shown) {
  if (newest) return shown.certificate == newest->fingerprint || shown.issued > newest->issued;
  // Joined before there was a book.
  return shown.certificate == member.certificate.fingerprint || shown.ends > member.certificate.not_after;
}

}  // namespace

struct CertificateBook::State {
  Mutex mutex;
  Database db;
};

CertificateBook::CertificateBook(std::unique_ptr<State> state) : state_(std::move(state)) {}
CertificateBook::~CertificateBook() = default;

Result<std::unique_ptr<CertificateBook>> CertificateBook::Open(const std::filesystem::path& file) {
  ACCORD_ASSIGN_OR_RETURN(Database db, Database::Open(file, Database::Mode::kWrite));
  ACCORD_RETURN_IF_ERROR(db.Exec(kSchema));
  return std::unique_ptr<CertificateBook>(
      new CertificateBook(std::unique_ptr<State>(new State{{}, std::move(db)})));
}

Status CertificateBook::ForgetTokens(TimePoint now) {
  const MutexLock lock(state_->mutex);
  ACCORD_ASSIGN_OR_RETURN(Statement forget, state_->db.Prepare("DELETE FROM tokens WHERE expires_at < ?"));
  return forget.Bind(1, (now - kTokensKept).time_since_epoch().count()).Run();
}

Status CertificateBook::ForgetToken(const Digest& secret_hash) {
  const MutexLock lock(state_->mutex);
  ACCORD_ASSIGN_OR_RETURN(Statement forget, state_->db.Prepare("DELETE FROM tokens WHERE secret_hash = ?"));
  return forget.Bind(1, ByteView(secret_hash.bytes)).Run();
}

Status CertificateBook::Joined(const crypto::Certificate& leaf) {
  const MutexLock lock(state_->mutex);
  return Put(state_->db, leaf, Digest());
}

Result<crypto::Certificate> CertificateBook::Renew(const store::Member& member, const rpc::Peer& shown,
                                                   const Digest& key, const Issue& issue) {
  const MutexLock lock(state_->mutex);  // also while it is issued: of two that ask at once, one is the newest
  ACCORD_ASSIGN_OR_RETURN(const auto newest, Find(state_->db, member.spiffe_id));
  const bool asked_before = newest && shown.certificate == newest->before && key == newest->key;
  if (asked_before) return crypto::Certificate::FromPem(newest->pem);
  if (!IsNewest(newest, member, shown))
    return Fail(errors::kCertSuperseded, member.spiffe_id + " asks with its certificate of " +
                                             FormatTime(shown.issued) +
                                             (newest ? ", and a newer one, of " + FormatTime(newest->issued) +
                                                           ", was issued for another key than it asks for"
                                                     : std::string(", which is not the newest")));
  ACCORD_ASSIGN_OR_RETURN(crypto::Certificate leaf, issue());
  ACCORD_RETURN_IF_ERROR(Put(state_->db, leaf, shown.certificate));
  return leaf;
}

}  // namespace accord::coordinator
