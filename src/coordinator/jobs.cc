#include "coordinator/jobs.h"

#include <algorithm>
#include <cmath>

#include "base/errors.h"
#include "base/log.h"
#include "base/overloaded.h"
#include "config/job_file.h"
#include "coordinator/job_queue.h"
#include "coordinator/start_models.h"
#include "coordinator/submission.h"
#include "job/codec.h"
#include "secagg/params.h"
#include "update/exchange.h"
#include "update/groups.h"
#include "update/headers.h"
#include "update/new_job.h"

namespace accord::coordinator {
namespace {

constexpr std::string_view kStreamPrefix = "job/";

// The job that a node's message is about; nullptr for messages about none.
const JobId* JobOf(const rpc::FromNode& message) {
  return std::visit(overloaded{[](const rpc::Hello&) -> const JobId* { return nullptr; },
                               [](const rpc::Heartbeat&) -> const JobId* { return nullptr; },
                               [](const rpc::CheckpointAnswer&) -> const JobId* { return nullptr; },
                               [](const auto& m) -> const JobId* { return &m.job; }},
                    message);
}

// A bound that no sum of clipped updates can break is a mistake; of clips that follow the updates none is
// known.
Status CheckNorm(const JobSpec& spec, std::uint64_t parameters) {
  const double most = spec.update.clip * std::sqrt(static_cast<double>(parameters));
  if (spec.groups.max_norm < most || spec.update.clip_rms > 0.0) return {};
  return Fail(errors::kJobInvalid,
              "groups.max_norm = " + std::to_string(spec.groups.max_norm) +
                  " can leave out no group: no norm is above update.clip * sqrt(parameters) = " +
                  std::to_string(spec.update.clip) + " * sqrt(" + std::to_string(parameters) +
                  ") = " + std::to_string(most));
}

std::string DescribeGroups(const JobInput& input) {
  std::size_t least = input.partition[0].nodes.size();
  for (const update::Group& group : input.partition) least = std::min(least, group.nodes.size());
  const bool reshuffle = input.spec->groups.reshuffle;
  return std::to_string(input.partition.size()) + (reshuffle ? " groups, dealt anew each round" : " groups") +
         ": the coordinator and every node see the sum of each group, so a node hides among the others "
         "of its group only, at least " +
         std::to_string(input.spec->round.min_survivors - 1) + " of at least " + std::to_string(least - 1) +
         (reshuffle ? "; and the sums of many rounds tell more of each node than those of groups that stay"
                    : "");
}

std::string DescribeStreaming(const JobSpec& spec) {
  std::string text = "streaming: a round uploads one of " + std::to_string(spec.streaming.fragments) +
                     " fragments; the size above is of the largest";
  if (spec.round.synchronous > 0) text += ", synchronous rounds upload the whole model";
  return text;
}

}  // namespace

// ---------------------------------------------------------------- submission

Result<JobInput> Jobs::Check(job::Submission submission, TimePoint submitted) const {
  ACCORD_ASSIGN_OR_RETURN(JobSpec spec, config::ParseJob(AsText(submission.plan), "job"));
  ACCORD_ASSIGN_OR_RETURN(ModelLayout layout, update::GlobalLayout(spec));
  ACCORD_ASSIGN_OR_RETURN(update::Partition partition,
                          update::PartitionOf(spec, services_.config.federation.trust_domain));
  const JobId id = IdOf(submission);
  const Result<update::Upload> upload = update::UploadOf(spec, layout);  // Admit says why there is none
  return JobInput{id,
                  std::move(submission),
                  submitted,
                  std::make_shared<const JobSpec>(std::move(spec)),
                  std::make_shared<const ModelLayout>(std::move(layout)),
                  std::move(partition),
                  upload.ok() ? *upload : update::Upload{}};
}

// What a new submission must pass beyond being readable; a job that runs already is not judged again.
Status Jobs::Admit(const JobInput& input) const {
  const JobSpec& spec = *input.spec;
  ACCORD_RETURN_IF_ERROR(update::CheckNewJob(spec));
  if (spec.secure == SecureMode::kOff && !services_.config.security.allow_unmasked) {
    return Fail(errors::kJobUnmasked, "secure = \"off\" would show every node's update to the coordinator");
  }
  if (input.parameters() > services_.config.limits.max_model_parameters) {
    return Fail(errors::kModelTooLarge, "the model has " + std::to_string(input.parameters()) +
                                            " parameters; this coordinator takes at most " +
                                            std::to_string(services_.config.limits.max_model_parameters));
  }
  const std::uint64_t most =
      spec.round.synchronous > 0 ? input.parameters() : update::LargestFragment(spec, *input.layout);
  ACCORD_RETURN_IF_ERROR(CheckNorm(spec, most));
  for (const round::Purpose purpose : {round::Purpose::kTrain, round::Purpose::kEvaluate}) {
    // The widest cohort that may come: every node of the federation, or of a group, could be in it.
    auto nodes = std::max<std::size_t>(spec.round.min_nodes, services_.sessions.List().size());
    if (!input.partition.empty()) nodes = 0;
    for (const update::Group& group : input.partition) nodes = std::max(nodes, group.nodes.size());
    ACCORD_RETURN_IF_ERROR(
        update::EncodingFor(spec, purpose, most, static_cast<std::uint32_t>(nodes)).status());
  }
  return StartModels(services_.config.store.state).Check(spec, *input.layout);
}

Result<rpc::ValidationView> Jobs::Validate(const Bytes& plan) const {
  ACCORD_ASSIGN_OR_RETURN(const JobInput input, Check({plan, Bytes(kTokenBytes), ""}, services_.clock.Now()));
  ACCORD_RETURN_IF_ERROR(Admit(input));
  rpc::ValidationView view{
      .name = input.spec->name, .parameters = input.parameters(), .upload = input.upload, .notes = {}};
  if (!input.spec->model.start.empty())
    view.notes.push_back("model.start: begins from the weights " + input.spec->model.start +
                         ", which this coordinator has");
  if (input.spec->secure == SecureMode::kOff) {
    view.notes.emplace_back(
        "secure = \"off\": updates are not masked; the coordinator could read each node's");
  }
  if (input.spec->secure != SecureMode::kOff) {
    view.notes.push_back("secure = \"" + std::string(config::SecureName(input.spec->secure)) + "\": " +
                         secagg::DescribeTolerance(input.spec->round.min_nodes, config::Corrupt(*input.spec),
                                                   input.spec->secure));
  }
  if (!input.partition.empty()) view.notes.push_back(DescribeGroups(input));
  if (input.spec->streaming.fragments > 1) view.notes.push_back(DescribeStreaming(*input.spec));
  if (input.spec->eval.exact && !input.spec->eval.metrics.empty()) {
    view.notes.emplace_back(
        "eval.exact: the size of a node's hold-out shows when two rounds differ by that node");
  }
  return view;
}

void Jobs::Submit(const rpc::Peer& peer, Bytes plan, Bytes token, rpc::Reply<rpc::JobView> reply) {
  if (token.size() != kTokenBytes) {
    return reply(Fail(errors::kJobInvalid,
                      "a submission token has 16 bytes, this one " + std::to_string(token.size())));
  }
  Enter({std::move(plan), std::move(token), peer.spiffe_id}, std::move(reply));
}

void Jobs::SubmitDecided(Bytes plan, Bytes proposal, const std::string& proposer) {
  Enter({std::move(plan), std::move(proposal), proposer}, [proposer](const Result<rpc::JobView>& view) {
    if (!view.ok()) LogError("job.not_begun", {{"by", proposer}, {"why", Describe(view.status())}});
  });
}

void Jobs::CancelDecided(const JobId& id, const Status& why) {
  if (IsOpen(id)) FindById(id)->Cancel("its members", why.message(), [](const auto&) {});
}

void Jobs::Enter(job::Submission submission, rpc::Reply<rpc::JobView> reply) {
  const std::string by = submission.submitter;
  Result<JobInput> input = Check(std::move(submission), services_.clock.Now());
  if (!input.ok()) return reply(input.status());
  if (const auto known = FindById(input->id))
    return known->ViewDurable(std::move(reply));  // the same submission again
  if (input->spec->groups.reshuffle && !IsDecided(input->submission))
    return reply(Fail(errors::kGroupsConsent,
                      "a job whose groups are dealt anew each round needs the members' decision",
                      "accord proposal create, under a charter with contribution_scores = true"));
  if (Status admitted = Admit(*input); !admitted.ok()) return reply(std::move(admitted));
  std::shared_ptr<JobRunner> runner;
  {
    const MutexLock lock(mutex_);
    const auto open = std::ranges::count_if(in_order_, [](const auto& job) { return !job->terminal(); });
    if (static_cast<std::uint64_t>(open) >= services_.config.limits.max_jobs) {
      return reply(Fail(errors::kJobTooMany, std::to_string(open) + " jobs are open, the limit is " +
                                                 std::to_string(services_.config.limits.max_jobs)));
    }
    const JobId id = input->id;
    auto [entry, fresh] = jobs_.try_emplace(id);
    if (fresh) {
      entry->second = JobRunner::Create(services_, *std::move(input));
      in_order_.push_back(entry->second);
    }
    runner = entry->second;
    if (!fresh) return runner->ViewDurable(std::move(reply));  // two at once
  }
  LogInfo("job.submitted", {{"job", runner->name()}, {"id", runner->id().Hex()}, {"by", by}});
  // Weak: what waits for the disk is the runner's own, and would keep it for good when the process ends
  // first.
  runner->Begin(
      [this, weak = std::weak_ptr(runner), id = runner->id(), reply = std::move(reply)](const Status& begun) {
        const auto kept = weak.lock();
        if (!kept) return reply(Fail(errors::kInternal, "the coordinator is stopping"));
        if (begun.ok()) return kept->View(reply);
        Forget(id);  // nothing of it is on disk: as if it had never come
        reply(begun);
      });
}

void Jobs::Forget(const JobId& id) {
  const MutexLock lock(mutex_);
  jobs_.erase(id);
  std::erase_if(in_order_, [&](const auto& job) { return job->id() == id; });
}

bool Jobs::Knows(const JobId& id) const { return FindById(id) != nullptr; }

bool Jobs::IsOpen(const JobId& id) const {
  const auto job = FindById(id);
  return job != nullptr && !job->terminal();
}

void Jobs::OfferDecided(std::optional<NodeId> only) {
  for (const auto& job : All()) {
    if (!job->terminal()) job->OfferDecided(only);
  }
}

void Jobs::Reschedule() {
  const MutexLock lock(mutex_);
  std::vector<Place> places;
  for (const auto& job : in_order_) places.push_back({job->phase(), job->starting(), job->priority()});
  for (const std::size_t i : NextToStart(places, services_.config.limits.max_running)) {
    places[i].starting = true;
    in_order_[i]->Start();
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i].phase == job::Phase::kQueued && !places[i].starting) {
      in_order_[i]->WaitBehind(static_cast<std::uint32_t>(Before(places, i)));
    }
  }
}

