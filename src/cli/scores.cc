#include "cli/scores.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/errors.h"
#include "charter/group_scores.h"
#include "crypto/spiffe.h"
#include "ledger/dsse.h"
#include "update/groups.h"

namespace accord::cli {
namespace {

using Groups =
    std::map<std::uint32_t, std::vector<std::string>>;  // of a round: whose updates are in the model

Result<Groups> GroupsIn(const ScoredJob& job, const charter::RoundCommit& commit) {
  const std::string round = "round " + std::to_string(commit.round);
  const Digest seed = job.draw.SeedOf(commit.round);
  if (commit.group_seed != seed)
    return Fail(errors::kGroupsDraw, round + " was logged with other groups than the votes deal");
  ACCORD_ASSIGN_OR_RETURN(const update::Partition named, update::PartitionOf(job.plan, job.federation));
  const update::Partition dealt = update::Reshuffled(named, seed);
  Groups groups;
  for (const std::string& node : commit.cohort) {
    ACCORD_ASSIGN_OR_RETURN(const crypto::SpiffeId id, crypto::SpiffeId::Parse(node));
    const auto group = update::GroupOf(dealt, id.ToNodeId());
    if (!group) return Fail(errors::kGroupsDraw, round + " was logged with a node that no group names");
    groups[*group].push_back(node);
  }
  return groups;
}

// Whether this person's member may say what updates are worth, where the entry lies.
bool MayEvaluate(const charter::Record& record, std::uint64_t place, const std::string& member) {
  const auto& places = record.charter_places();
  const auto later = std::ranges::lower_bound(places, place);
  if (later == places.begin()) return false;
  const charter::Charter& then = record.chain()[static_cast<std::size_t>(later - places.begin()) - 1].charter;
  const charter::Member* found = then.Find(member);
  return found != nullptr && found->Has(charter::Right::kEvaluate);
}

}  // namespace

const std::string& PriceOfScores() {
  static const std::string kPrice =
      "Scores are estimates on one judge's data, and they have a price: a node hid among the others of its "
      "group only, "
      "and scores tell something of its data. They are published once, in tenths of the largest; nothing is "
      "paid by "
      "them.";
  return kPrice;
}

Result<std::map<std::string, double>> ScoresOf(const ScoredJob& job, const charter::JudgedRounds& judged) {
  std::vector<std::pair<Groups, std::vector<double>>> rounds;  // with the value of each group
  std::set<std::string> all;
  for (const charter::GroupWorth& worth : judged.rounds) {
    const auto commit = std::ranges::find(job.commits, worth.round,
                                          [](const charter::LoggedCommit& one) { return one.commit.round; });
    if (commit == job.commits.end())
      return Fail(errors::kStoreCorrupt,
                  "the log has no round " + std::to_string(worth.round) + " of this job");
    ACCORD_ASSIGN_OR_RETURN(Groups groups, GroupsIn(job, commit->commit));
    std::vector<std::uint32_t> present;
    for (const auto& [group, nodes] : groups) {
      present.push_back(group);
      all.insert(nodes.begin(), nodes.end());
    }
    if (present != worth.groups)
      return Fail(errors::kStoreCorrupt,
                  "round " + std::to_string(worth.round) + " was made of other groups than were judged");
    rounds.emplace_back(std::move(groups), charter::ShapleyValues(worth.fell));
  }
  if (all.empty()) return Fail(errors::kStoreCorrupt, "no round was judged");
  const std::vector<std::string> nodes(all.begin(), all.end());
  charter::GroupScores scores(nodes.size(), charter::kRidge);
  for (const auto& [groups, values] : rounds) {
    auto value = values.begin();
    for (const auto& [group, members] : groups) {
      std::vector<std::size_t> places;
      for (const std::string& node : members)
        places.push_back(static_cast<std::size_t>(std::ranges::lower_bound(nodes, node) - nodes.begin()));
      scores.Add(places, *value++);
    }
  }
  const std::vector<double> solved = scores.Solve();
  std::map<std::string, double> by_node;
  for (std::size_t i = 0; i < nodes.size(); ++i) by_node[nodes[i]] = solved[i];
  return by_node;
}

std::map<std::string, charter::ScoreReport> ReportsOf(const PublicLog& log, const Digest& job) {
  std::map<std::string, charter::ScoreReport> reports;
  for (std::size_t place = 0; place < log.entries.size(); ++place) {
    const auto envelope = ledger::ParseEnvelope(log.entries[place]);
    if (!envelope.ok() || envelope->payload_type != charter::kScoreReportType) continue;
    const auto report = charter::ParseScoreReport(envelope->payload);
    if (!report.ok() || report->job != job || !MayEvaluate(log.record, place, report->judge)) continue;
    if (log.record.SignersAt(*envelope, place).contains(report->judge))
      reports.try_emplace(report->judge, *report);
  }
  return reports;
}

}  // namespace accord::cli
