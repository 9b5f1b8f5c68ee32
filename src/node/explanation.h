// Why this node takes part in a job, or does not, for the people of its lab: every check by its number, what
// each rule of the policy fails on, what would be reserved, and what a person said. Pure.
#pragma once

#include <string>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "charter/budget.h"
#include "node/consideration.h"
#include "node/offer_book.h"

namespace accord::node {

struct Explanation {
  JobId job;
  std::string name;
  Consideration considered;
  Approval approval = Approval::kNotAsked;
  std::vector<charter::BudgetEntry> ledger;  // as it was considered

  // Ok: the node takes part. Else that of the check that failed; `policy.denied` when a person said no,
  // `policy.awaits_approval` while nobody has said anything.
  [[nodiscard]] Status Decision() const;
};

// For people: some 20 lines.
[[nodiscard]] std::string ExplanationText(const Explanation& explanation);
// One JSON object, in one line: {"ok":true, "job", "name", "takes_part", "error", "why", "checks":[{"check",
// "what", "result": "holds" | "fails" | "not reached", "why"}], "rules":[{"rule", "fails"}], "policy_sha256",
// "approval", "budget": null or {"rule", "wall_s", "wall_s_promised", "wall_s_ceiling", "certificates":
// [{"certificate", "epsilon_milli", "epsilon_milli_promised", "epsilon_milli_ceiling"}]}}
[[nodiscard]] std::string ExplanationJson(const Explanation& explanation);

}  // namespace accord::node