// ---------------------------------------------------------------- recovery

Status Jobs::Recover() {
  ACCORD_ASSIGN_OR_RETURN(const std::vector<std::string> streams,
                          services_.journal.Streams(std::string(kStreamPrefix)));
  const MutexLock lock(mutex_);
  for (const std::string& stream : streams) {
    ACCORD_ASSIGN_OR_RETURN(const std::vector<Bytes> records, services_.journal.Read(stream));
    if (records.empty()) continue;
    ACCORD_ASSIGN_OR_RETURN(const job::Record first, job::Decode(records.front()));
    const auto* submission = std::get_if<job::Submission>(&first.content);
    if (submission == nullptr)
      return Fail(errors::kStoreCorrupt, stream + " does not begin with a submission");
    ACCORD_ASSIGN_OR_RETURN(JobInput input, Check(*submission, first.time));
    auto runner = JobRunner::Create(services_, std::move(input));
    ACCORD_RETURN_IF_ERROR(runner->Recover(records));
    ACCORD_ASSIGN_OR_RETURN(const job::Record last, job::Decode(records.back()));
    last_event_ = std::max(last_event_, last.time);
    jobs_.emplace(runner->id(), runner);
    in_order_.push_back(std::move(runner));
  }
  std::ranges::stable_sort(in_order_, {}, &JobRunner::submitted);
  return {};
}

