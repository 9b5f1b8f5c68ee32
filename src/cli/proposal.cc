// accord proposal ...: what is asked of members, and what they say.
#include <algorithm>
#include <optional>

#include "base/errors.h"
#include "base/file.h"
#include "charter/vote.h"
#include "cli/charter_text.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/public_log.h"
#include "cli/scores.h"
#include "cli/signer.h"
#include "cli/words.h"
#include "config/job_file.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "dataset/catalogue.h"
#include "model/checkpoint.h"
#include "publish/log_view.h"
#include "update/global_state.h"
#include "update/new_job.h"

namespace accord::cli {
namespace {

using charter::Matter;
using charter::Proposal;
using charter::Vote;

constexpr charter::UnixSeconds kDay = 86'400;

// The member that a key speaks for.
Result<std::string> MemberOf(const charter::Charter& charter, const ledger::VerifierKey& key,
                             const ErrorInfo& refusal) {
  for (const charter::Member& member : charter.members) {
    if (std::ranges::find(member.gov_keys, key) != member.gov_keys.end()) return member.id;
  }
  return Fail(refusal, "the charter does not list the key " + key.Format(),
              "Use the governance key of your member, as the charter has it: accord charter show --toml");
}

// "ke=sha256:HEX", a certificate of the member's.
Result<charter::DatasetRef> DatasetOf(const std::string& text) {
  const std::size_t at = text.find("=sha256:");
  const auto hash = at == std::string::npos ? std::nullopt : Digest::FromHex(text.substr(at + 8));
  if (hash) return charter::DatasetRef{text.substr(0, at), *hash};
  return Fail(errors::kCliUsage, "\"" + Printable(text, 100) + "\" is not MEMBER=sha256:HEX.",
              "HEX is the whole hash of the member's certificate: accord data list --json");
}

// What the job begins with, which members vote on. Weights that its plan names are the proposer's to show.
Result<Digest> InitOf(const JobSpec& spec, const std::string& checkpoint) {
  const std::string& start = spec.model.start;
  if (start.empty() && checkpoint.empty()) return update::FirstModel(spec);
  if (start.empty()) return Fail(errors::kCliUsage, "--start is for a job whose [model] names a start.");
  if (checkpoint.empty())
    return Fail(errors::kModelStart, "the plan begins from " + start,
                "Give these weights, which are checked here: --start PATH");
  ACCORD_ASSIGN_OR_RETURN(const ModelLayout layout, update::GlobalLayout(spec));
  ACCORD_ASSIGN_OR_RETURN(const std::vector<float> weights,
                          model::ReadCheckpoint(checkpoint, update::ModelOf(layout), spec.model));
  return update::FirstModel(spec, weights);
}

Result<Proposal> ProposalOf(const ProposalCreate& command, const Bytes& plan, const charter::Version& under,
                            const ledger::VerifierKey& key, charter::UnixSeconds now) {
  ACCORD_ASSIGN_OR_RETURN(const JobSpec spec, config::ParseJob(AsText(plan), command.file));
  ACCORD_RETURN_IF_ERROR(update::CheckNewJob(spec));  // before anybody votes on it
  Proposal proposal{.federation = under.charter.federation,
                    .charter = under.hash,
                    .not_before = now,
                    .not_after = now + command.days * kDay,
                    .plan = crypto::Sha256::Of(plan),
                    .code_kind = "builtin",
                    .max_wall_s = command.max_wall_s,
                    .max_mem_mb = command.max_mem_mb,
                    .gpu = command.gpu,
                    .recipients = command.recipients,
                    .license = command.license};
  ACCORD_ASSIGN_OR_RETURN(proposal.proposer, MemberOf(under.charter, key, errors::kProposalRefused));
  ACCORD_ASSIGN_OR_RETURN(proposal.init, InitOf(spec, command.start));
  crypto::RandomBytes(proposal.nonce);
  for (const std::string& text : command.data) {
    ACCORD_ASSIGN_OR_RETURN(charter::DatasetRef one, DatasetOf(text));
    proposal.datasets.push_back(std::move(one));
  }
  std::ranges::sort(proposal.datasets, {},
                    [](const auto& one) { return std::pair(one.member, one.certificate); });
  return proposal;
}

// A node takes part only with the certificate that the proposal names for its member. The log need not have
// it, though it mostly does.
Status CheckDatasets(const Proposal& proposal, const PublicLog& log, Printer& printer) {
  const auto catalogue = publish::CatalogueOf(log.record, log.entries);
  for (const charter::DatasetRef& one : proposal.datasets) {
    const auto known = std::ranges::find(catalogue, one.certificate, &dataset::CatalogueEntry::id);
    const std::string what = "The certificate " + one.certificate.Hex().substr(0, 12);
    if (known == catalogue.end()) {
      printer.Warn(what + " is not in the log: " + one.member + " has to have it as it is named here.");
    } else if (known->certificate.member != one.member) {
      return Fail(
          errors::kDatasetNotNamed,
          what + " is of " + known->certificate.member + ", not of " + Printable(one.member, 64) + ".",
          "Name each certificate for its own member: accord data list");
    }
  }
  return {};
}

Result<rpc::Appended> Create(const ProposalCreate& command, Session& session) {
  if (command.data.empty())
    return Fail(errors::kCliUsage, "accord proposal create: --data is required: the certified data sets.",
                "--data MEMBER=sha256:HEX, once for each; the hashes are in: accord data list --json");
  const Result<Bytes> plan = ReadFile(command.file, config::kMaxJobBytes);
  if (!plan.ok()) return Fail(errors::kCliFile, "The job file cannot be read: " + plan.status().message());
  ACCORD_ASSIGN_OR_RETURN(const auto backend, session.Connect());
  ACCORD_ASSIGN_OR_RETURN(const PublicLog log, ReadPublicLog(session, *backend));
  ACCORD_ASSIGN_OR_RETURN(const charter::Version* const under, log.Present(session));
  // Members would vote on what the coordinator never begins, and nobody but its operator would hear why.
  ACCORD_RETURN_IF_ERROR(backend->ValidateJob(*plan).status());
  ACCORD_ASSIGN_OR_RETURN(const ledger::Signer signer,
                          OpenSigner(session, {command.key, command.passphrase_file}));
  ACCORD_ASSIGN_OR_RETURN(const Proposal proposal,
                          ProposalOf(command, *plan, *under, signer.verifier(), Seconds(session)));
  ACCORD_RETURN_IF_ERROR(CheckDatasets(proposal, log, session.printer()));
  ledger::Envelope envelope{std::string(charter::kProposalType), charter::Encode(proposal), {}};
  ACCORD_RETURN_IF_ERROR(signer.Sign(envelope));
  return backend->Append(AsBytes(ledger::EncodeEnvelope(envelope)), *plan);
}

struct Voted {
  Digest job;
  std::string member;
  std::uint64_t index = 0;
  bool before = false;     // it was in the log already
  bool withdraws = false;  // an approval
};

// A member's vote cannot be taken back or renewed: of two, whatever they say, nodes make a rejection. Nothing
// when it may be given; else the vote that the log has, where that says the same, or why there is no second.
Result<std::optional<Voted>> SaidBefore(const charter::Standing& standing, const Matter& matter,
                                        const Voted& wanted, bool approve) {
  const auto said = standing.tally.said.find(wanted.member);
  if (said == standing.tally.said.end()) return std::optional<Voted>();
  const charter::LoggedVote& first = matter.votes[said->second];
  ACCORD_ASSIGN_OR_RETURN(const Vote vote, charter::ParseVote(first.envelope.payload));
  const charter::Tally& tally = standing.tally;
  const bool counts =
      approve ? tally.approvals.contains(wanted.member) : tally.rejections.contains(wanted.member);
  if (counts) return std::optional(Voted{wanted.job, wanted.member, first.index, true});
  if (!approve) return std::optional<Voted>();  // an approval is withdrawn, or a rejection has expired
  return Fail(errors::kVoteRefused,
              wanted.member + (vote.approve ? "'s approval does not count any more" : " has rejected it") +
                  ": entry " + std::to_string(first.index) + " of the log",
              "A member votes once, and nodes take a second vote for a rejection: propose the job anew.");
}

Result<Voted> SayVote(const ProposalVote& command, Session& session) {
  ACCORD_ASSIGN_OR_RETURN(const auto backend, session.Connect());
  ACCORD_ASSIGN_OR_RETURN(const PublicLog log, ReadPublicLog(session, *backend));
  ACCORD_ASSIGN_OR_RETURN(const Digest job, FindProposal(log, command.proposal));
  const Matter& matter = **log.record.Find(job);
  const charter::Version& under = log.record.chain()[matter.version];
  ACCORD_ASSIGN_OR_RETURN(const ledger::Signer signer,
                          OpenSigner(session, {command.key, command.passphrase_file}));
  Voted voted{.job = job};
  ACCORD_ASSIGN_OR_RETURN(voted.member, MemberOf(under.charter, signer.verifier(), errors::kVoteRefused));
  const charter::UnixSeconds now = Seconds(session);
  const bool approve = command.decision == "approve";
  ACCORD_ASSIGN_OR_RETURN(const charter::Standing standing, log.record.StandingOf(job, now));
  ACCORD_ASSIGN_OR_RETURN(const std::optional<Voted> before, SaidBefore(standing, matter, voted, approve));
  if (before) return *before;
  voted.withdraws = standing.tally.approvals.contains(voted.member);
  Vote vote{.federation = under.charter.federation,
            .job = job,
            .charter = under.hash,
            .charter_version = under.charter.version,
            .voter = voted.member,
            .approve = approve,
            .issued_at = now,
            .expires_at = now + std::min(under.charter.vote_window, command.days * kDay)};
  crypto::RandomBytes(vote.nonce);
  ledger::Envelope envelope{std::string(charter::kVoteType), charter::Encode(vote), {}};
  ACCORD_RETURN_IF_ERROR(signer.Sign(envelope));
  ACCORD_ASSIGN_OR_RETURN(const rpc::Appended appended,
                          backend->Append(AsBytes(ledger::EncodeEnvelope(envelope)), {}));
  voted.index = appended.index;
  return voted;
}

}  // namespace

ExitCode Run(const ProposalCreate& command, Session& session) {
  const Result<rpc::Appended> done = Create(command, session);
  if (!done.ok()) return session.printer().Failure(done.status());
  const std::string id = done->id.Hex();
  return session.printer().Answer("Proposed " + id + ", entry " + std::to_string(done->index) +
                                      " of the log.\n  members vote: accord proposal vote " +
                                      id.substr(0, 12) + " approve --key FILE\n",
                                  JsonObject({{"id", id}, {"index", std::to_string(done->index)}}));
}

ExitCode Run(const ProposalList&, Session& session) {
  auto backend = session.Connect();
  if (!backend.ok()) return session.printer().Failure(backend.status());
  const Result<PublicLog> log = ReadPublicLog(session, **backend);
  if (!log.ok()) return session.printer().Failure(log.status());
  const Result<publish::Plans> plans = ReadPlans(*log, **backend);
  if (!plans.ok()) return session.printer().Failure(plans.status());
  const publish::Jobs jobs = publish::JobsOf(*plans);
  return session.printer().Answer(
      ProposalTable(log->record, jobs, Seconds(session), session.printer().style()),
      ProposalsJson(log->record, jobs, Seconds(session)));
}

ExitCode Run(const ProposalShow& command, Session& session) {
  auto backend = session.Connect();
  if (!backend.ok()) return session.printer().Failure(backend.status());
  const Result<PublicLog> log = ReadPublicLog(session, **backend);
  if (!log.ok()) return session.printer().Failure(log.status());
  const Result<Digest> job = FindProposal(*log, command.proposal);
  if (!job.ok()) return session.printer().Failure(job.status());
  const Matter& matter = **log->record.Find(*job);
  const auto standing = log->record.StandingOf(*job, Seconds(session));
  if (!standing.ok()) return session.printer().Failure(standing.status());
  const Result<std::optional<Bytes>> plan = ReadPlan(matter.proposal.plan, **backend);
  if (!plan.ok()) return session.printer().Failure(plan.status());
  const publish::Jobs jobs = *plan ? publish::JobsOf({{matter.proposal.plan, **plan}}) : publish::Jobs();
  const JobSpec* const asked = publish::JobOf(jobs, matter.proposal);
  const ShownProposal shown{*job, matter, *standing, asked};
  std::string text =
      ProposalDetails(shown, log->record.chain()[matter.version].charter, session.printer().style());
  if (*plan) text += "\nThe job file:\n\n" + PrintableLines(AsText(**plan)) + "\n";
  if (asked != nullptr && asked->groups.reshuffle)
    text +=
        "\nIts groups are dealt anew each round, so that updates can be scored. " + PriceOfScores() + "\n";
  return session.printer().Answer(text, ProposalJson(shown));
}

ExitCode Run(const ProposalVote& command, Session& session) {
  const Result<Voted> done = SayVote(command, session);
  if (!done.ok()) return session.printer().Failure(done.status());
  const std::string index = std::to_string(done->index);
  std::string text = done->member + (command.decision == "approve" ? " approves " : " rejects ") +
                     done->job.Hex().substr(0, 12) + ": entry " + index + " of the log";
  text += done->before ? ", from before.\n" : ".\n";
  if (done->withdraws)
    text += "It had approved, and the log keeps both votes: nodes take the two for a rejection.\n";
  return session.printer().Answer(text, JsonObject({{"id", done->job.Hex()},
                                                    {"member", done->member},
                                                    {"decision", command.decision},
                                                    {"index", index},
                                                    {"before", done->before ? "yes" : "no"}}));
}

}  // namespace accord::cli
