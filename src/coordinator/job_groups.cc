// Jobs with groups: what their sums come to once all are there, and what people hear of it.
#include <boost/asio/post.hpp>

#include "base/errors.h"
#include "base/log.h"
#include "coordinator/aggregate.h"
#include "coordinator/decisions.h"
#include "coordinator/job_runner.h"

namespace accord::coordinator {

namespace asio = boost::asio;

namespace {

// With a reference to the model, as AggregateAndKeep has it (job_effects.cc).
Result<CombinedSums> CombineAndKeep(const CombineTask& task, BlobRefs& refs) {
  Result<CombinedSums> done = CombineGroups(task);
  if (!done.ok()) return done;
  refs.Add(done->model_hash);
  if (task.blobs->Has(done->model_hash)) return done;
  Result<CombinedSums> again = CombineGroups(task);
  if (!again.ok()) refs.Release(done->model_hash);
  return again;
}

}  // namespace

// None where groups stay as the plan names them, and where the log cannot be read: nodes take no such round
// then.
std::optional<Digest> JobRunner::GroupSeed(RoundId round) const {
  if (!input_.spec->groups.reshuffle || !decided()) return std::nullopt;
  if (!draw_) {
    Result<charter::GroupDraw> draw = services_.decisions->DrawOf(id());
    if (!draw.ok()) {
      LogError("groups.not_drawn", {{"job", name()}, {"why", Describe(draw.status())}});
      return std::nullopt;
    }
    draw_ = *std::move(draw);
  }
  return draw_->SeedOf(round.value);
}

std::optional<std::uint32_t> JobRunner::GroupOf(NodeId node, RoundId round) const {
  if (!input_.spec->groups.reshuffle) return update::GroupOf(input_.partition, node);
  if (dealt_.first != round) {
    const std::optional<Digest> seed = GroupSeed(round);
    if (!seed) return update::GroupOf(input_.partition, node);
    dealt_ = {round, update::Reshuffled(input_.partition, *seed)};
  }
  return update::GroupOf(dealt_.second, node);
}

void JobRunner::Combine(RoundId round) {
  if (combining_ || !job::IsCombining(driver_->state())) return;
  CombineTask task{.spec = input_.spec,
                   .layout = input_.layout,
                   .purpose = job::RoundsOf(driver_->state())[0].plan.purpose,
                   .round = round,
                   .parts = {},
                   .model_hash = job::ProgressOf(driver_->state()).model_hash,
                   .blobs = &services_.blobs};
  for (const job::GroupProgress& group : job::ProgressOf(driver_->state()).groups) {
    if (!group.sum) continue;
    const job::Certified& sum = *group.sum;
    task.parts.push_back({.group = sum.group,
                          .cohort = static_cast<std::uint32_t>(sum.attempt.cohort.size()),
                          .survivors = static_cast<std::uint32_t>(sum.survivors.size()),
                          .sum = sum.outcome.sum,
                          .words = sum.outcome.words});
  }
  combining_ = true;
  asio::post(services_.workers, [self = shared_from_this(), task = std::move(task), round] {
    Result<CombinedSums> result = CombineAndKeep(task, self->services_.refs);
    self->Post([round, result = std::move(result)](JobRunner& me) mutable {
      me.OnCombined(round, std::move(result));
    });
  });
}

// Sums that were certified hold every bound, so that what fails here is the disk, or a gate.
void JobRunner::OnCombined(RoundId round, Result<CombinedSums> result) {
  combining_ = false;
  if (result.ok()) {
    Own({result->model_hash});
    return Handle(job::Combined{round, result->model_hash, result->metrics, result->left_out});
  }
  const Status& status = result.status();
  LogError("round.combine_failed",
           {{"job", name()}, {"round", std::to_string(round.value)}, {"why", Describe(status)}});
  LogLine({.time = Now(), .round = round, .event = "round.combine_failed", .text = Describe(status)});
  if (status.error() == errors::kStoreDiskFull.id) return PauseForDisk(status);
  const bool gates = status.error() == errors::kJobTooFewGroups.id;
  Handle(job::Fail{gates ? job::Reason::kTooFewGroups : job::Reason::kModelLost});
}

// Who gave no sum, and whose did not count, by name and with the figure.
std::vector<std::string> JobRunner::GroupWarnings(const job::RoundSummary& summary) const {
  std::vector<std::string> warnings;
  for (std::size_t group = 0; group < summary.groups.size(); ++group) {
    const round::Reason lack = summary.groups[group].reason;
    if (lack == round::Reason::kNone) continue;
    warnings.push_back("group " + input_.partition[group].name +
                       " gave no sum: " + Describe(StatusOf(round::Name(lack))));
  }
  for (const round::LeftOut& item : summary.left_out) {
    warnings.push_back(update::Describe(*input_.spec, item));
  }
  return warnings;
}

}  // namespace accord::coordinator
