#include "trainer/trainer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/errors.h"
#include "base/log.h"
#include "model/safetensors.h"
#include "model/unigram.h"
#include "strategy/schedule.h"
#include "strategy/streaming.h"
#include "trainer/plan_crc.h"
#include "trainer/wall.h"

namespace accord::trainer {
namespace {

constexpr const char* kCheckpoint = "training.ckpt";
constexpr const char* kAhead = "ahead.ckpt";  // as TrainAhead left it

// Lets at most one call through per interval; steps longer than it are all told.
class Pace {
 public:
  explicit Pace(std::chrono::milliseconds interval) : interval_(interval) {}
  [[nodiscard]] bool Due() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return false;
    next_ = now + interval_;
    return true;
  }

 private:
  std::chrono::milliseconds interval_;
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now() + interval_;
};

// Lets the workers go when a training ends, however it does.
class Gathering {
 public:
  explicit Gathering(GroupLeader* group) : group_(group) {}
  ~Gathering() {
    if (group_ != nullptr) group_->Release();
  }
  Gathering(const Gathering&) = delete;
  Gathering& operator=(const Gathering&) = delete;

 private:
  GroupLeader* group_;
};

}  // namespace

TorchTrainer::TorchTrainer(Parts parts)
    : parts_(std::move(parts)),
      round_crc_(
          RoundCrc(parts_.job, parts_.partition,
                   {.shuffle_seed = parts_.options.shuffle_seed, .examples = parts_.learner->examples()})),
      state_crc_(StateCrc(parts_.job, parts_.partition)),
      shared_(parts_.partition.trained, parts_.partition.shared),
      personal_(parts_.job, parts_.partition),
      local_(parts_.job, parts_.partition),
      optimizer_(parts_.job.inner, parts_.learner->weights(), parts_.learner->gradients()) {
  if (parts_.job.personal.kind == PersonalKind::kDitto)
    ditto_.emplace(parts_.job, state_crc_, parts_.learner->weights(), parts_.learner->gradients());
}

Result<TrainOutcome> TorchTrainer::Train(const TrainRequest& request) {
  ACCORD_CHECK(request.weights.size() == Layout().size && request.result.size() == Layout().size);
  if (model::HasPersonal(parts_.job) && request.state.empty())
    return Fail(errors::kJobInvalid, "the job keeps a personal part, and there is no directory for it");
  const Gathering gathering(parts_.group.get());
  return Guard("training round " + std::to_string(request.round), [&] { return TrainRound(request); });
}

Result<EvalOutcome> TorchTrainer::Evaluate(std::span<const float> weights, std::stop_token stop) {
  return EvaluatePersonal({.weights = weights, .state = {}, .stop = std::move(stop)});
}

Result<EvalOutcome> TorchTrainer::EvaluatePersonal(const EvalRequest& request) {
  ACCORD_CHECK(request.weights.size() == Layout().size);
  return Guard("evaluation", [&]() -> Result<EvalOutcome> {
    at::set_num_threads(static_cast<int>(parts_.options.threads));
    ACCORD_RETURN_IF_ERROR(LoadWeights(request.weights, request.state, request.round));
    if (ditto_) ACCORD_RETURN_IF_ERROR(ditto_->Load(request.state, request.round).status());
    return parts_.learner->Evaluate(request.stop);
  });
}

Status TorchTrainer::TrainAhead(const TrainRequest& request) {
  if (parts_.job.streaming.delay == 0) return {};
  const Gathering gathering(parts_.group.get());
  return Guard("training ahead", [&] { return TakeSteps(request); });
}

