#include "coordinator/fsck.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "base/errors.h"
#include "base/text.h"
#include "config/job_file.h"
#include "coordinator/fsck_log.h"
#include "coordinator/identity.h"
#include "coordinator/registry_book.h"
#include "coordinator/start_models.h"
#include "coordinator/submission.h"
#include "job/blobs.h"
#include "job/codec.h"
#include "job/job.h"
#include "store/blobs.h"
#include "store/journal_reader.h"
#include "store/members.h"
#include "store/state_dir.h"
#include "update/global_state.h"

namespace accord::coordinator {
namespace {

constexpr std::string_view kJobStream = "job/";
constexpr const char* kRestore =
    "accordd does not start with it: go back to the newest backup (docs/operator.md)";

// What the jobs need: whose, and as what. A blob of two jobs counts for the one that needs it more.
struct Need {
  job::BlobUse use;
  std::string job;
};

class Checker {
 public:
  explicit Checker(const std::filesystem::path& state) : paths_(state) {}

  Result<StateReport> Run() {
    ACCORD_RETURN_IF_ERROR(CheckIsState());
    CheckCa();
    ACCORD_RETURN_IF_ERROR(CheckJournal());
    CheckMembers();
    CheckRegistries();
    ACCORD_RETURN_IF_ERROR(CheckBlobs());
    CheckStartModels();
    LogReport log = CheckLog(paths_.path());
    report_.log_entries = log.entries;
    report_.receipts = log.receipts;
    std::ranges::move(log.damage, std::back_inserter(report_.damage));
    std::ranges::stable_partition(report_.damage, &Damage::serious);
    return std::move(report_);
  }

 private:
  void Found(Damage damage) { report_.damage.push_back(std::move(damage)); }

  Status CheckIsState();
  void CheckCa();
  Status CheckJournal();
  void CheckStream(store::JournalReader& journal, const std::string& stream);
  void CheckJob(const std::string& stream, const store::StreamCheck& check);
  void CheckMembers();
  void CheckRegistries();
  Status CheckBlobs();
  void CheckStartModels();
  void CheckBlob(const store::Blobs& blobs, const Digest& digest, const Status& fault);

