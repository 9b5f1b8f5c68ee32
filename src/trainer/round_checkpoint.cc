#include "trainer/round_checkpoint.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/log.h"

namespace accord::trainer {
namespace {

constexpr int kCostShare = 100;  // a checkpoint may take one part in so many of the training time

}  // namespace

RoundCheckpoint::RoundCheckpoint(std::filesystem::path path, const CheckpointId& id,
                                 std::chrono::milliseconds interval, std::vector<at::Tensor> vectors)
    : path_(std::move(path)),
      id_(id),
      interval_(interval),
      vectors_(std::move(vectors)),
      due_(SteadyClock::now() + interval_) {}

std::uint64_t RoundCheckpoint::Resume() {
  if (path_.empty()) return 0;
  std::vector<at::Tensor> host;
  std::vector<std::span<float>> spans;
  for (const at::Tensor& vector : vectors_) {
    host.push_back(vector.is_cpu() ? vector : at::empty_like(vector, vector.options().device(at::kCPU)));
    spans.emplace_back(host.back().data_ptr<float>(), static_cast<std::size_t>(host.back().numel()));
  }
  const Result<std::optional<std::uint64_t>> loaded = LoadCheckpoint(path_, id_, spans);
  if (!loaded.ok()) {
    LogWarn("trainer.checkpoint_ignored", {{"why", loaded.status().message()}});
    return 0;
  }
  if (!loaded.value()) return 0;
  for (std::size_t i = 0; i < host.size(); ++i) {
    if (!vectors_[i].is_cpu()) vectors_[i].copy_(host[i]);
  }
  LogInfo("trainer.resumed",
          {{"round", std::to_string(id_.round)}, {"step", std::to_string(*loaded.value())}});
  return *loaded.value();
}

void RoundCheckpoint::AfterStep(std::uint64_t step) {
  if (!path_.empty() && SteadyClock::now() >= due_) Save(step);
}

void RoundCheckpoint::Save(std::uint64_t step) {
  if (path_.empty()) return;
  const SteadyClock::time_point begin = SteadyClock::now();
  std::vector<at::Tensor> host;
  std::vector<std::span<const float>> spans;
  for (const at::Tensor& vector : vectors_) {
    host.push_back(vector.cpu());
    spans.emplace_back(host.back().data_ptr<float>(), static_cast<std::size_t>(host.back().numel()));
  }
  const Status saved = SaveCheckpoint(path_, id_, step, spans);
  if (!saved.ok()) LogWarn("trainer.checkpoint_failed", {{"why", saved.message()}});
  const SteadyClock::time_point end = SteadyClock::now();
  const bool every_step = interval_ == SteadyClock::duration::zero();
  due_ = every_step ? end : end + std::max(interval_, kCostShare * (end - begin));
}

}  // namespace accord::trainer