Result<TrainOutcome> TorchTrainer::TrainRound(const TrainRequest& request) {
  const JobSpec& job = parts_.job;
  at::set_num_threads(static_cast<int>(parts_.options.threads));  // holds for the calling thread alone
  ACCORD_RETURN_IF_ERROR(LoadWeights(request.weights, request.state, request.round));
  if (job.inner.proximal > 0.0 || ditto_) start_ = parts_.learner->weights().clone();
  const bool goes_on = local_.Load(request.state, request.round, parts_.learner->weights());
  KeptState kept = MakeKeptState(request);
  const std::uint64_t before = LoadOptimizer(kept, request.round);
  const std::uint64_t first = Draw(request.round);
  const std::uint64_t planned = TotalSteps(request.round);
  const std::uint32_t start = Crc32c(model::WeightBytes(request.weights), goes_on ? local_.Crc() : 0);
  RoundCheckpoint checkpoint = MakeCheckpoint(request, kCheckpoint, start);
  // Who begins with the global model begins where the others meet it.
  const bool joins = !goes_on && strategy::RoundOf(job, request.round).value.has_value();
  const std::uint64_t skipped = joins ? job.streaming.delay : 0;
  const std::uint64_t done = std::clamp(Resume(request, checkpoint, goes_on), skipped, planned);
  // A checkpoint may hold more than is asked for: then so many were taken.
  const std::uint64_t total = request.steps > 0 ? std::clamp(request.steps, done, planned) : planned;
  const std::uint64_t own = OwnSteps(request.round);
  if (own > 0 && done == 0) {  // else they were before the checkpoint
    ACCORD_RETURN_IF_ERROR(TrainOwn(request, own + total));
    const at::NoGradGuard no_grad;
    parts_.learner->weights().copy_(start_);
  }
  optimizer_.SetSteps(before + done - skipped);
  Steps steps{.first = first, .done = done, .until = total, .total = total, .own = own, .meeting = {}};
  if (goes_on) steps.meeting = job.streaming.delay;
  const auto begun = std::chrono::steady_clock::now();
  ACCORD_RETURN_IF_ERROR(TrainShared(request, checkpoint, steps));
  const auto taken = std::chrono::steady_clock::now() - begun;
  ACCORD_RETURN_IF_ERROR(personal_.Save(request.round, parts_.learner->weights()));
  if (const Status saved = kept.Save(request.round, before + total - skipped); !saved.ok())
    LogWarn("trainer.state_failed", {{"why", saved.message()}});
  local_.Save(request.round, parts_.learner->weights());
  StoreWeights(request.result);
  TrainOutcome outcome{.examples = parts_.learner->examples(),
                       .steps = own + total - skipped,
                       .step_time = std::chrono::nanoseconds(0)};
  if (total > done) outcome.step_time = taken / (total - done);
  return outcome;
}

Status TorchTrainer::TakeSteps(const TrainRequest& request) {
  at::set_num_threads(static_cast<int>(parts_.options.threads));
  if (!local_.Load(request.state, request.round, parts_.learner->weights())) return {};
  KeptState kept = MakeKeptState(request);
  const std::uint64_t before = LoadOptimizer(kept, request.round);
  const std::uint64_t first = Draw(request.round);
  RoundCheckpoint ahead = MakeCheckpoint(request, kAhead, local_.Crc());
  const std::uint64_t until = parts_.job.streaming.delay;
  const std::uint64_t done = std::min(ahead.Resume(), until);
  optimizer_.SetSteps(before + done);
  ACCORD_RETURN_IF_ERROR(TrainShared(
      request, ahead,
      {.first = first, .done = done, .until = until, .total = TotalSteps(request.round), .meeting = {}}));
  ahead.Save(until);
  return {};
}

std::uint64_t TorchTrainer::LoadOptimizer(KeptState& kept, std::uint64_t round) {
  optimizer_.Reset();
  const Result<std::uint64_t> loaded = kept.Load(round);
  if (!loaded.ok()) LogWarn("trainer.state_ignored", {{"why", loaded.status().message()}});
  return loaded.ok() ? *loaded : 0;
}

std::uint64_t TorchTrainer::Resume(const TrainRequest& request, RoundCheckpoint& checkpoint, bool goes_on) {
  const std::uint64_t done = checkpoint.Resume();
  if (done > 0 || !goes_on || parts_.job.streaming.delay == 0) return done;
  return MakeCheckpoint(request, kAhead, local_.Crc()).Resume();
}