void Jobs::TakeUp() {
  const Millis away =
      std::max(Millis(0), std::chrono::duration_cast<Millis>(services_.clock.Now() - last_event_));
  for (const auto& job : All()) job->TakeUp(away);
}

// ---------------------------------------------------------------- finding

std::shared_ptr<JobRunner> Jobs::FindById(const JobId& id) const {
  const MutexLock lock(mutex_);
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : found->second;
}

Result<std::shared_ptr<JobRunner>> Jobs::Find(const std::string& ref) const {
  std::vector<std::shared_ptr<JobRunner>> matches;
  for (const auto& job : All()) {
    const bool by_id = ref.size() >= 6 && job->id().Hex().starts_with(ref);
    if (by_id || job->name() == ref) matches.push_back(job);
  }
  if (matches.size() == 1) return matches.front();
  const std::string what = "'" + Printable(ref, 70) + "'";
  if (matches.empty()) return Fail(errors::kJobNotFound, "no job is called " + what);
  return Fail(errors::kJobAmbiguous, what + " names " + std::to_string(matches.size()) +
                                         " jobs; the newest is " + matches.front()->id().Hex().substr(0, 12));
}

std::vector<std::shared_ptr<JobRunner>> Jobs::All() const {
  const MutexLock lock(mutex_);
  return {in_order_.rbegin(), in_order_.rend()};
}

