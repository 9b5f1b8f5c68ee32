#include "trainer/ditto.h"

#include <ATen/ATen.h>

#include <utility>

#include "base/check.h"

namespace accord::trainer {

InnerSpec Ditto::InnerOf(const JobSpec& job) {
  InnerSpec inner = job.inner;
  inner.proximal = job.personal.lambda;
  return inner;
}

Ditto::Ditto(const JobSpec& job, std::uint32_t plan, at::Tensor weights, at::Tensor gradients)
    : keep_state_(job.inner.keep_state),
      plan_(plan),
      weights_(std::move(weights)),
      model_(at::zeros_like(weights_)),
      optimizer_(InnerOf(job), weights_, std::move(gradients)) {}

Result<bool> Ditto::Load(const std::filesystem::path& state, std::uint64_t round) {
  const at::NoGradGuard no_grad;
  optimizer_.Reset();
  std::vector<at::Tensor> vectors{model_};
  if (keep_state_) vectors.insert(vectors.end(), optimizer_.State().begin(), optimizer_.State().end());
  kept_.emplace(KeptState::Place{state, "personal", plan_}, std::move(vectors));
  ACCORD_ASSIGN_OR_RETURN(before_, kept_->Load(round));
  if (before_ > 0) weights_.copy_(model_);
  optimizer_.SetSteps(keep_state_ ? before_ : 0);
  return before_ > 0;
}

Status Ditto::Save(std::uint64_t round, std::uint64_t steps) {
  ACCORD_CHECK(kept_.has_value());
  const at::NoGradGuard no_grad;
  model_.copy_(weights_);
  return kept_->Save(round, before_ + steps);
}

}  // namespace accord::trainer