Status TorchTrainer::TrainShared(const TrainRequest& request, RoundCheckpoint& checkpoint, Steps steps) {
  Pace pace(parts_.options.progress_interval);
  alike_ = false;
  while (steps.done < steps.until) {
    if (request.stop.stop_requested()) {
      checkpoint.Save(steps.done);
      return StoppedDuring("training round " + std::to_string(request.round));
    }
    // Behind the stop: a checkpoint of so many steps is always one before the meeting.
    if (steps.done == steps.meeting) {
      local_.Meet(request.round, request.weights, parts_.learner->weights());
      alike_ = false;
    }
    const StepTask step{.rows = sampler_->Batch(steps.first + steps.done),
                        .rate = strategy::StepRate(parts_.job, request.round, steps.done),
                        .stop = request.stop};
    if (const Status taken = Step(optimizer_, step); !taken.ok()) {
      if (steps.done != steps.meeting) checkpoint.Save(steps.done);
      return taken;
    }
    ++steps.done;
    checkpoint.AfterStep(steps.done);
    if (request.progress && (steps.done == steps.until || pace.Due()))
      request.progress(steps.own + steps.done, steps.own + steps.total);
  }
  if (parts_.group && alike_) parts_.group->Compare(parts_.learner->weights());
  return {};
}

Status TorchTrainer::TrainOwn(const TrainRequest& request, std::uint64_t all_steps) {
  ACCORD_RETURN_IF_ERROR(ditto_->Load(request.state, request.round).status());
  const std::uint64_t steps = OwnSteps(request.round);
  const std::uint64_t synchronous = std::min(request.round - 1, parts_.job.round.synchronous);
  const std::uint64_t before =
      synchronous * OwnSteps(1) + (request.round - 1 - synchronous) * parts_.job.personal.local_steps;
  const std::uint64_t first = WalksOn() ? before : 0;
  const std::uint64_t last_rated = std::max<std::uint64_t>(1, TotalSteps(request.round)) - 1;
  Pace pace(parts_.options.progress_interval);
  alike_ = false;
  for (std::uint64_t done = 0; done < steps;) {
    // Begun anew after a stop: what is lost are some steps, and a checkpoint of them would be one more file.
    if (request.stop.stop_requested())
      return StoppedDuring("training round " + std::to_string(request.round));
    const StepTask step{.rows = sampler_->Batch(first + done),
                        .rate = strategy::StepRate(parts_.job, request.round, std::min(done, last_rated)),
                        .stop = request.stop};
    ACCORD_RETURN_IF_ERROR(Step(ditto_->optimizer(), step));
    ++done;
    if (request.progress && pace.Due()) request.progress(done, all_steps);
  }
  return ditto_->Save(request.round, steps);
}

// As many as the plan says; in a synchronous round one, as of the common model.
std::uint64_t TorchTrainer::OwnSteps(std::uint64_t round) const {
  const std::uint64_t steps = ditto_ ? parts_.job.personal.local_steps : 0;
  return round <= parts_.job.round.synchronous ? std::min<std::uint64_t>(1, steps) : steps;
}

Status TorchTrainer::Step(Optimizer& optimizer, const StepTask& task) {
  Status done = Gradient(optimizer, task);
  if (done.error() == errors::kWorkersLost.id) {
    LogWarn("trainer.workers_lost", {{"why", done.message()}});
    done = Gradient(optimizer, task);
  }
  ACCORD_RETURN_IF_ERROR(done);
  optimizer.Limit(start_, shared_);  // of Ditto's own model this is all of it
  optimizer.Step(task.rate);
  return {};
}