// ---------------------------------------------------------------- nodes

void Jobs::OnNodeUp(const rpc::Peer& node, const rpc::Hello& hello) {
  for (const JobId& held : hello.held) {
    const auto job = FindById(held);
    if (job) continue;  // its runner tells it
    services_.sessions.Send(node.node,
                            rpc::Ended{held,
                                       job::Phase::kCancelled,
                                       {},
                                       Fail(errors::kJobNotFound, "this coordinator knows no such job")});
  }
  for (const auto& job : All()) {
    const bool held = std::ranges::find(hello.held, job->id()) != hello.held.end();
    if (!job->terminal() || held) job->OnNodeUp(node);
  }
}

void Jobs::OnNodeMessage(const rpc::Peer& node, rpc::FromNode message) {
  if (const JobId* id = JobOf(message)) {
    if (const auto job = FindById(*id)) job->OnMessage(node, std::move(message));
    return;
  }
  const auto* heartbeat = std::get_if<rpc::Heartbeat>(&message);
  if (heartbeat == nullptr) return;
  for (const rpc::Progress& progress : heartbeat->progress) {
    if (const auto job = FindById(progress.job)) job->OnMessage(node, rpc::Heartbeat{{progress}});
  }
}

void Jobs::OnNodeDown(const rpc::Peer& node) {
  for (const auto& job : All()) {
    if (!job->terminal()) job->OnNodeDown(node);
  }
}

void Jobs::Expel(NodeId node) {
  for (const auto& job : All()) {
    if (!job->terminal()) job->Expel(node);
  }
}

// ---------------------------------------------------------------- bulk

void Jobs::OpenUpload(const rpc::Peer& peer, const rpc::UploadKey& key, std::uint64_t words,
                      rpc::Reply<std::shared_ptr<rpc::UploadSink>> reply) {
  const auto job = FindById(key.job);
  if (!job) return reply(Fail(errors::kJobNotFound, "no job has the id " + key.job.Hex()));
  job->OpenUpload(peer, key, words, std::move(reply));
}

void Jobs::GetUpload(const rpc::Peer& peer, const rpc::UploadKey& key, rpc::Reply<rpc::UploadState> reply) {
  const auto job = FindById(key.job);
  if (!job) return reply(Fail(errors::kJobNotFound, "no job has the id " + key.job.Hex()));
  job->GetUpload(peer, key, std::move(reply));
}

Result<std::uint64_t> Jobs::BlobSize(const rpc::Peer&, const Digest& hash) {
  return services_.blobs.Size(hash);
}

Result<std::uint64_t> Jobs::ReadBlob(const Digest& hash, std::uint64_t offset, std::span<std::uint8_t> out) {
  ACCORD_ASSIGN_OR_RETURN(const auto blob, services_.blobs.Open(hash));
  ACCORD_ASSIGN_OR_RETURN(const std::size_t read, blob->Read(offset, out));
  services_.metrics.AddDownloadBytes(read);
  return static_cast<std::uint64_t>(read);
}

}  // namespace accord::coordinator
