// Which model a person means.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rpc/views.h"

namespace accord::cli {

struct FoundModel {
  Digest hash;
  std::optional<JobId> job;  // none: an older model, named by its whole hash, that the list leaves out
  RoundId round;             // with a job: that it came from
};

// The model that `ref` names among the listed: by its own hash, else by job id, else by job name. Of several
// models of one job the final one, else the newest.
// `model.ambiguous`, `model.not_found`.
[[nodiscard]] Result<FoundModel> FindModel(const std::vector<rpc::ModelView>& models, const std::string& ref);

}  // namespace accord::cli
