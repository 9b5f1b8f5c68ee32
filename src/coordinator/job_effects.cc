// What the job machine asks for: words to nodes, sums, the end.
#include <algorithm>
#include <array>
#include <utility>
//
#include <boost/asio/post.hpp>

#include "base/check.h"
#include "base/errors.h"
#include "base/log.h"
#include "base/overloaded.h"
#include "coordinator/aggregate.h"
#include "coordinator/decisions.h"
#include "coordinator/job_runner.h"
#include "job/blobs.h"

namespace accord::coordinator {

namespace asio = boost::asio;

namespace {

std::vector<Digest> StoredBy(const AggregateTask& task, const Aggregated& done) {
  if (!Steps(task)) return {done.outcome.sum};
  return {done.outcome.sum, done.outcome.model_hash};
}

// Aggregates, with a reference to each blob that it stored. Another job whose rounds come to the same bytes
// may let go of a blob after it was found there and before it was counted here; then it is stored once more.
Result<Aggregated> AggregateAndKeep(const AggregateTask& task, BlobRefs& refs) {
  Result<Aggregated> done = Aggregate(task);
  if (!done.ok()) return done;
  const std::vector<Digest> stored = StoredBy(task, *done);
  for (const Digest& blob : stored) refs.Add(blob);
  if (std::ranges::all_of(stored, [&](const Digest& blob) { return task.blobs->Has(blob); })) return done;
  Result<Aggregated> again = Aggregate(task);
  if (!again.ok()) {
    for (const Digest& blob : stored) refs.Release(blob);
  }
  return again;
}

}  // namespace

void JobRunner::Run(std::vector<job::Effect> effects) {
  for (const job::Effect& effect : effects) {
    std::visit(
        overloaded{[&](const job::RoundEffect& e) { RunRound(lanes_[e.group], e.round, e.effect); },
                   [&](const job::AskCandidates&) { OfferCandidates(); },
                   [&](const job::Combine& e) { Combine(e.round); }, [&](const job::Ended&) { OnEnded(); }},
        effect);
  }
  if (!driver_->idle()) return;
  LogRounds();
  CatchUp();
  KeepBlobs();  // not while the disk is behind: a crash would still need what is let go
}

void JobRunner::RunRound(Lane& lane, RoundId round, const round::Effect& effect) {
  std::visit(overloaded{[&](const round::Tell& e) {
                          for (const NodeId& node : e.nodes) {
                            const auto found = nodes_.find(node);
                            if (found == nodes_.end()) continue;
                            found->second.told = found->second.stalled = false;
                          }
                          GrantUploads();
                          for (const NodeId& node : e.nodes) Tell(node);
                        },
                        [&](const round::Discard& e) {
                          lane.uploads.Discard(e.attempt);
                          lane.inline_sum.clear();
                        },
                        [&](const round::StoreShares& e) { StoreShares(lane, round, e); },
                        [&](const round::TakeSum& e) { TakeSum(lane, round, e); }},
             effect);
}

void JobRunner::TakeSum(Lane& lane, RoundId round, const round::TakeSum& effect) {
  const job::OpenRound* open = RoundOf(lane);
  const auto* unmask = open == nullptr ? nullptr : std::get_if<round::Unmask>(&open->state);
  if (unmask == nullptr || open->plan.round != round || lane.summing) return;
  AggregateTask task{.spec = input_.spec,
                     .layout = input_.layout,
                     .purpose = open->plan.purpose,
                     .round = round,
                     .cohort = static_cast<std::uint32_t>(effect.cohort.size()),
                     .words = lane.uploads.words(),
                     .uploads = {},
                     .grouped = grouped(),
                     .model_hash = open->plan.model_hash,
                     .blobs = &services_.blobs};
  round::NodeSet lost;
  for (const NodeId& node : effect.survivors) {
    const auto journalled = unmask->uploads.find(node);
    if (journalled == unmask->uploads.end()) return;  // the machine has gone on
    auto spool = lane.uploads.Complete(node, journalled->second.root);
    if (!spool) {
      lost.insert(node);
      lane.received.erase(node);
    }
    task.uploads.push_back(std::move(spool));
  }
  if (!lost.empty())
    return HandleInRound(lane, round::UploadsLost{lost});  // gone with a restart: once more, please
  if (open->plan.mode != SecureMode::kOff) {
    task.masked = Opened(lane, round, effect.attempt);
    if (!task.masked) return HandleInRound(lane, round, round::SumFailed{effect.attempt});
  }
  lane.summing = true;
  asio::post(services_.workers,
             [self = shared_from_this(), &lane, task = std::move(task), round, attempt = effect.attempt] {
               Result<Aggregated> result = AggregateAndKeep(task, self->services_.refs);
               std::vector<Digest> stored;
               if (result.ok()) stored = StoredBy(task, *result);
               self->Post([&lane, round, attempt, stored, result = std::move(result)](JobRunner& me) mutable {
                 me.Own(stored);
                 me.OnSum(lane, round, attempt, std::move(result));
               });
             });
}

// Takes over the reference that a worker has counted for each.
void JobRunner::Own(const std::vector<Digest>& stored) {
  for (const Digest& blob : stored) {
    if (!kept_.insert(blob).second) services_.refs.Release(blob);
  }
}

void JobRunner::OnSum(Lane& lane, RoundId round, AttemptId attempt, Result<Aggregated> result) {
  lane.summing = false;
  if (!result.ok()) {
    const Status& status = result.status();
    LogError("round.sum_failed",
             {{"job", name()}, {"round", std::to_string(round.value)}, {"why", Describe(status)}});
    LogLine({.time = Now(), .round = round, .event = "round.sum_failed", .text = Describe(status)});
    if (status.error() == errors::kStoreDiskFull.id) return PauseForDisk(status);
    if (status.error().starts_with("secagg.")) return HandleInRound(lane, round, round::SumFailed{attempt});
    return Handle(job::Fail{job::Reason::kModelLost});
  }
  lane.inline_sum = std::move(result->sum);
  lane.inline_sum_hash = result->outcome.sum;
  if (lane.masked) lane.masked->ForgetUnmasks();
  // A round that a pause has ended meanwhile discards its sum, and lets go of the blobs that are kept here.
  const std::array<Digest, 2> blobs{result->outcome.sum, result->outcome.model_hash};
  for (const Digest& blob : blobs) services_.refs.Add(blob);
  HandleInRound(lane, round, round::Summed{attempt, result->outcome});
  KeepOutcome(lane, result->outcome, ReceiptsOf(lane));
  for (const Digest& blob : blobs) services_.refs.Release(blob);
}

// Syncs sum, model and receipts while the nodes check them; the round closes only after that. It may end in
// the meantime, as when nodes refuse the sum: what is being synced must not be collected then.
void JobRunner::KeepOutcome(Lane& lane, const round::Outcome& outcome,
                            const std::optional<KeptReceipts>& receipts) {
  ++lane.keeping;
  for (const Digest& blob : {outcome.sum, outcome.model_hash}) services_.refs.Add(blob);
  asio::post(services_.workers, [self = shared_from_this(), &lane, outcome, receipts] {
    Status kept = self->services_.blobs.MakeDurable(outcome.sum);
    if (kept.ok()) kept = self->services_.blobs.MakeDurable(outcome.model_hash);
    if (kept.ok() && receipts) kept = self->services_.decisions->Keep(*receipts);
    self->Post([&lane, kept, outcome](JobRunner& me) {
      for (const Digest& blob : {outcome.sum, outcome.model_hash}) me.services_.refs.Release(blob);
      if (--lane.keeping > 0 && kept.ok()) return;
      const auto held = std::exchange(lane.held, {});
      if (!kept.ok() && kept.error() == errors::kStoreDiskFull.id) return me.PauseForDisk(kept);
      if (!kept.ok() && !me.terminal()) return me.services_.fatal(kept);
      for (const auto& [round, verified] : held) me.HandleInRound(lane, round, verified);
    });
  });
}

void JobRunner::OnVerified(Lane& lane, RoundId round, const round::Verified& event) {
  if (lane.keeping > 0) return lane.held.emplace_back(round, event), void();
  HandleInRound(lane, round, event);
}

// After a restart in p7: a power cut may have taken what was not synced. The nodes hold their deltas: once
// more.
void JobRunner::CheckOutcome(Lane& lane) {
  const job::OpenRound* open = RoundOf(lane);
  const auto* commit = open == nullptr ? nullptr : std::get_if<round::Commit>(&open->state);
  if (commit == nullptr) return;
  const round::Outcome outcome = commit->outcome;
  const bool whole = services_.blobs.Verify(outcome.sum).ok() &&
                     services_.blobs.Verify(outcome.model_hash).ok() && HasKeptReceipts(lane);
  if (whole) return KeepOutcome(lane, outcome, std::nullopt);
  LogWarn("round.sum_lost", {{"job", name()}, {"round", std::to_string(open->plan.round.value)}});
  HandleInRound(lane, round::SumFailed{commit->attempt.id});
}

void JobRunner::SendEnded(NodeId node) {
  const job::State& state = driver_->state();
  Status reason;
  if (job::ReasonOf(state) != job::Reason::kNone) reason = StatusOf(job::Name(job::ReasonOf(state)));
  services_.sessions.Send(
      node, rpc::Ended{id(), job::PhaseOf(state), job::ProgressOf(state).model_hash, std::move(reason)});
}

void JobRunner::OnEnded() {
  for (Lane& lane : lanes_) {
    lane.uploads.Discard(lane.uploads.attempt());
    lane.masked = nullptr;
  }
  for (const auto& [node, known] : nodes_) SendEnded(node);
  if (!watchers_.empty()) Post([](JobRunner& self) { self.PushViews(); });  // once nothing waits for the disk
}

// Keeps the blobs that the present state needs, and lets go of those it needed before.
void JobRunner::KeepBlobs() {
  std::set<Digest> needed;
  for (const auto& [blob, use] : job::BlobsOf(driver_->state())) needed.insert(blob);
  for (const Digest& blob : needed) {
    if (!kept_.contains(blob)) services_.refs.Add(blob);
  }
  for (const Digest& blob : kept_) {
    if (!needed.contains(blob)) services_.refs.Release(blob);
  }
  kept_ = std::move(needed);
}

}  // namespace accord::coordinator
