#include "trainer/local_weights.h"

#include <ATen/ATen.h>

#include "base/crc32c.h"
#include "base/log.h"
#include "model/safetensors.h"
#include "strategy/streaming.h"
#include "trainer/plan_crc.h"

namespace accord::trainer {
namespace {

std::span<float> Values(const at::Tensor& host) {
  return {host.data_ptr<float>(), static_cast<std::size_t>(host.numel())};
}

}  // namespace

LocalWeights::LocalWeights(const JobSpec& job, const model::Partition& partition)
    : job_(job),
      layout_(partition.shared),
      part_(partition.trained, partition.shared),
      plan_(StateCrc(job, partition)) {
  if (strategy::GoesOn(job.streaming))
    values_ = at::zeros({static_cast<std::int64_t>(part_.size())}, at::kFloat);
}

bool LocalWeights::Load(const std::filesystem::path& state, std::uint64_t round, const at::Tensor& trained) {
  kept_.reset();
  if (!strategy::GoesOn(job_.streaming) || state.empty()) return false;
  kept_.emplace(KeptState::Place{state, "local", plan_}, std::vector<at::Tensor>{values_});
  if (!strategy::RoundOf(job_, round).value) return false;
  const Result<std::uint64_t> after = kept_->Load(round);
  if (!after.ok()) LogWarn("trainer.local_ignored", {{"why", after.status().message()}});
  if (!after.ok() || *after + 1 != round) return false;
  part_.Spread(values_, trained);
  return true;
}

std::uint32_t LocalWeights::Crc(std::uint32_t previous) const {
  return Crc32c(model::WeightBytes(Values(values_)), previous);
}

void LocalWeights::Meet(std::uint64_t round, std::span<const float> global, const at::Tensor& trained) {
  part_.Gather(trained, values_);
  const std::span<float> local = Values(values_);
  const std::uint32_t fragment = *strategy::RoundOf(job_, round).value;
  for (const auto& range : strategy::ElementsOf(layout_.tensors, fragment, job_.streaming.fragments)) {
    strategy::Meet(job_.streaming.alpha, global.subspan(range.first, range.count),
                   local.subspan(range.first, range.count));
  }
  part_.Spread(values_, trained);
}

void LocalWeights::Save(std::uint64_t round, const at::Tensor& trained) {
  if (!kept_ || !strategy::RoundOf(job_, round).update) return;
  part_.Gather(trained, values_);
  if (!at::isfinite(values_).all().item<bool>())
    return LogWarn("trainer.local_lost", {{"why", "the weights are not finite"}});
  if (const Status saved = kept_->Save(round, round); !saved.ok())
    LogWarn("trainer.local_lost", {{"why", saved.message()}});
}

}  // namespace accord::trainer
