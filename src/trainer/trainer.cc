#include "trainer/trainer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/codec.h"
#include "base/crc32c.h"
#include "model/safetensors.h"
#include "strategy/schedule.h"
#include "trainer/wall.h"

namespace accord::trainer {
namespace {

// What the optimizer's state belongs to.
Writer StatePlan(const TorchTrainer::Parts& parts) {
  const InnerSpec& inner = parts.job.inner;
  Writer writer;
  for (const TensorSpec& tensor : parts.layout.tensors) {
    writer.Lv(tensor.name);
    for (const std::uint64_t n : tensor.shape) writer.U64(n);
  }
  writer.U8(static_cast<std::uint8_t>(inner.optimizer)).F64(inner.momentum);
  writer.F64(inner.beta1).F64(inner.beta2).F64(inner.epsilon).U64(parts.job.seed);
  return writer;
}

// Everything but weights, kept state and round that the result of a round depends on.
std::uint32_t PlanCrc(const TorchTrainer::Parts& parts) {
  const InnerSpec& inner = parts.job.inner;
  const ScheduleSpec& schedule = inner.schedule;
  Writer writer = StatePlan(parts);
  writer.F64(inner.lr).F64(inner.weight_decay).F64(inner.clip_norm).F64(inner.proximal);
  writer.Bool(inner.has_local_steps).U32(inner.local_epochs).U64(inner.local_steps).U32(inner.batch);
  writer.U32(inner.accumulate).Bool(inner.keep_state).U8(static_cast<std::uint8_t>(inner.precision));
  writer.U8(static_cast<std::uint8_t>(schedule.kind)).U64(schedule.warmup_rounds).F64(schedule.min_lr);
  writer.U64(schedule.step_rounds).F64(schedule.gamma).U64(parts.job.round.count);
  writer.U8(static_cast<std::uint8_t>(schedule.unit)).U64(schedule.warmup_steps).U64(schedule.decay_steps);
  writer.U64(parts.job.round.synchronous).U64(parts.options.shuffle_seed);
  writer.U64(parts.learner->examples()).U64(parts.job.text.context);
  return Crc32c(writer.bytes());
}

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

}  // namespace

TorchTrainer::TorchTrainer(Parts parts)
    : parts_(std::move(parts)),
      optimizer_(parts_.job.inner, parts_.learner->weights(), parts_.learner->gradients()),
      plan_crc_(PlanCrc(parts_)),
      state_crc_(Crc32c(StatePlan(parts_).bytes())) {}

Result<TrainOutcome> TorchTrainer::Train(const TrainRequest& request) {
  ACCORD_CHECK(request.weights.size() == parts_.layout.size && request.result.size() == parts_.layout.size);
  return Guard("training round " + std::to_string(request.round), [&] { return TrainRound(request); });
}

Result<EvalOutcome> TorchTrainer::Evaluate(std::span<const float> weights, std::stop_token stop) {
  ACCORD_CHECK(weights.size() == parts_.layout.size);
  return Guard("evaluation", [&] {
    at::set_num_threads(static_cast<int>(parts_.options.threads));
    LoadWeights(weights);
    return parts_.learner->Evaluate(stop);
  });
}

Result<TrainOutcome> TorchTrainer::TrainRound(const TrainRequest& request) {
  const JobSpec& job = parts_.job;
  at::set_num_threads(static_cast<int>(parts_.options.threads));  // holds for the calling thread alone
  LoadWeights(request.weights);
  const at::Tensor start = job.inner.proximal > 0.0 ? parts_.learner->weights().clone() : at::Tensor();
  optimizer_.Reset();
  KeptState kept = MakeKeptState(request);
  const std::uint64_t before = kept.Load(request.round);
  const std::uint64_t first = Draw(request.round);
  const std::uint64_t total = TotalSteps(request.round);
  RoundCheckpoint checkpoint = MakeCheckpoint(request);
  std::uint64_t done = std::min(checkpoint.Resume(), total);
  optimizer_.SetSteps(before + done);
  Pace pace(parts_.options.progress_interval);
  while (done < total) {
    if (request.stop.stop_requested()) {
      checkpoint.Save(done);
      return StoppedDuring("training round " + std::to_string(request.round));
    }
    const double rate = strategy::StepRate(job.inner, job.round, request.round, done);
    ACCORD_RETURN_IF_ERROR(Step(sampler_->Batch(first + done), start, rate));
    ++done;
    checkpoint.AfterStep(done);
    if (request.progress && (done == total || pace.Due())) request.progress(done, total);
  }
  kept.Save(request.round, before + total);
  const at::Tensor host = parts_.learner->weights().cpu();
  std::copy_n(host.data_ptr<float>(), request.result.size(), request.result.begin());
  return TrainOutcome{.examples = parts_.learner->examples(), .steps = total};
}

Status TorchTrainer::Step(std::span<const std::uint64_t> rows, const at::Tensor& start, double rate) {
  const InnerSpec& inner = parts_.job.inner;
  optimizer_.ZeroGradients();
  const std::size_t parts = std::clamp<std::size_t>(inner.accumulate, 1, rows.size());
  for (std::size_t part = 0; part < parts; ++part) {
    const std::size_t begin = rows.size() * part / parts, end = rows.size() * (part + 1) / parts;
    const double share = static_cast<double>(end - begin) / static_cast<double>(rows.size());
    ACCORD_RETURN_IF_ERROR(parts_.learner->AddGradient(rows.subspan(begin, end - begin), share));
  }
  optimizer_.Limit(start);
  optimizer_.Step(rate);
  return {};
}

void TorchTrainer::LoadWeights(std::span<const float> weights) {
  const at::NoGradGuard no_grad;
  // from_blob wants mutable memory; it is only read.
  parts_.learner->weights().copy_(at::from_blob(const_cast<float*>(weights.data()),
                                                {static_cast<std::int64_t>(weights.size())}, at::kFloat));
}

std::uint64_t TorchTrainer::Draw(std::uint64_t round) {
  const JobSpec& job = parts_.job;
  // Windows of text are walked on from round to round: rounds of few steps then see all of a small text, and
  // the order of a large one is drawn once.
  const bool on = job.model.kind == "llama" && job.inner.has_local_steps;
  if (!on || !sampler_) {
    const ShuffleSeed seed{.job = job.seed, .round = on ? 0 : round, .node = parts_.options.shuffle_seed};
    sampler_.emplace(seed, parts_.learner->examples(), job.inner.batch);
  }
  return on ? strategy::StepsBefore(job.inner, job.round, round) : 0;
}

std::uint64_t TorchTrainer::TotalSteps(std::uint64_t round) const {
  const InnerSpec& inner = parts_.job.inner;
  if (inner.has_local_steps || round <= parts_.job.round.synchronous) {
    return strategy::LocalSteps(inner, parts_.job.round, round);
  }
  return inner.local_epochs * sampler_->StepsPerEpoch();
}

CheckpointId TorchTrainer::IdOf(const TrainRequest& request) const {
  return {.round = request.round, .plan = plan_crc_, .start = Crc32c(model::WeightBytes(request.weights))};
}

RoundCheckpoint TorchTrainer::MakeCheckpoint(const TrainRequest& request) {
  std::vector<at::Tensor> vectors{parts_.learner->weights()};
  vectors.insert(vectors.end(), optimizer_.State().begin(), optimizer_.State().end());
  const CheckpointId id = request.checkpoint.empty() ? CheckpointId{} : IdOf(request);
  return {request.checkpoint, id, parts_.options.checkpoint_interval, std::move(vectors)};
}

KeptState TorchTrainer::MakeKeptState(const TrainRequest& request) {
  return {parts_.job.inner.keep_state ? request.state : std::filesystem::path(),
          state_crc_,
          {optimizer_.State().begin(), optimizer_.State().end()}};
}

}  // namespace accord::trainer
