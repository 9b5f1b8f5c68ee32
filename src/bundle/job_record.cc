#include "bundle/job_record.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "base/errors.h"
#include "ledger/strict_json.h"
#include "ledger/tlog_proof.h"

namespace accord::bundle {
namespace {

using charter::LoggedEntry;
using nlohmann::ordered_json;

constexpr std::string_view kCroissant = ".croissant.json", kJson = ".json";

Bytes BytesOf(std::string_view text) { return {text.begin(), text.end()}; }

std::string ProofName(std::string_view kind, std::size_t number) {
  return std::string(kind) + "-" + std::to_string(number) + std::string(kProof);
}
std::string DatasetFile(const std::string& id, std::string_view suffix) {
  return std::string(kDatasets) + id + std::string(suffix);
}
std::string DatasetProof(const std::string& id) { return "dataset-" + id + std::string(kProof); }
const std::string kProposalProof = "proposal" + std::string(kProof);

// ---- writing

ordered_json TextsOf(std::span<const LoggedEntry> entries) {
  ordered_json texts = ordered_json::array();
  for (const LoggedEntry& one : entries) texts.push_back(one.entry);
  return texts;
}

std::string CharterText(std::span<const LoggedEntry> charters) {
  return ordered_json{{"versions", TextsOf(charters)}}.dump(1) + "\n";
}

std::string JobText(const JobRecord& record) {
  const ordered_json root{{"proposal", record.job.proposal.entry},
                          {"votes", TextsOf(record.job.votes)},
                          {"rounds", TextsOf(record.rounds)},
                          {"checkpoint", record.job.checkpoint}};
  return root.dump(1) + "\n";
}

class RecordWriter {
 public:
  RecordWriter(Contents& contents, ledger::Note head) : contents_(contents), head_(std::move(head)) {}

  void Put(const std::string& file, std::string_view text) { contents_.files[file] = BytesOf(text); }
  void Prove(const std::string& file, const LoggedEntry& one) {
    Put(file, ledger::TlogProof{std::nullopt, one.index, one.inclusion, head_}.Format());
  }
  void ProveAll(std::string_view kind, std::span<const LoggedEntry> entries) {
    for (std::size_t i = 0; i < entries.size(); ++i) Prove(ProofName(kind, i + 1), entries[i]);
  }

 private:
  Contents& contents_;
  const ledger::Note head_;
};

// ---- reading

class RecordReader {
 public:
  explicit RecordReader(const Contents& contents) : contents_(contents) {}

  Result<JobRecord> Read() {
    JobRecord record;
    ACCORD_ASSIGN_OR_RETURN(std::vector<std::string> versions, ReadCharters(contents_));
    used_.emplace(kCharterFile);
    ACCORD_RETURN_IF_ERROR(ReadJob(record));
    ACCORD_RETURN_IF_ERROR(Fill("charter", std::move(versions), record.job.charters));
    ACCORD_RETURN_IF_ERROR(ReadProof(kProposalProof, record.job.proposal));
    ACCORD_ASSIGN_OR_RETURN(const ByteView plan, Use(std::string(kPlanFile)));
    record.plan = {plan.begin(), plan.end()};
    ACCORD_RETURN_IF_ERROR(ReadDatasets(record));
    ACCORD_RETURN_IF_ERROR(CheckAllUsed());
    return record;
  }

 private:
  Result<ByteView> Use(const std::string& file) {
    used_.insert(file);
    return contents_.Find(file);
  }

  Status ReadJob(JobRecord& record) {
    const std::string file(kJobFile);
    ACCORD_ASSIGN_OR_RETURN(const ByteView text, Use(file));
    ledger::JsonReader in(text, "record of the job", kMaxFileBytes);
    record.job.proposal.entry = in.Text("proposal");
    std::vector<std::string> votes = in.Texts("votes"), rounds = in.Texts("rounds");
    record.job.checkpoint = in.Text("checkpoint");
    if (const Status read = in.Finish(); !read.ok()) return Refuse(file, read.message());
    const auto head = ledger::Note::Parse(record.job.checkpoint);
    if (!head.ok()) return Refuse(file, head.status().message());
    checkpoint_ = record.job.checkpoint;
    ACCORD_RETURN_IF_ERROR(Fill("vote", std::move(votes), record.job.votes));
    ACCORD_RETURN_IF_ERROR(Fill("round", std::move(rounds), record.rounds));
    return AsText(text) == JobText(record) ? Status() : Refuse(file, "it is not laid out as it is to be");
  }

