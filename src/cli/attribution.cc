// accord attribution ...: who gave what to a job, out of the log and of what nodes signed.
#include <algorithm>
#include <optional>

#include "base/errors.h"
#include "base/file.h"
#include "charter/contributions.h"
#include "cli/attribution_text.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/public_log.h"
#include "cli/scores.h"
#include "cli/signer.h"
#include "cli/vouched_keys.h"
#include "cli/words.h"
#include "config/job_file.h"
#include "crypto/spiffe.h"
#include "dataset/certificate.h"
#include "ledger/dsse.h"

namespace accord::cli {
namespace {

constexpr std::uint64_t kMaxWorthBytes = 64U << 20;

std::vector<std::string> Lines(const Bytes& text) {
  std::vector<std::string> lines;
  std::string_view rest = AsText(text);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    lines.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return lines;
}

// Examples are those that members vouched for, in the log itself.
std::map<Digest, std::uint64_t> RecordsOf(const PublicLog& log) {
  std::map<Digest, std::uint64_t> records;
  for (const Bytes& entry : log.entries) {
    const auto envelope = ledger::ParseEnvelope(entry);
    if (!envelope.ok() || envelope->payload_type != dataset::kCertificateType) continue;
    const auto certificate = dataset::ParseCertificate(envelope->payload);
    if (certificate.ok()) records[envelope->Id()] = certificate->records;
  }
  return records;
}

// A node counts for the member whose trust domain it is of, by any version of the charter.
Status CheckMembers(const std::vector<charter::Version>& chain, const charter::Contributions& sums) {
  const auto is_of = [&](const std::string& member, const std::string& domain) {
    return std::ranges::any_of(chain, [&](const charter::Version& version) {
      const charter::Member* known = version.charter.Find(member);
      return known != nullptr && known->trust_domain == domain;
    });
  };
  for (const auto& [member, sum] : sums.all()) {
    for (const std::string& node : sum.nodes) {
      ACCORD_ASSIGN_OR_RETURN(const crypto::SpiffeId id, crypto::SpiffeId::Parse(node));
      if (!is_of(member, id.trust_domain))
        return Fail(errors::kReceiptRefused,
                    Printable(node) + " signed for " + Printable(member) + ", whose trust domain is another");
    }
  }
  return {};
}

Result<JobLedger> LedgerOf(const AttributionReport& command, Session& session) {
  ACCORD_ASSIGN_OR_RETURN(const auto backend, session.Connect());
  ACCORD_ASSIGN_OR_RETURN(const PublicLog log, ReadPublicLog(session, *backend));
  ACCORD_ASSIGN_OR_RETURN(const Digest job, FindProposal(log, command.job));
  ACCORD_ASSIGN_OR_RETURN(const rpc::RegistryView registry, backend->GetRegistry());
  ACCORD_ASSIGN_OR_RETURN(charter::NodeKeys keys, VouchedKeys(registry, log.record.chain()));
  charter::Contributions sums(std::move(keys), log.record.chain().back().charter);
  const std::vector<charter::LoggedCommit>& rounds = log.record.matters().at(job).commits;
  for (const charter::LoggedCommit& one : rounds) {
    const std::string path = "receipts/" + job.Hex() + "/" + std::to_string(one.commit.round);
    ACCORD_ASSIGN_OR_RETURN(const Bytes receipts, backend->GetResource(path));
    ACCORD_RETURN_IF_ERROR(sums.Add(one.commit, one.index, Lines(receipts)));
  }
  ACCORD_RETURN_IF_ERROR(CheckMembers(log.record.chain(), sums));
  return JobLedger{job, rounds.size(), sums.all(), RecordsOf(log), ReportsOf(log, job)};
}

// ---------------------------------------------------------------- publishing

// The member that may evaluate and that this key speaks for.
Result<std::string> JudgeOf(const charter::Charter& charter, const ledger::VerifierKey& key) {
  for (const charter::Member& member : charter.members) {
    const bool speaks = std::ranges::find(member.gov_keys, key) != member.gov_keys.end();
    if (speaks && member.Has(charter::Right::kEvaluate)) return member.id;
  }
  return Fail(errors::kEntryUnsigned,
              "the charter lists no member with the key " + key.Format() + " that has the role evaluate");
}

Result<JobSpec> PlanOf(Backend& backend, const Digest& hash) {
  ACCORD_ASSIGN_OR_RETURN(const std::optional<Bytes> plan, ReadPlan(hash, backend));
  if (plan) return config::ParseJob(AsText(*plan), "job");
  return Fail(errors::kProposalPlan, "beside the log there is no job file that is the one members voted on");
}

struct Published {
  charter::ScoreReport report;
  rpc::Appended appended;
};

Result<Published> PublishScores(const AttributionPublish& command, Session& session) {
  const Result<Bytes> file = ReadFile(command.worth, kMaxWorthBytes);
  if (!file.ok()) return Fail(errors::kCliFile, "What was judged cannot be read: " + file.status().message());
  ACCORD_ASSIGN_OR_RETURN(const charter::JudgedRounds judged, charter::DecodeJudgedRounds(*file));
  ACCORD_ASSIGN_OR_RETURN(const auto backend, session.Connect());
  ACCORD_ASSIGN_OR_RETURN(const PublicLog log, ReadPublicLog(session, *backend));
  ACCORD_ASSIGN_OR_RETURN(const charter::Version* const present, log.Present(session));
  ACCORD_ASSIGN_OR_RETURN(const charter::Matter* const matter, log.record.Find(judged.job));
  ACCORD_ASSIGN_OR_RETURN(const JobSpec plan, PlanOf(*backend, matter->proposal.plan));
  ACCORD_ASSIGN_OR_RETURN(const charter::GroupDraw draw,
                          charter::DrawOf(judged.job, log.record.chain()[matter->version], matter->votes));
  const std::string& origin = present->charter.log_origin;  // "<trust domain>/log"
  ACCORD_ASSIGN_OR_RETURN(
      const auto scores,
      ScoresOf({plan, draw, matter->commits, origin.substr(0, origin.rfind('/'))}, judged));
  ACCORD_ASSIGN_OR_RETURN(const ledger::Signer signer,
                          OpenSigner(session, {command.key, command.passphrase_file}));
  ACCORD_ASSIGN_OR_RETURN(const std::string judge, JudgeOf(present->charter, signer.verifier()));
  if (ReportsOf(log, judged.job).contains(judge))
    return Fail(errors::kCliExists, judge +
                                        " has published scores of this job, and a second report would tell "
                                        "more of members' data than either");
  charter::ScoreReport report{.job = judged.job,
                              .judge = judge,
                              .rounds = judged.rounds.size(),
                              .scores = charter::InBands(scores),
                              .time = Seconds(session)};
  ledger::Envelope envelope{std::string(charter::kScoreReportType), Encode(report), {}};
  ACCORD_RETURN_IF_ERROR(signer.Sign(envelope));
  ACCORD_ASSIGN_OR_RETURN(const rpc::Appended appended,
                          backend->Append(AsBytes(ledger::EncodeEnvelope(envelope)), {}));
  return Published{std::move(report), appended};
}

}  // namespace

ExitCode Run(const AttributionReport& command, Session& session) {
  const Result<JobLedger> ledger = LedgerOf(command, session);
  if (!ledger.ok()) return session.printer().Failure(ledger.status());
  return session.printer().Answer(LedgerText(*ledger, session.printer().style()), LedgerJson(*ledger));
}

ExitCode Run(const AttributionPublish& command, Session& session) {
  const Result<Published> done = PublishScores(command, session);
  if (!done.ok()) return session.printer().Failure(done.status());
  const std::string job = done->report.job.Hex();
  const std::string index = std::to_string(done->appended.index);
  return session.printer().Answer(
      "Published scores of " + std::to_string(done->report.scores.size()) + " nodes over " +
          std::to_string(done->report.rounds) + " rounds of " + job.substr(0, 12) + ": entry " + index +
          " of the log.\n" + PriceOfScores() + "\n  see: accord attribution report " + job.substr(0, 12) +
          "\n",
      JsonObject({{"job", job}, {"judge", done->report.judge}, {"index", index}}));
}

}  // namespace accord::cli
