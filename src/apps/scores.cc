#include "apps/scores.h"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "apps/participants.h"
#include "base/text.h"
#include "charter/group_scores.h"
#include "study/scores.h"
#include "study/scratch.h"

namespace accord::apps {
namespace {

using nlohmann::ordered_json;

// What the rounds so far come to, by lab.
struct Sums {
  explicit Sums(std::size_t labs) : scores(labs, charter::kRidge), exact(labs), equal(labs) {}

  void Add(const study::RoundWorth& round) {
    ++rounds;
    for (std::size_t lab = 0; lab < exact.size(); ++lab) exact[lab] += round.exact[lab];
    for (std::size_t group = 0; group < round.groups.size(); ++group) {
      scores.Add(round.groups[group], round.of_groups[group]);
      const auto size = static_cast<double>(round.groups[group].size());
      for (const std::size_t lab : round.groups[group]) equal[lab] += round.of_groups[group] / size;
    }
  }
  // Of a round.
  [[nodiscard]] std::vector<double> Mean(const std::vector<double>& sums) const {
    std::vector<double> means;
    for (const double sum : sums) means.push_back(sum / static_cast<double>(rounds));
    return means;
  }

  charter::GroupScores scores;
  std::vector<double> exact, equal;
  std::size_t rounds = 0;
};

// With how well the scores of the rounds so far stand for their exact values.
ordered_json RoundLine(const study::ScoredRounds& rounds, const study::RoundWorth& round, const Sums& sums) {
  ordered_json line{{"round", round.report.round.value},
                    {"loss_fell", round.fell},
                    {"pearson", charter::Pearson(sums.scores.Solve(), sums.Mean(sums.exact))}};
  for (std::size_t lab = 0; lab < round.exact.size(); ++lab)
    line["exact"][rounds.labs()[lab].name] = round.exact[lab];
  for (std::size_t group = 0; group < round.groups.size(); ++group) {
    ordered_json one{{"nodes", ordered_json::array()}, {"value", round.of_groups[group]}};
    for (const std::size_t lab : round.groups[group]) one["nodes"].push_back(rounds.labs()[lab].name);
    line["groups"].push_back(std::move(one));
  }
  return line;
}

ordered_json Outcome(const study::ScoredRounds& rounds, const Sums& sums) {
  const std::vector<double> exact = sums.Mean(sums.exact), equal = sums.Mean(sums.equal);
  const std::vector<double> scores = sums.scores.Solve();
  ordered_json out{{"rounds", sums.rounds}};
  for (std::size_t lab = 0; lab < exact.size(); ++lab)
    out["nodes"][rounds.labs()[lab].name] = {
        {"exact", exact[lab]}, {"least_squares", scores[lab]}, {"equal_split", equal[lab]}};
  const auto against = [&](const std::vector<double>& estimate) {
    return ordered_json{{"pearson", charter::Pearson(estimate, exact)},
                        {"spearman", charter::Spearman(estimate, exact)}};
  };
  out["least_squares"] = against(scores);
  out["equal_split"] = against(equal);
  out["end"] = true;
  return out;
}

void PrintText(const ordered_json& outcome) {
  std::printf("%-20s %12s %14s %12s\n", "node", "exact", "least squares", "equal split");
  for (const auto& [name, node] : outcome["nodes"].items())
    std::printf("%-20s %12.6f %14.6f %12.6f\n", name.c_str(), node["exact"].get<double>(),
                node["least_squares"].get<double>(), node["equal_split"].get<double>());
  for (const char* estimate : {"least_squares", "equal_split"})
    std::printf("%-14s Pearson %.3f, Spearman %.3f against exact\n", estimate,
                outcome[estimate]["pearson"].get<double>(), outcome[estimate]["spearman"].get<double>());
}

}  // namespace

void ScoresCommand::AddTo(CLI::App& app) {
  command_ =
      app.add_subcommand("scores", "What nodes' updates were worth: scores out of groups' sums, and exactly");
  command_->add_option("--job", job_, "Job file, with groups.reshuffle")->type_name("FILE")->required();
  command_->add_option("--node", nodes_, "A node's name and its configuration (repeatable)")
      ->type_name("NAME=FILE")
      ->required();
  command_->add_option("--judge", judge_, "Configuration of a node whose hold-out decides")
      ->type_name("FILE")
      ->required();
  command_->add_option("--from", from_, "Model or checkpoint to begin with, as accord-sim run has it")
      ->type_name("MODEL");
  command_->add_option("--threads", threads_, "Threads of one training step")
      ->check(NotWhole)
      ->type_name("N");
  command_->add_option("--trust-domain", trust_domain_, "Of the federation that is played")
      ->type_name("DOMAIN");
  command_->add_flag("--json", json_, "JSON lines");
}

Status ScoresCommand::Run() const {
  ACCORD_ASSIGN_OR_RETURN(const auto scratch, study::Scratch::Make());
  ACCORD_ASSIGN_OR_RETURN(const JobSpec job, ReadJob(job_));
  study::LockstepOptions options{.job = job,
                                 .trust_domain = trust_domain_,
                                 .participants = {},
                                 .threads = threads_,
                                 .directory = scratch->path(),
                                 .from = from_,
                                 .stop = {}};
  for (const std::string& node : nodes_) {
    ACCORD_ASSIGN_OR_RETURN(study::Participant participant, ParticipantOf(node, job));
    options.participants.push_back(std::move(participant));
  }
  ACCORD_ASSIGN_OR_RETURN(const DatasetConfig judge, DataOf(judge_, job));
  ACCORD_ASSIGN_OR_RETURN(const auto rounds, study::ScoredRounds::Open(std::move(options), judge));
  Sums sums(rounds->labs().size());
  while (!rounds->over()) {
    ACCORD_ASSIGN_OR_RETURN(const study::RoundWorth round, rounds->Step());
    sums.Add(round);
    if (json_) {
      std::printf("%s\n", RoundLine(*rounds, round, sums).dump().c_str());
    } else {
      std::printf("round %llu  loss fell by %.4f\n",
                  static_cast<unsigned long long>(round.report.round.value), round.fell);
    }
    std::fflush(stdout);
  }
  const ordered_json outcome = Outcome(*rounds, sums);
  if (json_) {
    std::printf("%s\n", outcome.dump().c_str());
  } else {
    PrintText(outcome);
  }
  return {};
}

}  // namespace accord::apps
