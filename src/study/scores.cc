#include "study/scores.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/errors.h"
#include "charter/group_scores.h"
#include "crypto/sha256.h"
#include "study/evaluate.h"
#include "trainer/torch_trainer.h"

namespace accord::study {

Result<std::unique_ptr<ScoredRounds>> ScoredRounds::Open(LockstepOptions options,
                                                         const DatasetConfig& judge) {
  std::unique_ptr<ScoredRounds> rounds(new ScoredRounds(std::move(options)));
  const LockstepOptions& given = rounds->options_;
  if (!given.job.groups.reshuffle)
    return Fail(errors::kJobInvalid, "scores are of groups that are dealt anew: groups.reshuffle = true");
  if (given.participants.size() > charter::kMaxPlayers)
    return Fail(errors::kJobInvalid, "every set of nodes is looked at: at most " +
                                         std::to_string(charter::kMaxPlayers) + " nodes");
  ACCORD_ASSIGN_OR_RETURN(rounds->plan_, update::PartitionOf(given.job, given.trust_domain));
  ACCORD_ASSIGN_OR_RETURN(rounds->lockstep_, Lockstep::Open(given));
  for (const Lab& lab : rounds->labs()) {
    if (!update::GroupOf(rounds->plan_, lab.id))
      return Fail(errors::kJobInvalid, "no group of the plan names " + lab.name);
  }
  rounds->draw_.job = crypto::Sha256::Of(given.job.plan);
  ACCORD_ASSIGN_OR_RETURN(rounds->factory_,
                          trainer::MakeTorchTrainerFactory({.threads = given.threads,
                                                            .device = trainer::Device::kCpu,
                                                            .shuffle_seed = 0,
                                                            .cache = given.directory / "cache"}));
  ACCORD_ASSIGN_OR_RETURN(rounds->judge_, rounds->factory_->Create(given.job, judge));
  return rounds;
}

Result<double> ScoredRounds::LossOf(std::span<const float> global) const {
  const std::span<const float> model = global.first(lockstep_->model().size());
  ACCORD_ASSIGN_OR_RETURN(const EvalOutcome outcome, judge_->Evaluate(model, options_.stop));
  if (outcome.examples == 0) return Fail(errors::kDataEmpty, "the judge has no hold-out");
  return WorthOf(outcome).loss;
}

Result<std::vector<double>> ScoredRounds::WorthOfAll(const Lockstep::Updates& updates) const {
  std::vector<double> worth(std::size_t{1} << updates.size());
  ACCORD_ASSIGN_OR_RETURN(const double before, LossOf(*lockstep_->weights()));
  for (std::size_t set = 1; set < worth.size(); ++set) {
    std::vector<std::uint64_t> sum(updates[0].size());
    for (std::size_t lab = 0; lab < updates.size(); ++lab) {
      if ((set >> lab & 1) == 0) continue;
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += updates[lab][i];
    }
    ACCORD_ASSIGN_OR_RETURN(const std::vector<float> after,
                            lockstep_->After(sum, static_cast<std::uint32_t>(std::popcount(set))));
    ACCORD_ASSIGN_OR_RETURN(const double loss, LossOf(after));
    worth[set] = before - loss;
  }
  return worth;
}

std::vector<std::vector<std::size_t>> ScoredRounds::GroupsOf(std::uint64_t round) const {
  const update::Partition dealt = update::Reshuffled(plan_, draw_.SeedOf(round));
  std::vector<std::vector<std::size_t>> groups(dealt.size());
  for (std::size_t lab = 0; lab < labs().size(); ++lab)
    groups[*update::GroupOf(dealt, labs()[lab].id)].push_back(lab);
  std::erase_if(groups, [](const auto& group) { return group.empty(); });
  return groups;
}

Result<RoundWorth> ScoredRounds::Step() {
  RoundWorth round;
  std::vector<double> worth;
  ACCORD_ASSIGN_OR_RETURN(round.report, lockstep_->Step([&](const Lockstep::Updates& updates) -> Status {
    ACCORD_ASSIGN_OR_RETURN(worth, WorthOfAll(updates));
    return {};
  }));
  round_ = round.report.round.value;
  round.fell = worth.back();
  round.exact = charter::ShapleyValues(worth);
  round.groups = GroupsOf(round_);
  // The sum of a set of groups is that of their members: integers, in any order.
  std::vector<double> of_sets(std::size_t{1} << round.groups.size());
  for (std::size_t set = 0; set < of_sets.size(); ++set) {
    std::size_t members = 0;
    for (std::size_t group = 0; group < round.groups.size(); ++group) {
      if ((set >> group & 1) == 0) continue;
      for (const std::size_t lab : round.groups[group]) members |= std::size_t{1} << lab;
    }
    of_sets[set] = worth[members];
  }
  round.of_groups = charter::ShapleyValues(of_sets);
  return round;
}

}  // namespace accord::study
