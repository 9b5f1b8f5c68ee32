#include "trainer/personal.h"

#include <ATen/ATen.h>

#include "base/check.h"
#include "model/init.h"
#include "trainer/plan_crc.h"

namespace accord::trainer {

PersonalPart::PersonalPart(const JobSpec& job, const model::Partition& partition)
    : part_(partition.trained, partition.personal), plan_(StateCrc(job, partition)) {
  if (part_.size() == 0) return;
  start_ = at::zeros({static_cast<std::int64_t>(part_.size())}, at::kFloat);
  values_ = at::zeros_like(start_);
  model::InitialWeights(partition.personal, job.seed, {start_.data_ptr<float>(), part_.size()});
}

bool PersonalPart::Load(const std::filesystem::path& state, std::uint64_t round, const at::Tensor& trained) {
  if (part_.size() == 0) return false;
  values_.copy_(start_);
  kept_.emplace(KeptState::Place{state, "personal", plan_}, std::vector<at::Tensor>{values_});
  const bool found = kept_->Load(round) > 0;
  part_.Spread(values_, trained);
  return found;
}

Status PersonalPart::Save(std::uint64_t round, const at::Tensor& trained) {
  if (part_.size() == 0) return {};
  ACCORD_CHECK(kept_.has_value());
  part_.Gather(trained, values_);
  return kept_->Save(round, round);
}

}  // namespace accord::trainer
