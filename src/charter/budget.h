// What a lab has promised of its budgets to jobs (governance.md 2b, check 9): privacy of each certified data
// set, in thousandths of epsilon, and compute, in time of training under each rule of its policy. A job
// counts with what it reserved while it is open, and with what it spent from its end on, for ever. Pure;
// node/budget_ledger.h keeps it.
//
// Losses of privacy add up, whatever the mechanisms were (basic composition: Dwork and Roth 2014, theorem
// 3.16).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"

namespace accord::charter {

// Thousandths of an epsilon: of what is asked for, never less than it; of what is allowed, never more. Beyond
// 2^64 - 1 that number, below zero 0; to ask for a NaN is to ask for the most, to allow it to allow nothing.
[[nodiscard]] std::uint64_t MilliAsked(double epsilon);
[[nodiscard]] std::uint64_t MilliAllowed(double epsilon);

struct BudgetEntry {
  Digest job;
  std::string rule;                  // of the policy, which allowed it
  std::vector<Digest> certificates;  // of data sets, each of which loses the epsilon
  std::uint64_t epsilon_milli = 0;   // reserved, of each
  std::uint64_t wall_ms = 0;         // reserved
  std::uint64_t epsilon_spent_milli = 0, wall_spent_ms = 0;
  bool open = true;  // the job has not ended

  // What counts: never less than was spent.
  [[nodiscard]] std::uint64_t Epsilon() const;
  [[nodiscard]] std::uint64_t Wall() const;
  friend bool operator==(const BudgetEntry&, const BudgetEntry&) = default;
};

// What may be promised in all.
struct BudgetCeilings {
  std::map<Digest, std::uint64_t> epsilon_milli;  // of each certificate; one that is not here has none
  std::optional<std::uint64_t> wall_ms;           // of the rule; none: without end
};

// What jobs other than `but` have of it.
[[nodiscard]] std::uint64_t EpsilonOf(std::span<const BudgetEntry> ledger, const Digest& certificate,
                                      const Digest& but);
[[nodiscard]] std::uint64_t WallOf(std::span<const BudgetEntry> ledger, const std::string& rule,
                                   const Digest& but);

// The entry of asked.job once `asked` is granted: open, and what the job spent before stays spent. The same
// again for a job that has it already. `policy.budget` with the figures when a ceiling is in the way.
[[nodiscard]] Result<BudgetEntry> Grant(std::span<const BudgetEntry> ledger, const BudgetEntry& asked,
                                        const BudgetCeilings& ceilings);

}  // namespace accord::charter
