#include "trainer/personal.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/errors.h"
#include "model/init.h"
#include "trainer/ditto.h"
#include "trainer/plan_crc.h"
#include "trainer/torch_trainer.h"
#include "trainer/wall.h"

namespace accord::trainer {
namespace {

constexpr std::uint64_t kNewest = std::numeric_limits<std::uint64_t>::max();

}  // namespace

PersonalPart::PersonalPart(const JobSpec& job, const model::Partition& partition)
    : part_(partition.trained, partition.personal), plan_(StateCrc(job, partition)) {
  if (part_.size() == 0) return;
  start_ = at::zeros({static_cast<std::int64_t>(part_.size())}, at::kFloat);
  values_ = at::zeros_like(start_);
  model::InitialWeights(partition.personal, job.seed, {start_.data_ptr<float>(), part_.size()});
}

Result<bool> PersonalPart::Load(const std::filesystem::path& state, std::uint64_t round,
                                const at::Tensor& trained) {
  if (part_.size() == 0) return false;
  values_.copy_(start_);
  kept_.emplace(KeptState::Place{state, "personal", plan_}, std::vector<at::Tensor>{values_});
  ACCORD_ASSIGN_OR_RETURN(const std::uint64_t rounds, kept_->Load(round));
  part_.Spread(values_, trained);
  return rounds > 0;
}

Status PersonalPart::Save(std::uint64_t round, const at::Tensor& trained) {
  if (part_.size() == 0) return {};
  ACCORD_CHECK(kept_.has_value());
  part_.Gather(trained, values_);
  return kept_->Save(round, round);
}

Result<std::vector<float>> WithPersonal(const JobSpec& job, std::span<const float> shared,
                                        const std::filesystem::path& state) {
  return Guard("reading a personal part", [&]() -> Result<std::vector<float>> {
    ACCORD_ASSIGN_OR_RETURN(const model::Partition partition, model::MakePartition(job));
    ACCORD_CHECK(shared.size() == partition.shared.size);
    const at::Tensor given = at::from_blob(const_cast<float*>(shared.data()),  // it is only read
                                           {static_cast<std::int64_t>(shared.size())}, at::kFloat);
    at::Tensor trained = at::zeros({static_cast<std::int64_t>(partition.trained.size)}, at::kFloat);
    Part(partition.trained, partition.shared).Spread(given, trained);
    ACCORD_ASSIGN_OR_RETURN(
        const bool found,
        job.personal.kind == PersonalKind::kDitto
            ? Ditto(job, StateCrc(job, partition), trained, at::zeros_like(trained)).Load(state, kNewest)
            : PersonalPart(job, partition).Load(state, kNewest, trained));
    if (!found) return Fail(errors::kModelPersonal, state.string() + " holds no part of this job's model");
    std::vector<float> weights(partition.trained.size);
    std::copy_n(trained.data_ptr<float>(), weights.size(), weights.begin());
    return weights;
  });
}

}  // namespace accord::trainer
