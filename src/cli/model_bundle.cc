// accord model bundle, endorse, verify: a model leaves the federation with all that shows where it comes
// from.
#include <filesystem>
#include <set>

#include "base/errors.h"
#include "base/file.h"
#include "bundle/lineage.h"
#include "bundle/make.h"
#include "bundle/provenance.h"
#include "bundle/verify.h"
#include "cli/bundle_files.h"
#include "cli/commands.h"
#include "cli/download.h"
#include "cli/json.h"
#include "cli/logged_release.h"
#include "cli/named_file.h"
#include "cli/public_log.h"
#include "cli/signer.h"
#include "crypto/sha256.h"
#include "dataset/verify.h"
#include "ledger/log_reader.h"

namespace accord::cli {
namespace {

namespace fs = std::filesystem;

using charter::LoggedEntry;

// Out of the public log, with proofs under its head; for one job.
class Gatherer {
 public:
  Gatherer(Backend& backend, const PublicLog& log, const Digest& model)
      : backend_(backend), log_(log), files_(backend), nodes_(log.head.size, files_) {
    release_.model = model;
  }

  Result<bundle::Release> Run(const Digest& job, const std::vector<std::string>& certificates) {
    ACCORD_ASSIGN_OR_RETURN(const charter::Matter* const matter, log_.record.Find(job));
    bundle::JobRecord& record = release_.record;
    release_.genesis = log_.record.chain().front().hash;
    for (const std::uint64_t place : log_.record.charter_places()) {
      ACCORD_ASSIGN_OR_RETURN(LoggedEntry one, At(place));
      record.job.charters.push_back(std::move(one));
    }
    ACCORD_ASSIGN_OR_RETURN(record.job.proposal, At(matter->index));
    for (const charter::LoggedVote& vote : matter->votes) {
      ACCORD_ASSIGN_OR_RETURN(LoggedEntry one, At(vote.index));
      record.job.votes.push_back(std::move(one));
    }
    record.job.checkpoint = log_.note.Format();
    ACCORD_ASSIGN_OR_RETURN(record.plan, backend_.GetResource("plan/" + matter->proposal.plan.Hex()));
    for (const charter::DatasetRef& ref : matter->proposal.datasets) named_.insert(ref.certificate);
    ACCORD_RETURN_IF_ERROR(Search());
    ACCORD_RETURN_IF_ERROR(Lead(*matter));
    for (const std::string& path : certificates) ACCORD_RETURN_IF_ERROR(Take(path));
    return std::move(release_);
  }

 private:
  Result<LoggedEntry> At(std::uint64_t place) {
    ACCORD_ASSIGN_OR_RETURN(ledger::TlogProof proof, ledger::MakeProof(nodes_, log_.note, place));
    return LoggedEntry{std::string(AsText(log_.entries[place])), place, std::move(proof.hashes)};
  }

  // The rounds from the first one to this model.
  Status Lead(const charter::Matter& matter) {
    for (const charter::LoggedCommit& round : matter.commits) {
      ACCORD_ASSIGN_OR_RETURN(LoggedEntry one, At(round.index));
      release_.record.rounds.push_back(std::move(one));
      if (round.commit.model_out == release_.model) return {};
    }
    if (matter.commits.empty()) return {};
    return Fail(errors::kModelUnreleased,
                "the rounds in the published log do not lead to the model " + release_.model.Hex(),
                "A round is published when the witnesses have cosigned the log: try again in a moment.");
  }

  // The certificates that the proposal names.
  Status Search() {
    for (std::uint64_t place = 0; place < log_.entries.size(); ++place) {
      const auto envelope = ledger::ParseEnvelope(log_.entries[place]);
      if (!envelope.ok() || envelope->payload_type != dataset::kCertificateType ||
          !named_.contains(envelope->Id()))
        continue;
      ACCORD_ASSIGN_OR_RETURN(LoggedEntry one, At(place));
      release_.record.datasets.try_emplace(envelope->Id().Hex(),
                                           bundle::CertifiedData{std::move(one), /*logged=*/true, ""});
    }
    return {};
  }

