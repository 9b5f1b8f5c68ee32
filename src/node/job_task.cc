#include "node/job_task.h"

#include <algorithm>
//
#include <boost/asio/post.hpp>

#include "base/errors.h"
#include "base/log.h"
#include "base/overloaded.h"
#include "config/job_file.h"
#include "job/job_id.h"
#include "node/certified_data.h"
#include "node/governance.h"
#include "update/groups.h"

namespace accord::node {

namespace asio = boost::asio;

namespace {

bool SameLayout(const ModelLayout& a, const ModelLayout& b) {
  return std::ranges::equal(a.tensors, b.tensors, [](const TensorSpec& x, const TensorSpec& y) {
    return x.name == y.name && x.shape == y.shape;
  });
}

}  // namespace

Status Coarse(const Status& status) {
  const ErrorInfo* info = FindError(status.error());
  return info == nullptr ? Fail(errors::kTaskFailed, std::string(errors::kTaskFailed.meaning))
                         : Fail(*info, std::string(info->meaning));
}

JobTask::JobTask(NodeServices& services, JobId id) : services_(services), id_(id) {
  facts_.id = id;
  facts_.node = services.node;
}

std::string JobTask::name() const { return facts_.spec ? facts_.spec->name : id_.Hex().substr(0, 12); }

void JobTask::MakeDriver(task::State state) {
  const std::weak_ptr<JobTask> weak = weak_from_this();
  driver_ = std::make_shared<Driver>(
      Driver::Options{.machine = {id_},
                      .journal = &services_.journal,
                      .post = [&io = services_.io](std::function<void()> f) { asio::post(io, std::move(f)); },
                      .run =
                          [weak](const std::vector<task::Effect>& effects) {
                            if (auto self = weak.lock()) self->Run(effects);
                          },
                      .on_broken = [broken = services_.broken](const Status& status) { broken(status); }},
      std::move(state));
}

Status JobTask::Recover(const std::vector<Bytes>& records) {
  task::State state;
  for (const Bytes& bytes : records) {
    ACCORD_ASSIGN_OR_RETURN(const task::Record record, task::DecodeRecord(bytes));
    if (const auto* taken = std::get_if<task::Taken>(&record.content)) plan_ = taken->plan;
    const auto* event = std::get_if<task::Event>(&record.content);
    if (event == nullptr) continue;
    Remember(*event);
    task::Transition step = task::Step(state, *event);
    if (step.why.verdict == round::Verdict::kAccepted) state = std::move(step.next);
  }
  if (!plan_.empty()) {
    if (auto spec = config::ParseJob(AsText(plan_), "job"); spec.ok()) {
      facts_.spec = std::make_shared<const JobSpec>(*std::move(spec));
    }
  }
  if (state.ended) plan_ = {};
  MakeDriver(std::move(state));
  // The keys of an attempt lived in the memory of the process that ended.
  if (task::LivesInMemory(driver_->state().activity)) Handle(task::MemoryLost{});
  return {};
}

// Delta files live until the round after them is trained; erasing needs to know those that may still be
// there.
void JobTask::Remember(const task::Event& event) {
  const auto* done = std::get_if<task::TrainDone>(&event);
  if (done == nullptr || done->delta.file.IsZero()) return;
  deltas_.insert(done->delta.file);
}

void JobTask::Handle(const task::Event& event, std::function<void(Status)> done) {
  if (const auto* fresh = std::get_if<task::TrainDone>(&event); fresh != nullptr)
    ForgetOldDeltas(fresh->delta.file);
  Remember(event);
  driver_->Handle(event, Now(), [done = std::move(done)](const Result<task::Why>& fate) {
    if (done) done(fate.status());
  });
}

Status JobTask::OpenDeltas() {
  if (delta_files_) return {};
  ACCORD_ASSIGN_OR_RETURN(delta_files_, store::Blobs::Open(services_.deltas_dir / id_.Hex()));
  return {};
}

void JobTask::ForgetOldDeltas(const Digest& keep) {
  std::erase_if(deltas_, [&](const Digest& file) { return file != keep && delta_files_->Delete(file).ok(); });
}

// ---------------------------------------------------------------- preparing

// The lab's own checks, before a byte of data is read. Default deny: what is not allowed by the configuration
// is refused.
Status JobTask::Take(const rpc::Prepare& message, DatasetConfig& data) {
  ACCORD_ASSIGN_OR_RETURN(JobSpec spec, config::ParseJob(AsText(message.plan), "job"));
  const config::NodeConfig::Policy& policy = services_.config.policy;
  ACCORD_RETURN_IF_ERROR(CheckMode(spec));
  if (!policy.AllowsPurpose(spec.purpose)) {
    return Fail(errors::kTaskRefused, "the job's purpose '" + spec.purpose + "' is not in policy.purposes");
  }
  ACCORD_ASSIGN_OR_RETURN(const update::Partition partition, update::PartitionOf(spec, services_.federation));
  if (!update::GroupOf(partition, services_.node)) {
    return Fail(errors::kTaskRefused, "no group of the plan names this node");
  }
  const auto known = services_.config.data.find(spec.dataset);
  if (known == services_.config.data.end()) {
    return Fail(errors::kTaskRefused,
                "no [data." + spec.dataset + "] in the configuration: the data set is not mapped");
  }
  data = known->second;
  ACCORD_ASSIGN_OR_RETURN(ModelLayout layout, update::GlobalLayout(spec));
  ACCORD_RETURN_IF_ERROR(CheckDecision(message, spec));  // last, since it reserves budget
  ACCORD_RETURN_IF_ERROR(OpenDeltas());
  facts_.spec = std::make_shared<const JobSpec>(std::move(spec));
  facts_.layout = std::make_shared<const ModelLayout>(std::move(layout));
  if (services_.governance != nullptr) facts_.draw = services_.governance->DrawOf(id_);
  if (plan_ != message.plan) {
    plan_ = message.plan;
    services_.journal.WriteSoon(
        {{TaskMachine{id_}.Stream(), task::EncodeRecord({Now(), task::Taken{message.plan, message.token}})}});
  }
  return {};
}

// What is missing means refuse: a lab that pinned a charter takes no job that came without the decision on
// it.
Status JobTask::CheckDecision(const rpc::Prepare& message, const JobSpec& spec) const {
  if (services_.admit) {
    if (message.bundle) return services_.admit(message, spec);
    return Fail(errors::kBundleMissing, "the job came without the members' decision");
  }
  if (spec.groups.reshuffle)
    return Fail(errors::kGroupsConsent,
                "the job has its groups dealt anew each round, and this lab pinned no charter");
  if (message.bundle)
    return Fail(errors::kTaskRefused,
                "members decided on the job under a charter, and governance.genesis names none");
  if (job::MakeJobId(message.plan, message.token) == id_) return {};
  return Fail(errors::kTaskRefused, "the plan is not the one that the job's id names");
}

Status JobTask::CheckMode(const JobSpec& spec) const {
  const config::NodeConfig::Policy& policy = services_.config.policy;
  if (spec.secure == SecureMode::kOff) {
    if (policy.allow_unmasked) return {};
    return Fail(errors::kTaskRefused,
                "the job is unmasked (secure = \"off\") and policy.allow_unmasked is not true");
  }
  if (spec.secure == SecureMode::kSemiHonest && !policy.allow_semi_honest) {
    return Fail(errors::kSecaggModeRefused,
                "the job trusts the coordinator (secure = \"semi-honest\") and policy.allow_semi_honest is "
                "not true");
  }
  ACCORD_ASSIGN_OR_RETURN(const PinnedRegistry pinned, LoadPinned(services_.config.node.state));
  if (pinned.registry || services_.registry_by_charter) return {};
  return Fail(errors::kSecaggWrongRegistry,
              "the job masks updates under a registry of nodes, and none is pinned here",
              "Look at it, compare its hash with the other members', then: accord-node registry --pin HASH");
}

void JobTask::SayPrepared() {
  const Result<PinnedRegistry> pinned = LoadPinned(services_.config.node.state);
  if (!pinned.ok()) LogError("registry.damaged", {{"why", Describe(pinned.status())}});
  rpc::Prepared prepared{id_, pinned.ok() ? pinned->hash : Digest()};
  if (catching_up_) prepared.standing = Standing();
  services_.send(std::move(prepared));
}

// It is asked again when there are new nodes, whom a masked job takes in once the registry has them.
void JobTask::SayPreparedAnew() {
  if (!services_.registry_by_charter || !masked()) return SayPrepared();
  asio::post(services_.work, [self = shared_from_this(), pin = Pinning()] {
    if (const Status pinned = pin(); !pinned.ok())
      LogWarn("registry.not_pinned", {{"job", self->name()}, {"why", Describe(pinned)}});
    asio::post(self->services_.io, [self] { self->SayPrepared(); });
  });
}

void JobTask::OnPrepare(const rpc::Prepare& message) {
  if (driver_->state().stopped) {
    once_allowed_ = message;
    return Decline(Fail(errors::kTaskStopped, "this lab stopped the job"));
  }
  if (driver_->state().ended) return Decline(Fail(errors::kJobState, "the job has ended"));
  catching_up_ = message.standing;
  if (trainer_) return SayPreparedAnew();
  if (opening_) return;
  DatasetConfig data;
  if (const Status taken = Take(message, data); !taken.ok()) {
    LogWarn("job.refused", {{"job", id_.Hex()}, {"why", Describe(taken)}});
    return Decline(taken);
  }
  OpenTrainer(message, std::move(data));
}

// The lab allowed the job again.
void JobTask::TakeUpAgain() {
  if (const auto asked = std::exchange(once_allowed_, {})) return OnPrepare(*asked);
  if (trainer_) SayPrepared();
}

// Under a charter: what pins the registry that a masked job needs; else nothing to do.
std::function<Status()> JobTask::Pinning() const {
  const bool by_charter = services_.registry_by_charter && facts_.spec->secure != SecureMode::kOff;
  return by_charter ? services_.registry_by_charter() : [] { return Status(); };
}

void JobTask::OpenTrainer(const rpc::Prepare&, DatasetConfig data) {
  opening_ = true;
  asio::post(services_.work, [self = shared_from_this(), spec = facts_.spec, layout = facts_.layout,
                              data = std::move(data), pin = Pinning()] {
    Status certified =
        CheckCertified(self->services_.config, data, spec->purpose, self->services_.clock.Now());
    if (certified.ok()) certified = pin();
    Result<std::unique_ptr<Trainer>> made = certified;
    if (certified.ok()) made = self->services_.trainers.Create(*spec, data);
    Status status = made.status();
    std::shared_ptr<Trainer> trainer;
    if (made.ok()) trainer = *std::move(made);
    if (trainer && !SameLayout(trainer->Layout(), update::ModelOf(*layout))) {
      status = Fail(errors::kModelShape, "the trainer's model is not the plan's");
      trainer = nullptr;
    }
    asio::post(self->services_.io, [self, status, trainer = std::move(trainer)] {
      self->opening_ = false;
      if (self->driver_->state().ended) return;
      if (!trainer) {
        LogError("job.data_refused", {{"job", self->name()}, {"why", Describe(status)}});
        return self->Decline(status);
      }
      self->trainer_ = trainer;
      LogInfo("job.prepared", {{"job", self->name()},
                               {"secure", std::string(config::SecureName(self->facts_.spec->secure))}});
      self->SayPrepared();
      self->Run(task::Outstanding(self->driver_->state()));
    });
  });
}

void JobTask::Decline(const Status& why) { services_.send(rpc::Declined{id_, {}, Coarse(why)}); }

// ---------------------------------------------------------------- told

void JobTask::OnCommit(const rpc::Commit& message) {
  if (!trainer_) return;
  sum_ = message.sum;
  sum_hash_ = message.sum_hash;
  task::Offer offer{.attempt = message.attempt,
                    .cohort = {message.cohort.begin(), message.cohort.end()},
                    .survivors = {message.survivors.begin(), message.survivors.end()},
                    .words = message.words,
                    .sum = message.sum_hash,
                    .model_hash = message.model_hash,
                    .opened = {}};
  if (const auto& opened = message.opened) {
    offer.opened = task::Offer::Opened{opened->u3_hash, opened->z_root, opened->tau};
  }
  Handle(task::CommitTold{message.round, std::move(offer)});
}

void JobTask::OnEnded(const rpc::Ended& message) {
  LogInfo("job.ended", {{"job", name()}, {"state", std::string(job::Name(message.state))}});
  Handle(task::EndTold{});
}

void JobTask::OnLab(const task::Event& event, std::function<void(Status)> done) {
  Handle(event, std::move(done));
}

std::filesystem::path JobTask::RoundFiles(RoundId round) const {
  return services_.jobs_dir / id_.Hex() / ("round-" + std::to_string(round.value));
}

// What lives from round to round.
std::filesystem::path JobTask::KeptFiles() const { return services_.jobs_dir / id_.Hex() / "kept"; }

std::filesystem::path JobTask::ProofFile() const { return services_.jobs_dir / id_.Hex() / "proof"; }

void JobTask::Shutdown() {
  secure_ = nullptr;
  making_stop_.request_stop();
  training_stop_.request_stop();
  work_stop_.request_stop();
}

rpc::Progress JobTask::progress() const {
  return {.job = id_,
          .round = {progress_->round},
          .steps_done = progress_->steps_done,
          .steps_total = progress_->steps_total,
          .bytes_sent = progress_->bytes_sent,
          .bytes_total = progress_->bytes_total,
          .waiting = progress_->waiting};
}

}  // namespace accord::node
