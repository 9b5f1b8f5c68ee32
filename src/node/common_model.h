// The common model of a job as a node hands it to its own lab while the job runs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "accord/ids.h"
#include "accord/model.h"
#include "base/text.h"

namespace accord::node {

// A job's plan, and the newest model of it that this node has in memory: what its present round began with.
struct CommonModel {
  std::string name;
  Bytes plan;
  std::shared_ptr<const ModelLayout> layout;  // of the weights
  std::shared_ptr<const std::vector<float>> weights;
  Digest hash;
};

}  // namespace accord::node