  const store::StatePaths paths_;
  StateReport report_;
  std::map<Digest, Need> needs_;
  bool jobs_known_ = true;  // else nobody can say which blobs are needed
};

// A directory with neither a CA nor a journal is no damaged state but another directory.
Status Checker::CheckIsState() {
  const Status has_ca = CheckHasCa(paths_.path());
  std::error_code unknown;
  const bool journal = std::filesystem::exists(paths_.journal_file(), unknown);
  return journal ? Status() : has_ca;
}

void Checker::CheckCa() {
  if (const auto ca = LoadCa(paths_.path()); !ca.ok())
    Found({IdentityPaths(paths_.path()).ca_key.string(), ca.status().message(), kRestore});
}

Status Checker::CheckJournal() {
  auto journal = store::JournalReader::Open(paths_.journal_file());
  if (!journal.ok() && journal.status().error() != errors::kStoreCorrupt.id) return journal.status();
  Status whole = journal.ok() ? (*journal)->CheckFile() : journal.status();
  Result<std::vector<std::string>> streams = whole;
  if (journal.ok()) streams = (*journal)->Streams("");
  if (!whole.ok()) Found({paths_.journal_file().string(), whole.message(), kRestore});
  jobs_known_ = streams.ok();
  if (!streams.ok()) return {};
  for (const std::string& stream : *streams) CheckStream(**journal, stream);
  return {};
}

void Checker::CheckStream(store::JournalReader& journal, const std::string& stream) {
  const std::string place = paths_.journal_file().string() + ", stream " + Printable(stream);
  const auto check = journal.Check(stream);
  if (!check.ok()) {
    jobs_known_ = false;
    return Found({place, check.status().message(), kRestore});
  }
  report_.records += static_cast<std::uint64_t>(check->whole);
  for (const store::StreamCheck::Gap& gap : check->gaps) {
    const bool one = gap.first == gap.last;
    Found({place,
           (one ? "record " + std::to_string(gap.first) + " is"
                : "records " + std::to_string(gap.first) + " to " + std::to_string(gap.last) + " are") +
               " damaged or missing; whole are " + std::to_string(check->whole),
           kRestore});
  }
  if (stream.starts_with(kJobStream)) CheckJob(stream, *check);
}

// Replays what is whole, as a restart would.
void Checker::CheckJob(const std::string& stream, const store::StreamCheck& check) {
  const std::string place = paths_.journal_file().string() + ", stream " + Printable(stream);
  const std::string id = stream.substr(kJobStream.size());
  std::string name = id.substr(0, 12);
  const auto refuse = [&](std::size_t record, const std::string& what) {
    jobs_known_ = false;
    report_.jobs.push_back({name, "unreadable from record " + std::to_string(record) + " on"});
    Found({place, "record " + std::to_string(record) + ": " + what, kRestore});
  };
  if (check.records.empty()) return refuse(0, "the submission is missing");
  const auto first = job::Decode(check.records.front());
  if (!first.ok()) return refuse(0, first.status().message());
  const auto* submission = std::get_if<job::Submission>(&first->content);
  if (submission == nullptr) return refuse(0, "it is no submission");
  if (IdOf(*submission).Hex() != id) return refuse(0, "it is of another job");
  const auto spec = config::ParseJob(AsText(submission->plan), "job");
  if (!spec.ok()) return refuse(0, spec.status().message());
  name = spec->name;
  const auto layout = update::GlobalLayout(*spec);
  if (!layout.ok()) return refuse(0, layout.status().message());
  const job::Plan plan = job::PlanOf(*spec, update::ParametersOf(*layout));
  job::State state = job::Submit(first->time);
  for (std::size_t i = 1; i < check.records.size(); ++i) {
    const auto record = job::Decode(check.records[i]);
    if (!record.ok()) return refuse(i, record.status().message());
    const auto* event = std::get_if<job::Event>(&record->content);
    if (event == nullptr) return refuse(i, "a second submission");
    job::Transition step = job::Step(plan, state, *event, record->time);
    if (step.why.verdict == round::Verdict::kAccepted) state = std::move(step.next);
  }
  std::string standing(job::Name(job::PhaseOf(state)));
  if (const job::OpenRound* open = job::RoundOf(state)) {
    standing += ": round " + std::to_string(open->plan.round.value) + ", " +
                std::string(round::Name(round::PhaseOf(open->state)));
  }
  if (!check.gaps.empty()) {
    jobs_known_ = false;  // what it needs was said behind the gap
    return report_.jobs.push_back({name, std::move(standing) + ", before the damage"});
  }
  report_.jobs.push_back({name, std::move(standing)});
  for (const auto& [digest, use] : job::BlobsOf(state)) {
    const auto [known, fresh] = needs_.try_emplace(digest, Need{use, name});
    if (!fresh && use < known->second.use) known->second = {use, name};
  }
}

void Checker::CheckMembers() {
  const auto members = store::Members::Check(paths_.members_file());
  if (!members.ok()) return Found({paths_.members_file().string(), members.status().message(), kRestore});
  report_.members = *members;
}

void Checker::CheckRegistries() {
  if (!std::filesystem::exists(paths_.registry_dir())) {
    return Found({paths_.registry_dir().string(), "the directory is missing",
                  "the next start makes a registry from the members; labs that pinned one look at it again",
                  false});
  }
  const auto check = RegistryBook::CheckFiles(paths_.registry_dir());
  report_.registries = check.whole;
  for (const Status& fault : check.faults) {
    Found({paths_.registry_dir().string(), fault.message(),
           "labs that pinned it cannot read it again: go back to the newest backup (docs/operator.md)"});
  }
}

Status Checker::CheckBlobs() {
  const auto blobs = store::Blobs::OpenToRead(paths_.blobs_dir());
  ACCORD_ASSIGN_OR_RETURN(const std::vector<store::BlobInfo> list, blobs->List());
  std::map<Digest, Need> missing = needs_;
  for (const store::BlobInfo& blob : list) {
    missing.erase(blob.digest);
    ++report_.blobs;
    report_.blob_bytes += blob.size;
    if (const Status fault = blobs->Verify(blob.digest); !fault.ok()) CheckBlob(*blobs, blob.digest, fault);
  }
  for (const auto& [digest, need] : missing) {
    CheckBlob(*blobs, digest, Fail(errors::kBlobNotFound, "missing"));
  }
  return {};
}

void Checker::CheckStartModels() {
  const StartModels::Contents contents = StartModels(paths_.path()).CheckFiles();
  report_.start_models = contents.whole;
  for (const StartModels::Fault& fault : contents.faults) {
    Found({fault.file.string(), fault.status.message(),
           "no job can begin from it: accordd import-model makes it anew; or remove it"});
  }
}

void Checker::CheckBlob(const store::Blobs& blobs, const Digest& digest, const Status& fault) {
  const std::string place = blobs.PathOf(digest).string();
  const bool missing = fault.error() == errors::kBlobNotFound.id;
  const bool corrupt = fault.error() == errors::kStoreCorrupt.id;
  std::string what = corrupt ? "its bytes have another SHA-256 than its name" : fault.message();
  if (missing) what = "it is missing";
  const auto need = needs_.find(digest);
  if (need == needs_.end()) {
    if (jobs_known_) return Found({place, what, "no job needs it: the next start removes it", false});
    return Found({place, what, "whether a job needs it cannot be said: the journal is damaged"});
  }
  what += "; it is " + std::string(job::Name(need->second.use)) + " of job " + need->second.job;
  if (need->second.use == job::BlobUse::kModel) {
    return Found(
        {place, what,
         "put a file with this SHA-256 in its place: a backup has it, or whoever downloaded the model; "
         "else the job ends with job.model_lost"});
  }
  if (need->second.use == job::BlobUse::kGroupSum) {
    return Found({place, what,
                  "put a file with this SHA-256 in its place: a backup has it; else the job ends with "
                  "job.model_lost"});
  }
  if (need->second.use == job::BlobUse::kMadeOf) {
    return Found({place, what, "nodes that were away take part again after the next round", false});
  }
  const bool shares = need->second.use == job::BlobUse::kShares;
  Found({place, what, shares ? "the next attempt begins by itself" : "the sum is taken once more by itself",
         false});
}

}  // namespace

Result<StateReport> CheckState(const std::filesystem::path& state) { return Checker(state).Run(); }

}  // namespace accord::coordinator
