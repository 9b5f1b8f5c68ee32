// A job as the coordinator takes it.
#pragma once

#include <memory>

#include "accord/clock.h"
#include "accord/ids.h"
#include "accord/job_spec.h"
#include "accord/model.h"
#include "job/codec.h"
#include "update/global_state.h"
#include "update/groups.h"
#include "update/upload.h"

namespace accord::coordinator {

// As it was submitted, checked.
struct JobInput {
  JobId id;
  job::Submission submission;
  TimePoint submitted;
  std::shared_ptr<const JobSpec> spec;
  std::shared_ptr<const ModelLayout> layout;  // of the global state (update/global_state.h)
  update::Partition partition;                // empty: no groups
  update::Upload upload;

  [[nodiscard]] std::uint64_t parameters() const { return update::ParametersOf(*layout); }
  [[nodiscard]] update::RoundBase RoundOf(RoundId round) const { return {*spec, *layout, round}; }
};

}  // namespace accord::coordinator