Status TorchTrainer::Gradient(Optimizer& optimizer, const StepTask& task) {
  GroupLeader* group = parts_.group.get();
  if (group != nullptr) ACCORD_RETURN_IF_ERROR(TellGroup(optimizer, task));
  optimizer.ZeroGradients();
  ACCORD_RETURN_IF_ERROR(
      AddShare(*parts_.learner, parts_.job.inner, task.rows, group != nullptr ? group->place() : Place{}));
  return group != nullptr ? group->Sum(parts_.learner->gradients()) : Status();
}

Status TorchTrainer::TellGroup(Optimizer& optimizer, const StepTask& task) {
  GroupLeader& group = *parts_.group;
  if (!group.gathered()) {
    if (!data_crc_) {
      ACCORD_ASSIGN_OR_RETURN(data_crc_, parts_.learner->DataCrc());
    }
    ACCORD_RETURN_IF_ERROR(group.Gather({.plan = parts_.job.plan,
                                         .threads = parts_.options.threads,
                                         .data = *data_crc_,
                                         .batch = parts_.job.inner.batch},
                                        task.stop));
    alike_ = false;
  }
  if (!alike_) {
    ACCORD_RETURN_IF_ERROR(group.Load({.weights = parts_.learner->weights(),
                                       .start = start_,
                                       .optimizer = optimizer,
                                       .own = ditto_ && &optimizer == &ditto_->optimizer()}));
    alike_ = true;
  }
  return group.Begin(task.rows, task.rate);
}

Status TorchTrainer::LoadWeights(std::span<const float> shared, const std::filesystem::path& state,
                                 std::uint64_t round) {
  // from_blob wants mutable memory; it is only read.
  const at::Tensor host = at::from_blob(const_cast<float*>(shared.data()),
                                        {static_cast<std::int64_t>(shared.size())}, at::kFloat);
  shared_.Spread(host, parts_.learner->weights());
  return personal_.Load(state, round, parts_.learner->weights()).status();
}

void TorchTrainer::StoreWeights(std::span<float> shared) const {
  const at::Tensor host =
      at::from_blob(shared.data(), {static_cast<std::int64_t>(shared.size())}, at::kFloat);
  shared_.Gather(parts_.learner->weights(), host);
}

bool TorchTrainer::WalksOn() const {
  return model::ReadsText(parts_.job.model) && parts_.job.inner.has_local_steps;
}

std::uint64_t TorchTrainer::Draw(std::uint64_t round) {
  const JobSpec& job = parts_.job;
  // Windows of text are walked on from round to round: rounds of few steps then see all of a small text, and
  // the order of a large one is drawn once.
  const bool on = WalksOn();
  if (!on || !sampler_) {
    const ShuffleSeed seed{.job = job.seed, .round = on ? 0 : round, .node = parts_.options.shuffle_seed};
    sampler_.emplace(seed, parts_.learner->examples(), job.inner.batch);
  }
  return on ? strategy::StepsBefore(job, round) : 0;
}

std::uint64_t TorchTrainer::TotalSteps(std::uint64_t round) const {
  const InnerSpec& inner = parts_.job.inner;
  if (inner.has_local_steps || round <= parts_.job.round.synchronous) {
    return strategy::LocalSteps(parts_.job, round);
  }
  return inner.local_epochs * sampler_->StepsPerEpoch();
}

RoundCheckpoint TorchTrainer::MakeCheckpoint(const TrainRequest& request, const char* file,
                                             std::uint32_t start) {
  std::vector<at::Tensor> vectors{parts_.learner->weights()};
  vectors.insert(vectors.end(), optimizer_.State().begin(), optimizer_.State().end());
  const std::filesystem::path path =
      request.checkpoint.empty() ? request.checkpoint : request.checkpoint / file;
  return {path,
          {.round = request.round, .plan = round_crc_, .start = start},
          parts_.options.checkpoint_interval,
          std::move(vectors)};
}

KeptState TorchTrainer::MakeKeptState(const TrainRequest& request) {
  return {{parts_.job.inner.keep_state ? request.state : std::filesystem::path(), "optimizer", state_crc_},
          {optimizer_.State().begin(), optimizer_.State().end()}};
}

}  // namespace accord::trainer
