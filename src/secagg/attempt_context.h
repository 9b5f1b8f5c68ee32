// What everybody in an attempt knows from its Offer on. Made by a node that accepted the Offer and by the
// coordinator that wrote it; their checks stand on it. Public values only.
#pragma once

#include <memory>
#include <vector>

#include "accord/ids.h"
#include "accord/job_spec.h"
#include "secagg/params.h"
#include "secagg/registry.h"

namespace accord::secagg {

struct AttemptContext {
  Digest ctx;
  SecureMode mode = SecureMode::kMalicious;
  Params params;
  std::vector<NodeId> cohort;  // ascending; all in the registry
  std::shared_ptr<const Registry> registry;
};

}  // namespace accord::secagg
