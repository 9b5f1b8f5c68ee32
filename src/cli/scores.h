// Ledger B as people see it: the scores that a judge's figures come to, and those that the log has. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "accord/job_spec.h"
#include "accord/status.h"
#include "charter/group_draw.h"
#include "charter/group_worth.h"
#include "charter/record.h"
#include "charter/score_report.h"
#include "cli/public_log.h"

namespace accord::cli {

// What everybody should know of scores, for texts and JSON.
[[nodiscard]] const std::string& PriceOfScores();

// A job that was scored, and what everybody finds in the log of it.
struct ScoredJob {
  const JobSpec& plan;
  const charter::GroupDraw& draw;
  const std::vector<charter::LoggedCommit>& commits;
  std::string federation;  // the trust domain of nodes that the plan names without one
};
// The score of each node (by SPIFFE id) whose update is in one of the rounds, out of what the judge's node
// kept and of the log's commits. `groups.draw` where the log has other groups than the votes deal;
// `store.corrupt` for a file that is of other rounds.
[[nodiscard]] Result<std::map<std::string, double>> ScoresOf(const ScoredJob& job,
                                                             const charter::JudgedRounds& judged);

// The reports of a job that count: of members that may evaluate, each signed by its judge, and of each the
// first.
[[nodiscard]] std::map<std::string, charter::ScoreReport> ReportsOf(const PublicLog& log, const Digest& job);

}  // namespace accord::cli