  Status Fill(std::string_view kind, std::vector<std::string> texts, std::vector<LoggedEntry>& entries) {
    for (std::string& text : texts) {
      LoggedEntry& one = entries.emplace_back();
      one.entry = std::move(text);
      ACCORD_RETURN_IF_ERROR(ReadProof(ProofName(kind, entries.size()), one));
    }
    return {};
  }

  Status ReadProof(const std::string& file, LoggedEntry& one) {
    ACCORD_ASSIGN_OR_RETURN(const ByteView text, Use(file));
    Result<ledger::TlogProof> proof = ledger::TlogProof::Parse(AsText(text));
    if (!proof.ok()) return Refuse(file, proof.status().message());
    if (proof->extra) return Refuse(file, "it has extra data, for which nobody vouches");
    if (proof->checkpoint.Format() != checkpoint_) return Refuse(file, "it is under another head of the log");
    one.index = proof->index;
    one.inclusion = std::move(proof->hashes);
    return {};
  }

  Status ReadDatasets(JobRecord& record) {
    for (const auto& [file, bytes] : contents_.files) {
      if (!file.starts_with(kDatasets) || file.ends_with(kCroissant)) continue;
      const std::string id = file.substr(kDatasets.size(), 2 * Digest::kSize);
      if (file != DatasetFile(id, kJson) || !Digest::FromHex(id))
        return Refuse(file, "it is not called by the hash of a certificate");
      CertifiedData& data = record.datasets[id];
      used_.insert(file);
      data.certificate.entry = std::string(AsText(bytes));
      data.logged = contents_.files.contains(DatasetProof(id));
      if (data.logged) ACCORD_RETURN_IF_ERROR(ReadProof(DatasetProof(id), data.certificate));
      const std::string croissant = DatasetFile(id, kCroissant);
      if (!contents_.files.contains(croissant)) continue;
      ACCORD_ASSIGN_OR_RETURN(const ByteView text, Use(croissant));
      data.croissant = std::string(AsText(text));
    }
    return {};
  }

  Status CheckAllUsed() {
    for (const std::string_view own :
         {kModelFile, kSignatureFile, kProvenanceFile, kReleaseKeyFile, kPolicyFile, kBomFile, kSummaryFile})
      used_.emplace(own);
    for (const auto& [file, bytes] : contents_.files) {
      if (!used_.contains(file)) return Refuse(file, "it is no part of a bundle");
    }
    return {};
  }

  const Contents& contents_;
  std::set<std::string, std::less<>> used_;
  std::string checkpoint_;
};

}  // namespace

Status WriteRecord(const JobRecord& record, Contents& contents) {
  ACCORD_ASSIGN_OR_RETURN(ledger::Note head, ledger::Note::Parse(record.job.checkpoint));
  RecordWriter out(contents, std::move(head));
  out.Put(std::string(kCharterFile), CharterText(record.job.charters));
  out.Put(std::string(kJobFile), JobText(record));
  out.Put(std::string(kPlanFile), AsText(record.plan));
  out.ProveAll("charter", record.job.charters);
  out.Prove(kProposalProof, record.job.proposal);
  out.ProveAll("vote", record.job.votes);
  out.ProveAll("round", record.rounds);
  for (const auto& [id, data] : record.datasets) {
    out.Put(DatasetFile(id, kJson), data.certificate.entry);
    if (data.logged) out.Prove(DatasetProof(id), data.certificate);
    if (!data.croissant.empty()) out.Put(DatasetFile(id, kCroissant), data.croissant);
  }
  return {};
}

Result<JobRecord> ReadRecord(const Contents& contents) { return RecordReader(contents).Read(); }

Result<std::vector<std::string>> ReadCharters(const Contents& contents) {
  ACCORD_ASSIGN_OR_RETURN(const ByteView text, contents.Find(kCharterFile));
  ledger::JsonReader in(text, "chain of charters", kMaxFileBytes);
  std::vector<std::string> versions = in.Texts("versions");
  if (const Status read = in.Finish(); !read.ok()) return Refuse(kCharterFile, read.message());
  std::vector<LoggedEntry> entries;
  for (const std::string& one : versions) entries.push_back({.entry = one, .inclusion = {}});
  if (AsText(text) != CharterText(entries)) return Refuse(kCharterFile, "it is not laid out as it is to be");
  return versions;
}

}  // namespace accord::bundle
