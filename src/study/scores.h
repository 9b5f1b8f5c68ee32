// How well the scores of ledger B (charter/group_scores.h) stand for what they estimate: rounds in lockstep
// whose groups are dealt anew, as a federation would, and the same rounds with every update seen apart, which
// a federation never does. For research. One thread.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "accord/trainer.h"
#include "charter/group_draw.h"
#include "study/lockstep.h"
#include "update/groups.h"

namespace accord::study {

// What a round's updates were worth: by how many nats the mean loss on the judge's hold-out fell.
struct RoundWorth {
  RoundReport report;
  double fell = 0.0;          // by all updates together
  std::vector<double> exact;  // Shapley values of the labs, over all 2^n sets of their updates
  std::vector<std::vector<std::size_t>> groups;  // of labs, by their places
  std::vector<double> of_groups;  // Shapley values of the groups, over the 2^m sets of their sums
};

class ScoredRounds {
 public:
  // The job's groups are reshuffled; `judge` is the data set whose hold-out decides. `job.invalid` for a job
  // without such groups, or with more than kMaxPlayers labs, or one that no group names; else as
  // Lockstep::Open.
  [[nodiscard]] static Result<std::unique_ptr<ScoredRounds>> Open(LockstepOptions options,
                                                                  const DatasetConfig& judge);

  // The next training round. Not beyond the last.
  [[nodiscard]] Result<RoundWorth> Step();
  [[nodiscard]] bool over() const { return round_ == options_.job.round.count; }
  [[nodiscard]] const std::vector<Lab>& labs() const { return lockstep_->labs(); }

 private:
  explicit ScoredRounds(LockstepOptions options) : options_(std::move(options)) {}
  [[nodiscard]] Result<double> LossOf(std::span<const float> global) const;
  // By the sets of labs whose bits are set, how far the loss falls with their updates.
  [[nodiscard]] Result<std::vector<double>> WorthOfAll(const Lockstep::Updates& updates) const;
  [[nodiscard]] std::vector<std::vector<std::size_t>> GroupsOf(std::uint64_t round) const;

  LockstepOptions options_;
  std::unique_ptr<Lockstep> lockstep_;
  std::unique_ptr<TrainerFactory> factory_;
  std::unique_ptr<Trainer> judge_;
  update::Partition plan_;
  charter::GroupDraw draw_;  // of the plan's hash, without votes
  std::uint64_t round_ = 0;  // that was stepped last
};

}  // namespace accord::study
