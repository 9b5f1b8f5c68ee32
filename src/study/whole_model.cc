#include "study/whole_model.h"

#include <algorithm>
#include <utility>

#include "base/errors.h"
#include "model/checkpoint.h"
#include "model/frozen.h"
#include "model/init.h"
#include "model/layout.h"
#include "model/partition.h"
#include "trainer/torch_trainer.h"
#include "update/global_state.h"

namespace accord::study {
namespace {

// What the nodes train, from what they exchange.
Result<std::vector<float>> TrainedWeights(const WholeModel& whole) {
  ACCORD_ASSIGN_OR_RETURN(const ModelLayout layout, update::GlobalLayout(whole.job));
  // What an outer rule keeps is passed over, so a graduate is as good a model to begin with.
  ACCORD_ASSIGN_OR_RETURN(std::vector<float> weights,
                          model::ReadCheckpoint(whole.model, update::ModelOf(layout), whole.job.model));
  if (!whole.kept.empty()) return trainer::WithPersonal(whole.job, weights, whole.kept);
  if (model::HasPersonal(whole.job) && whole.job.personal.kind != PersonalKind::kDitto)
    return Fail(errors::kModelPersonal, "parts of this job's model are at its nodes alone");
  return weights;
}

}  // namespace

Result<JobAdapter> ReadAdapter(const WholeModel& whole) {
  const JobSpec& job = whole.job;
  JobAdapter read;
  ACCORD_ASSIGN_OR_RETURN(read.weights, TrainedWeights(whole));
  ACCORD_ASSIGN_OR_RETURN(const ModelLayout layout, model::BuildLayout(job.model));
  ACCORD_ASSIGN_OR_RETURN(read.adapter, model::MakeAdapter(job.adapter, job.model, layout));
  if (job.adapter.kind != AdapterKind::kFfaLora) return read;
  // A as the seed draws it, beside the B that was trained.
  ACCORD_ASSIGN_OR_RETURN(const model::Partition parts, model::MakePartition(job));
  std::vector<float> both(read.adapter.layout.size);
  model::InitialWeights(read.adapter.layout, job.seed, both);
  for (const TensorSpec& tensor : parts.trained.tensors) {
    const TensorSpec* to = model::FindTensor(read.adapter.layout, tensor.name);
    std::copy_n(read.weights.begin() + static_cast<std::ptrdiff_t>(tensor.offset), tensor.size,
                both.begin() + static_cast<std::ptrdiff_t>(to->offset));
  }
  read.weights = std::move(both);
  return read;
}

Result<std::vector<float>> ReadWhole(const WholeModel& whole) {
  const JobSpec& job = whole.job;
  if (job.adapter.kind == AdapterKind::kNone) return TrainedWeights(whole);
  ACCORD_ASSIGN_OR_RETURN(const JobAdapter trained, ReadAdapter(whole));
  ACCORD_ASSIGN_OR_RETURN(const ModelLayout layout, model::BuildLayout(job.model));
  ACCORD_ASSIGN_OR_RETURN(std::vector<float> weights,
                          model::ReadFrozen(whole.base, job.adapter.base, layout, job.model));
  model::Merge(trained.adapter, trained.weights, weights);
  return weights;
}

}  // namespace accord::study
