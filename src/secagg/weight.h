// From a number of examples to the weight that an update is multiplied with (secagg.md 2.7). Integers only.
#pragma once

#include <cstdint>

#include "accord/job_spec.h"

namespace accord::secagg {

struct Weight {
  std::uint64_t w = 0;      // after the policy, 0 to W_max
  std::uint32_t omega = 0;  // the header: round(w / W_max * (2^32 - 1)), half up
  bool cut = false;         // more examples than W_max: tell the operator
};

// 1 <= w_max < 2^32. kEqual gives W_max whatever the examples.
[[nodiscard]] Weight WeightOf(WeightPolicy policy, std::uint64_t examples, std::uint64_t w_max);

}  // namespace accord::secagg
