// What members gave to a job, as people and scripts read it. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "accord/ids.h"
#include "charter/contributions.h"
#include "charter/score_report.h"
#include "cli/style.h"

namespace accord::cli {

// Ledger A of a job, and the scores of it that judges published (governance.md f).
struct JobLedger {
  Digest job;
  std::size_t rounds = 0;
  std::map<std::string, charter::Contribution> members;
  std::map<Digest, std::uint64_t> records;             // that certificates of the log state, by their ids
  std::map<std::string, charter::ScoreReport> scores;  // by judge
};

// A table with a line a member, a plot of what they trained, and one of each judge's scores with their price.
[[nodiscard]] std::string LedgerText(const JobLedger& ledger, const Style& style);
[[nodiscard]] std::string LedgerJson(const JobLedger& ledger);

}  // namespace accord::cli
