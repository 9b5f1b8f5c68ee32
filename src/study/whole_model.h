// The model of a job made whole: with the frozen model under its adapter, and with what a node keeps.
#pragma once

#include <filesystem>
#include <vector>

#include "accord/job_spec.h"
#include "accord/status.h"
#include "model/partition.h"

namespace accord::study {

struct WholeModel {
  const JobSpec& job;           // its model resolved
  std::filesystem::path model;  // as accord model download gives it
  std::filesystem::path base;   // with an adapter: the frozen model
  std::filesystem::path kept;   // a node's directory of what lives from round to round; may be empty
};

// The weights by model::BuildLayout(job.model). Where parts stay at nodes and `kept` is empty:
// `model.personal`, but of Ditto the common model. Fails as model::ReadCheckpoint, model::ReadFrozen and
// trainer::WithPersonal.
[[nodiscard]] Result<std::vector<float>> ReadWhole(const WholeModel& whole);

// The adapter of a job that has one, A and B of each matrix; needs no `base`. Fails as ReadWhole.
struct JobAdapter {
  model::Adapter adapter;
  std::vector<float> weights;  // flat by adapter.layout
};
[[nodiscard]] Result<JobAdapter> ReadAdapter(const WholeModel& whole);

}  // namespace accord::study
