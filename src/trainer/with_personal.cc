#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/errors.h"
#include "model/partition.h"
#include "trainer/ditto.h"
#include "trainer/part.h"
#include "trainer/personal.h"
#include "trainer/plan_crc.h"
#include "trainer/torch_trainer.h"
#include "trainer/wall.h"

namespace accord::trainer {
namespace {

constexpr std::uint64_t kNewest = std::numeric_limits<std::uint64_t>::max();

}  // namespace

Result<std::vector<float>> WithPersonal(const JobSpec& job, std::span<const float> shared,
                                        const std::filesystem::path& state) {
  return Guard("reading a personal part", [&]() -> Result<std::vector<float>> {
    ACCORD_ASSIGN_OR_RETURN(const model::Partition partition, model::MakePartition(job));
    ACCORD_CHECK(shared.size() == partition.shared.size);
    const at::Tensor given = at::from_blob(const_cast<float*>(shared.data()),  // it is only read
                                           {static_cast<std::int64_t>(shared.size())}, at::kFloat);
    at::Tensor trained = at::zeros({static_cast<std::int64_t>(partition.trained.size)}, at::kFloat);
    Part(partition.trained, partition.shared).Spread(given, trained);
    const bool found =
        job.personal.kind == PersonalKind::kDitto
            ? Ditto(job, StateCrc(job, partition), trained, at::zeros_like(trained)).Load(state, kNewest)
            : PersonalPart(job, partition).Load(state, kNewest, trained);
    if (!found) return Fail(errors::kModelPersonal, state.string() + " holds no part of this job's model");
    std::vector<float> weights(partition.trained.size);
    std::copy_n(trained.data_ptr<float>(), weights.size(), weights.begin());
    return weights;
  });
}

}  // namespace accord::trainer
