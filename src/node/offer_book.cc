#include "node/offer_book.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/errors.h"
#include "base/file.h"
#include "store/sqlite.h"

namespace accord::node {
namespace {

namespace fs = std::filesystem;

using store::Database;
using store::Statement;

// The ladder of schema versions; only ever append.
constexpr std::array<const char*, 1> kOfferSchema = {
    "CREATE TABLE offers(job BLOB PRIMARY KEY, name TEXT NOT NULL, offered INTEGER NOT NULL,"
    " outcome TEXT NOT NULL, offer BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE approvals(job BLOB PRIMARY KEY, said INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID"};

constexpr std::string_view kPutOffer = "INSERT OR REPLACE INTO offers VALUES(?, ?, ?, ?, ?)";
constexpr std::string_view kForgetOld =
    "DELETE FROM offers WHERE job NOT IN (SELECT job FROM approvals WHERE said = 1) AND job NOT IN"
    " (SELECT job FROM offers ORDER BY offered DESC, job LIMIT ?)";
constexpr std::string_view kList =
    "SELECT offers.job, name, offered, outcome, said FROM offers LEFT JOIN approvals"
    " ON offers.job = approvals.job ORDER BY offered DESC, offers.job";

fs::path OfferFile(const fs::path& state) { return state / "offers.db"; }
std::int64_t ToMs(TimePoint time) { return time.time_since_epoch().count(); }

Approval ToApproval(std::int64_t said) {
  const bool known = said >= 0 && said <= static_cast<std::int64_t>(Approval::kDenied);
  return known ? static_cast<Approval>(said) : Approval::kDenied;  // of a newer program: no yes of ours
}

}  // namespace

std::string_view Name(Approval approval) {
  constexpr std::array<std::string_view, 4> kNames = {"not asked", "waiting", "approved", "denied"};
  return kNames.at(static_cast<std::size_t>(approval));
}

Status ApprovedOrNot(const JobId& job, bool is_asked, Approval approval) {
  if (approval == Approval::kDenied)
    return Fail(errors::kPolicyDenied, "a person of this lab denied the job");
  if (!is_asked || approval == Approval::kApproved) return {};
  return Fail(errors::kPolicyAwaitsApproval, "nobody has decided yet",
              "accord-node approve " + job.Hex().substr(0, 12) + ", or deny");
}

struct OfferBook::State {
  Database db;
};

OfferBook::OfferBook(std::unique_ptr<State> state) : state_(std::move(state)) {}
OfferBook::~OfferBook() = default;

Result<std::unique_ptr<OfferBook>> OfferBook::Open(const fs::path& state) {
  ACCORD_ASSIGN_OR_RETURN(Database db, Database::Open(OfferFile(state), Database::Mode::kWrite));
  ACCORD_RETURN_IF_ERROR(db.Migrate(kOfferSchema));
  return std::unique_ptr<OfferBook>(new OfferBook(std::unique_ptr<State>(new State{std::move(db)})));
}

Result<std::unique_ptr<OfferBook>> OfferBook::OpenKnown(const fs::path& state) {
  std::error_code unknown;
  if (fs::exists(OfferFile(state), unknown)) return Open(state);
  if (unknown) return ErrnoStatus(unknown.value(), "cannot look at", OfferFile(state));
  return Fail(errors::kJobNotFound, "no node with [governance] has run on " + state.string(),
              "Name the directory of the node: --state DIR or --config FILE");
}

Status OfferBook::Keep(const KeptOffer& offer, const OfferLine& line) {
  const Bytes bytes = offer.message.bundle ? Encode(offer) : Bytes();
  const bool fits = !bytes.empty() && bytes.size() <= kMaxOfferBytes;
  return state_->db.Transaction([&]() -> Status {
    if (fits) {
      ACCORD_ASSIGN_OR_RETURN(Statement put, state_->db.Prepare(kPutOffer));
      put.Bind(1, ByteView(line.job.bytes)).Bind(2, std::string_view(line.name)).Bind(3, ToMs(line.offered));
      ACCORD_RETURN_IF_ERROR(put.Bind(4, std::string_view(line.outcome)).Bind(5, ByteView(bytes)).Run());
    } else {
      ACCORD_ASSIGN_OR_RETURN(Statement drop, state_->db.Prepare("DELETE FROM offers WHERE job = ?"));
      ACCORD_RETURN_IF_ERROR(drop.Bind(1, ByteView(line.job.bytes)).Run());
    }
    ACCORD_ASSIGN_OR_RETURN(Statement forget, state_->db.Prepare(kForgetOld));
    return forget.Bind(1, static_cast<std::int64_t>(kMostKept)).Run();
  });
}

Result<KeptOffer> OfferBook::Find(const JobId& job) {
  ACCORD_ASSIGN_OR_RETURN(Statement query, state_->db.Prepare("SELECT offer FROM offers WHERE job = ?"));
  query.Bind(1, ByteView(job.bytes));
  ACCORD_ASSIGN_OR_RETURN(const bool row, query.Step());
  if (row) return DecodeKeptOffer(query.Blob(0));
  return Fail(errors::kJobNotFound, "this node has not kept the job " + job.Hex());
}

Result<std::vector<OfferLine>> OfferBook::List() {
  ACCORD_ASSIGN_OR_RETURN(Statement query, state_->db.Prepare(kList));
  std::vector<OfferLine> lines;
  while (true) {
    ACCORD_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return lines;
    lines.push_back({.job = JobId::FromBytes(AsText(query.Blob(0))).value_or(JobId()),
                     .name = std::string(query.Text(1)),
                     .offered = TimePoint(Millis(query.Int(2))),
                     .outcome = std::string(query.Text(3)),
                     .approval = query.IsNull(4) ? Approval::kNotAsked : ToApproval(query.Int(4))});
  }
}

Result<OfferLine> OfferBook::Named(const std::string& ref) {
  ACCORD_ASSIGN_OR_RETURN(std::vector<OfferLine> lines, List());
  std::erase_if(lines, [&](const OfferLine& line) {
    return line.name != ref && (ref.size() < 6 || !line.job.Hex().starts_with(ref));
  });
  if (lines.size() == 1) return lines.front();
  if (lines.empty())
    return Fail(
        errors::kJobNotFound, "this node was not offered a job '" + Printable(ref, 70) + "'",
        "Those that it was: accord-node jobs. A proposal is offered to nodes when it has passed, while "
        "they are connected: accord proposal show ID");
  return Fail(errors::kJobAmbiguous,
              "several jobs that this node was offered fit '" + Printable(ref, 70) + "'");
}

Result<Approval> OfferBook::Said(const JobId& job) {
  ACCORD_ASSIGN_OR_RETURN(Statement query, state_->db.Prepare("SELECT said FROM approvals WHERE job = ?"));
  query.Bind(1, ByteView(job.bytes));
  ACCORD_ASSIGN_OR_RETURN(const bool row, query.Step());
  return row ? ToApproval(query.Int(0)) : Approval::kNotAsked;
}

Result<Approval> OfferBook::Ask(const JobId& job, TimePoint now) {
  ACCORD_ASSIGN_OR_RETURN(Statement ask,
                          state_->db.Prepare("INSERT OR IGNORE INTO approvals VALUES(?, 1, ?)"));
  ACCORD_RETURN_IF_ERROR(ask.Bind(1, ByteView(job.bytes)).Bind(2, ToMs(now)).Run());
  return Said(job);
}

Status OfferBook::Decide(const JobId& job, bool approve, TimePoint now) {
  ACCORD_ASSIGN_OR_RETURN(Statement decide,
                          state_->db.Prepare("INSERT OR REPLACE INTO approvals VALUES(?, ?, ?)"));
  const Approval said = approve ? Approval::kApproved : Approval::kDenied;
  decide.Bind(1, ByteView(job.bytes)).Bind(2, static_cast<std::int64_t>(said));
  return decide.Bind(3, ToMs(now)).Run();
}

}  // namespace accord::node