  // One that somebody has on this machine, with its description.
  Status Take(const std::string& path) {
    ACCORD_ASSIGN_OR_RETURN(const dataset::Signed read, OfNamed(dataset::ReadCertificate(path)));
    const Digest id = read.envelope.Id();
    if (!named_.contains(id))
      return Fail(errors::kCliUsage, "The proposal names no data set with the certificate " + path + ".");
    const auto [at, added] = release_.record.datasets.try_emplace(id.Hex());
    if (added) at->second.certificate.entry = ledger::EncodeEnvelope(read.envelope);
    const fs::path croissant = read.file.parent_path() / "croissant.json";
    std::error_code error;
    if (!fs::exists(croissant, error)) return {};
    ACCORD_ASSIGN_OR_RETURN(const Bytes text, ReadFile(croissant, dataset::kMaxCroissantBytes));
    at->second.croissant = std::string(AsText(text));
    return {};
  }

  Backend& backend_;
  const PublicLog& log_;
  LogFiles files_;
  ledger::TileReader nodes_;
  std::set<Digest> named_;
  bundle::Release release_;
};

struct Bundled {
  bundle::Verdict verdict;
  Digest model;
};

Result<rpc::JobView> FinishedJob(Backend& backend, const std::string& ref) {
  ACCORD_ASSIGN_OR_RETURN(rpc::JobView job, backend.GetJob(ref));
  if (job.state == job::Phase::kFinished && !job.model_hash.IsZero()) return job;
  return Fail(errors::kModelUnreleased, "the job has not finished, so it has no final model");
}

// Whoever verifies a bundle judges the decision at the time of the head in it.
Status CheckStands(const PublicLog& log, const Digest& job) {
  ACCORD_ASSIGN_OR_RETURN(const charter::UnixSeconds then,
                          bundle::TimeOf(log.note.Format(), log.record.chain().back().charter));
  ACCORD_ASSIGN_OR_RETURN(const charter::Standing standing, log.record.StandingOf(job, then));
  if (standing.outcome == charter::Outcome::kPassed) return {};
  return Fail(errors::kModelUnreleased,
              "the members' decision on the job does not stand now: " + standing.why.message(),
              "A bundle is made before votes, proposal and charter expire, and not after a rejection: "
              "accord proposal show " +
                  job.Hex().substr(0, 12));
}

Result<Bundled> Bundle(const ModelBundle& command, Session& session) {
  std::error_code ignored;
  if (fs::exists(command.out, ignored)) return Fail(errors::kCliExists, command.out + " exists.");
  ACCORD_ASSIGN_OR_RETURN(const auto backend, session.Connect());
  ACCORD_ASSIGN_OR_RETURN(const rpc::JobView job, FinishedJob(*backend, command.job));
  ACCORD_ASSIGN_OR_RETURN(const PublicLog log, ReadPublicLog(session, *backend));
  ACCORD_RETURN_IF_ERROR(CheckStands(log, Digest{job.id.bytes}));
  Gatherer gatherer(*backend, log, job.model_hash);
  ACCORD_ASSIGN_OR_RETURN(bundle::Release release, gatherer.Run(Digest{job.id.bytes}, command.certificates));
  for (const rpc::MetricView& metric : job.final_metrics) {
    if (metric.name == "loss" || metric.name == "accuracy" || metric.name == "bits_per_byte")
      release.figures.push_back({metric.name, metric.value});
  }
  ACCORD_ASSIGN_OR_RETURN(const ledger::Signer release_key,
                          OpenSigner(session, {command.release_key, command.release_passphrase_file}));
  ACCORD_ASSIGN_OR_RETURN(const ledger::Signer member,
                          OpenSigner(session, {command.key, command.passphrase_file}));
  ACCORD_ASSIGN_OR_RETURN(const bundle::Contents contents, bundle::Make(release, release_key, member));
  ACCORD_RETURN_IF_ERROR(WriteBundle(command.out, contents, [&](const fs::path& file) {
    return DownloadWithBar(session, *backend,
                           {.hash = release.model, .out = file, .force = false, .progress = {}})
        .status();
  }));
  return Bundled{bundle::Verify(contents, release.genesis, bundle::Endorsement::kBegun), release.model};
}

Result<Bundled> AddEndorsement(const ModelEndorse& command, Session& session) {
  ACCORD_ASSIGN_OR_RETURN(const Digest genesis, GenesisOf(command.charter, session));
  ACCORD_ASSIGN_OR_RETURN(bundle::Contents contents, ReadBundle(command.bundle));
  const bundle::Verdict before = bundle::Verify(contents, genesis, bundle::Endorsement::kBegun);
  ACCORD_RETURN_IF_ERROR(before.status);
  ACCORD_ASSIGN_OR_RETURN(const ledger::Signer member,
                          OpenSigner(session, {command.key, command.passphrase_file}));
  Bytes& file = contents.files[std::string(bundle::kProvenanceFile)];
  ACCORD_ASSIGN_OR_RETURN(const std::string text,
                          bundle::Endorse(file, *before.lineage, contents.model, member));
  file = Bytes(text.begin(), text.end());
  ACCORD_RETURN_IF_ERROR(
      WriteFileAtomic(fs::path(command.bundle) / bundle::kProvenanceFile, file, FileMode::kShared));
  return Bundled{bundle::Verify(contents, genesis, bundle::Endorsement::kBegun), contents.model};
}

std::string Quoted(const std::string& text) { return "\"" + text + "\""; }

std::string BundledJson(const Bundled& done) {
  return R"({"model":)" + Quoted(done.model.Hex()) + R"(,"job":)" +
         Quoted(done.verdict.lineage->admitted.job.Hex()) + R"(,"checked":)" +
         BundleJson(done.verdict.lines) + "}";
}

// What is left to do after a signature more.
ExitCode Report(const Result<Bundled>& done, const std::string& directory, Session& session) {
  if (!done.ok()) return session.printer().Failure(done.status());
  if (!done->verdict.status.ok()) return session.printer().Failure(done->verdict.status);
  return session.printer().Answer(BundleText(done->verdict.lines) + "\n" + directory +
                                      "\n  members endorse it: accord model endorse DIR --key FILE\n"
                                      "  and anybody checks it: accord model verify DIR --charter SHA256\n",
                                  BundledJson(*done));
}

// The log that the coordinator in force serves, read from the first charter on; adds to the lines.
Status AskLog(const bundle::Contents& contents, bundle::Verdict& verdict, Session& session) {
  ACCORD_ASSIGN_OR_RETURN(const auto backend, session.Connect());
  ACCORD_ASSIGN_OR_RETURN(const PublicLog log, ReadPublicLog(session, *backend));
  ACCORD_ASSIGN_OR_RETURN(const std::vector<bundle::Line> lines,
                          CheckReleased(log, contents, *verdict.lineage));
  verdict.lines.insert(verdict.lines.end(), lines.begin(), lines.end());
  return {};
}

}  // namespace

ExitCode Run(const ModelBundle& command, Session& session) {
  return Report(Bundle(command, session), command.out, session);
}

ExitCode Run(const ModelEndorse& command, Session& session) {
  return Report(AddEndorsement(command, session), command.bundle, session);
}

ExitCode Run(const ModelVerify& command, Session& session) {
  Printer& printer = session.printer();
  const Result<Digest> genesis = GenesisOf(command.charter, session);
  if (!genesis.ok()) return printer.Failure(genesis.status());
  const Result<bundle::Contents> contents = ReadBundle(command.bundle);
  if (!contents.ok()) return printer.Failure(contents.status());
  Bundled done{bundle::Verify(*contents, *genesis), contents->model};
  if (command.log && done.verdict.status.ok()) done.verdict.status = AskLog(*contents, done.verdict, session);
  if (!done.verdict.status.ok()) {
    if (!printer.json()) printer.out() << BundleText(done.verdict.lines);
    return printer.Failure(done.verdict.status);
  }
  return printer.Answer(BundleText(done.verdict.lines) + "\nThe bundle shows what it has to.\n",
                        BundledJson(done));
}

}  // namespace accord::cli
