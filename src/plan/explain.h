// The formulas of a plan, in order, each with the numbers put in. Every formula stands word for word in
// docs/planner.md (a test). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"

namespace accord::plan {

struct Explained {
  std::string_view what;     // "a local step"
  std::string_view formula;  // "C = B F / (g R mfu)"
  std::string numbers;       // the right side with its numbers
  std::string result;        // with its unit
};

struct Section {
  std::string title;
  std::vector<Explained> lines;
};

// The work and the memory, then each method with the codec of the fewest bits.
[[nodiscard]] std::vector<Section> Explain(const Plan& plan);

}  // namespace accord::plan
