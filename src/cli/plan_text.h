// A training plan for people and for scripts. Pure (golden tests).
#pragma once

#include <string>

#include "cli/style.h"
#include "plan/plan.h"

namespace accord::cli {

// What was assumed, then two tables: time and rates, bytes.
[[nodiscard]] std::string PlanText(const plan::Plan& plan, const Style& style);
// Each formula with its numbers.
[[nodiscard]] std::string ExplainedPlan(const plan::Plan& plan, const Style& style);
// JSON text. Times in seconds or days, rates in bit/s, sizes in bytes; null: not told, or never reached.
[[nodiscard]] std::string PlanJson(const plan::Plan& plan, bool explain);

}  // namespace accord::cli
