#include "cli/explain_text.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/text.h"
#include "cli/job_text.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "cli/words.h"

namespace accord::cli {
namespace {

std::string Since(TimePoint since, TimePoint now) {
  return since == TimePoint{} ? "" : LocalTime(since, now) + " (" + Ago(since, now) + ")";
}

void AddRound(const rpc::JobView& job, Facts& facts) {
  const rpc::RoundView& round = *job.current;
  facts.Add("round",
            RoundTitle(round.round, round.purpose, job.rounds_total) + ", " +
                std::string(PhaseWords(round.phase)) +
                (round.attempt.value > 0 ? ", attempt " + std::to_string(round.attempt.value + 1) : ""));
  facts.Add("since", Since(round.phase_since, job.time));
  if (round.deadline == TimePoint{}) return;
  const std::string left = round.deadline > job.time ? "in " + Span(round.deadline - job.time) : "now";
  facts.Add("deadline", LocalTime(round.deadline, job.time) + " (" + left + ")");
  facts.Add("why so long", Printable(round.wait_why));
}

std::string Ending(const rpc::JobView& job) {
  std::string text = std::string(StateName(job.state)) + " after " + std::to_string(job.rounds_done) +
                     " of " + std::to_string(job.rounds_total) + " rounds";
  return job.reason.ok() ? text : text + ": " + job.reason.message();
}

// A cancelled job is over: what the code advises for a pause does not help it.
std::string ToDo(const rpc::JobView& job) {
  if (job.state == job::Phase::kCancelled) return "To run it once more: accord job retry " + ShortId(job.id);
  return Printable(job.reason.hint());
}

}  // namespace

std::string Sentence(const rpc::JobView& job) {
  if (IsOver(job.state)) return Ending(job);
  if (job.current) return job.current->why;
  if (job.reason.ok()) return job.outlook;
  return job.reason.message() + (job.outlook.empty() ? "" : " Now: " + job.outlook + ".");
}

std::string ExplainedText(const Explained& explained, const Style& style) {
  const rpc::JobView& job = explained.job;
  std::string out = JobHeadline(job).Render(style) + "\n  " + Printable(Sentence(job), 2'000) + "\n";
  Facts facts;
  if (job.current) {
    AddRound(job, facts);
  } else {
    facts.Add("since", Since(job.since, job.time));
  }
  facts.Add("to do", ToDo(job));
  out += facts.Render(style);
  if (!job.current) return out;
  std::vector<rpc::NodeProgressView> awaited;
  std::ranges::copy_if(job.current->nodes, std::back_inserter(awaited), &rpc::NodeProgressView::awaited);
  if (!awaited.empty()) out += "  awaited:\n";
  for (const Line& line : NodeLines(awaited, awaited.size(), style))
    out += "    " + line.Render(style) + "\n";
  return out;
}

}  // namespace accord::cli
