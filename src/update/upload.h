// What a node uploads in a round, and what for: what people weigh a plan's codec and its local steps by.
// Pure.
#pragma once

#include <cstdint>

#include "accord/job_spec.h"
#include "accord/model.h"
#include "accord/status.h"

namespace accord::update {

// In a round of training with all local steps, at round.min_nodes; in a job that streams of the largest
// fragment.
struct Upload {
  std::uint64_t bytes = 0;
  std::uint64_t parameters = 0;  // of the model, that it is of
  std::uint64_t tokens = 0;      // that the node has trained on for it; 0 in jobs that do not count them:
                                 // those of epochs, and all but llama
};

// `global` is GlobalLayout(spec). Fails as EncodingFor.
[[nodiscard]] Result<Upload> UploadOf(const JobSpec& spec, const ModelLayout& global);

}  // namespace accord::update
