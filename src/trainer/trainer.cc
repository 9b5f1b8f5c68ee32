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
#include "base/errors.h"
#include "model/safetensors.h"
#include "strategy/schedule.h"
#include "trainer/wall.h"

namespace accord::trainer {
namespace {

constexpr std::uint64_t kEvalBatch = 512;

// Everything but weights and round that the result of a round depends on.
std::uint32_t PlanCrc(const TorchTrainer::Parts& parts) {
  const InnerSpec& inner = parts.job.inner;
  const ScheduleSpec& schedule = inner.schedule;
  Writer writer;
  for (const TensorSpec& tensor : parts.layout.tensors) {
    writer.Lv(tensor.name);
    for (const std::uint64_t n : tensor.shape) writer.U64(n);
  }
  writer.U8(static_cast<std::uint8_t>(inner.optimizer)).F64(inner.lr).F64(inner.momentum);
  writer.F64(inner.beta1).F64(inner.beta2).F64(inner.epsilon).F64(inner.weight_decay);
  writer.Bool(inner.has_local_steps).U32(inner.local_epochs).U64(inner.local_steps).U32(inner.batch);
  writer.U8(static_cast<std::uint8_t>(schedule.kind)).U64(schedule.warmup_rounds).F64(schedule.min_lr);
  writer.U64(schedule.step_rounds).F64(schedule.gamma).U64(parts.job.round.count);
  writer.U64(parts.job.seed).U64(parts.options.shuffle_seed);
  writer.U64(parts.dataset.train.size()).U64(parts.dataset.train.width());
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

Status Stopped(const std::string& during) { return Fail(errors::kTaskStopped, "stopped during " + during); }

}  // namespace

TorchTrainer::TorchTrainer(Parts parts)
    : parts_(std::move(parts)),
      network_(parts_.job.model, parts_.layout, parts_.device),
      optimizer_(parts_.job.inner, network_.weights(), network_.gradients()),
      plan_crc_(PlanCrc(parts_)) {}

Result<TrainOutcome> TorchTrainer::Train(const TrainRequest& request) {
  ACCORD_CHECK(request.weights.size() == parts_.layout.size && request.result.size() == parts_.layout.size);
  return Guard("training round " + std::to_string(request.round), [&] { return TrainRound(request); });
}

Result<EvalOutcome> TorchTrainer::Evaluate(std::span<const float> weights, std::stop_token stop) {
  ACCORD_CHECK(weights.size() == parts_.layout.size);
  return Guard("evaluation", [&] { return EvaluateHoldout(weights, stop); });
}

Result<TrainOutcome> TorchTrainer::TrainRound(const TrainRequest& request) {
  at::set_num_threads(static_cast<int>(parts_.options.threads));  // holds for the calling thread alone
  LoadWeights(request.weights);
  optimizer_.Reset();
  const ShuffleSeed seed{.job = parts_.job.seed, .round = request.round, .node = parts_.options.shuffle_seed};
  Sampler sampler(seed, parts_.dataset.train.size(), parts_.job.inner.batch);
  const std::uint64_t total = TotalSteps(sampler);
  const double rate = strategy::LearningRate(parts_.job.inner, request.round, parts_.job.round.count);
  RoundCheckpoint checkpoint = MakeCheckpoint(request);
  std::uint64_t done = std::min(checkpoint.Resume(), total);
  optimizer_.SetSteps(done);
  Pace pace(parts_.options.progress_interval);
  while (done < total) {
    if (request.stop.stop_requested()) {
      checkpoint.Save(done);
      return Stopped("training round " + std::to_string(request.round));
    }
    Step(Gather(sampler.Batch(done)), rate);
    ++done;
    checkpoint.AfterStep(done);
    if (request.progress && (done == total || pace.Due())) request.progress(done, total);
  }
  const at::Tensor host = network_.weights().cpu();
  std::copy_n(host.data_ptr<float>(), request.result.size(), request.result.begin());
  return TrainOutcome{.examples = parts_.dataset.train.size(), .steps = total};
}

void TorchTrainer::Step(const Batch& batch, double rate) {
  optimizer_.ZeroGradients();
  Loss(network_.Forward(batch.examples), batch.labels, /*mean=*/true).backward();
  optimizer_.Step(rate);
}

Result<EvalOutcome> TorchTrainer::EvaluateHoldout(std::span<const float> weights,
                                                  const std::stop_token& stop) {
  at::set_num_threads(static_cast<int>(parts_.options.threads));
  const at::NoGradGuard no_grad;
  LoadWeights(weights);
  EvalOutcome outcome{.examples = parts_.dataset.holdout.size()};
  for (std::uint64_t first = 0; first < outcome.examples; first += kEvalBatch) {
    if (stop.stop_requested()) return Stopped("evaluation");
    const Batch batch = Holdout(first, std::min(kEvalBatch, outcome.examples - first));
    const at::Tensor logits = network_.Forward(batch.examples);
    outcome.loss_sum += Loss(logits, batch.labels, /*mean=*/false).sum(at::kDouble).item<double>();
    outcome.correct += static_cast<std::uint64_t>(Correct(logits, batch.labels));
  }
  return outcome;
}

void TorchTrainer::LoadWeights(std::span<const float> weights) {
  const at::NoGradGuard no_grad;
  // from_blob wants mutable memory; it is only read.
  network_.weights().copy_(at::from_blob(const_cast<float*>(weights.data()),
                                         {static_cast<std::int64_t>(weights.size())}, at::kFloat));
}

std::uint64_t TorchTrainer::TotalSteps(const Sampler& sampler) const {
  const InnerSpec& inner = parts_.job.inner;
  return inner.has_local_steps ? inner.local_steps : inner.local_epochs * sampler.StepsPerEpoch();
}

CheckpointId TorchTrainer::IdOf(const TrainRequest& request) const {
  return {.round = request.round, .plan = plan_crc_, .start = Crc32c(model::WeightBytes(request.weights))};
}

RoundCheckpoint TorchTrainer::MakeCheckpoint(const TrainRequest& request) {
  std::vector<at::Tensor> vectors{network_.weights()};
  vectors.insert(vectors.end(), optimizer_.State().begin(), optimizer_.State().end());
  const CheckpointId id = request.checkpoint.empty() ? CheckpointId{} : IdOf(request);
  return {request.checkpoint, id, parts_.options.checkpoint_interval, std::move(vectors)};
}

TorchTrainer::Batch TorchTrainer::Gather(std::span<const std::uint64_t> rows) {
  const Batch batch = Buffers(rows.size());
  const data::Examples& train = parts_.dataset.train;
  train.Gather(rows, {batch.examples.data_ptr<float>(), rows.size() * train.width()});
  auto* labels = batch.labels.data_ptr<std::int64_t>();
  for (std::size_t i = 0; i < rows.size(); ++i) labels[i] = train.labels()[rows[i]];
  return OnDevice(batch);
}

TorchTrainer::Batch TorchTrainer::Holdout(std::uint64_t first, std::uint64_t count) {
  const Batch batch = Buffers(count);
  const data::Examples& holdout = parts_.dataset.holdout;
  holdout.Copy(first, {batch.examples.data_ptr<float>(), count * holdout.width()});
  std::ranges::copy(holdout.labels().subspan(first, count), batch.labels.data_ptr<std::int64_t>());
  return OnDevice(batch);
}

TorchTrainer::Batch TorchTrainer::Buffers(std::uint64_t count) {
  const auto n = static_cast<std::int64_t>(count);
  if (!buffers_.labels.defined() || buffers_.labels.size(0) < n) {
    std::vector<std::int64_t> shape{n};
    shape.insert(shape.end(), parts_.dataset.example_shape.begin(), parts_.dataset.example_shape.end());
    buffers_ = {at::empty(shape, at::kFloat), at::empty({n}, at::kLong)};
  }
  return {buffers_.examples.narrow(0, 0, n), buffers_.labels.narrow(0, 0, n)};
}

TorchTrainer::Batch TorchTrainer::OnDevice(const Batch& batch) const {
  return {batch.examples.to(parts_.device), batch.labels.to(parts_.device)};
}

}  // namespace accord::trainer
