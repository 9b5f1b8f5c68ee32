// What the job machine asks for: words to nodes, sums, the end.
#include <algorithm>
#include <utility>
//
#include <boost/asio/post.hpp>

#include "base/check.h"
#include "base/errors.h"
#include "base/log.h"
#include "base/overloaded.h"
#include "coordinator/aggregate.h"
#include "coordinator/job_runner.h"

namespace accord::coordinator {

namespace asio = boost::asio;

namespace {

std::vector<Digest> StoredBy(const AggregateTask& task, const Aggregated& done) {
  if (task.purpose == round::Purpose::kEvaluate) return {done.outcome.sum};
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
    std::visit(overloaded{[&](const job::RoundEffect& e) { RunRound(e.round, e.effect); },
                          [&](const job::AskCandidates&) { OfferCandidates(); },
                          [&](const job::Ended&) { OnEnded(); }},
               effect);
  }
  if (driver_->idle()) KeepBlobs();  // not while the disk is behind: a crash would still need what is let go
}

void JobRunner::RunRound(RoundId round, const round::Effect& effect) {
  std::visit(overloaded{[&](const round::Tell& e) {
                          for (const NodeId& node : e.nodes) {
                            if (const auto found = nodes_.find(node); found != nodes_.end())
                              found->second.told = false;
                          }
                          GrantUploads();
                          for (const NodeId& node : e.nodes) Tell(node);
                        },
                        [&](const round::Discard& e) {
                          uploads_.Discard(e.attempt);
                          inline_sum_.clear();
                        },
                        [&](const round::StoreShares& e) { StoreShares(round, e); },
                        [&](const round::TakeSum& e) { TakeSum(round, e); }},
             effect);
}

void JobRunner::TakeSum(RoundId round, const round::TakeSum& effect) {
  const job::OpenRound* open = job::RoundOf(driver_->state());
  const auto* unmask = open == nullptr ? nullptr : std::get_if<round::Unmask>(&open->state);
  if (unmask == nullptr || open->plan.round != round || summing_) return;
  AggregateTask task{.spec = input_.spec,
                     .layout = input_.layout,
                     .purpose = open->plan.purpose,
                     .round = round,
                     .cohort = static_cast<std::uint32_t>(effect.cohort.size()),
                     .words = uploads_.words(),
                     .uploads = {},
                     .model_hash = open->plan.model_hash,
                     .blobs = &services_.blobs};
  round::NodeSet lost;
  for (const NodeId& node : effect.survivors) {
    const auto journalled = unmask->uploads.find(node);
    if (journalled == unmask->uploads.end()) return;  // the machine has gone on
    auto spool = uploads_.Complete(node, journalled->second.root);
    if (!spool) {
      lost.insert(node);
      received_.erase(node);
    }
    task.uploads.push_back(std::move(spool));
  }
  if (!lost.empty())
    return HandleInRound(round::UploadsLost{lost});  // gone with a restart: once more, please
  if (open->plan.mode != SecureMode::kOff) {
    task.masked = Opened(round, effect.attempt);
    if (!task.masked) return Handle(job::InRound{round, round::SumFailed{effect.attempt}});
  }
  summing_ = true;
  asio::post(services_.workers,
             [self = shared_from_this(), task = std::move(task), round, attempt = effect.attempt] {
               Result<Aggregated> result = AggregateAndKeep(task, self->services_.refs);
               std::vector<Digest> stored;
               if (result.ok()) stored = StoredBy(task, *result);
               self->Post([round, attempt, stored, result = std::move(result)](JobRunner& me) mutable {
                 for (const Digest& blob : stored) {
                   if (!me.kept_.insert(blob).second) me.services_.refs.Release(blob);
                 }
                 me.OnSum(round, attempt, std::move(result));
               });
             });
}

void JobRunner::OnSum(RoundId round, AttemptId attempt, Result<Aggregated> result) {
  summing_ = false;
  if (!result.ok()) {
    const Status& status = result.status();
    LogError("round.sum_failed",
             {{"job", name()}, {"round", std::to_string(round.value)}, {"why", Describe(status)}});
    LogLine({.time = Now(), .round = round, .event = "round.sum_failed", .text = Describe(status)});
    if (status.error() == errors::kStoreDiskFull.id) return PauseForDisk(status);
    if (status.error().starts_with("secagg.")) return Handle(job::InRound{round, round::SumFailed{attempt}});
    return Handle(job::Fail{job::Reason::kModelLost});
  }
  inline_sum_ = std::move(result->sum);
  inline_sum_hash_ = result->outcome.sum;
  if (masked_) masked_->ForgetUnmasks();
  Handle(job::InRound{round, round::Summed{attempt, result->outcome}});
  KeepOutcome(result->outcome);
}

// Syncs sum and model while the nodes check them; the round closes only after that. It may end in the
// meantime, as when nodes refuse the sum: what is being synced must not be collected then.
void JobRunner::KeepOutcome(const round::Outcome& outcome) {
  ++keeping_;
  for (const Digest& blob : {outcome.sum, outcome.model_hash}) services_.refs.Add(blob);
  asio::post(services_.workers, [self = shared_from_this(), outcome] {
    Status kept = self->services_.blobs.MakeDurable(outcome.sum);
    if (kept.ok()) kept = self->services_.blobs.MakeDurable(outcome.model_hash);
    self->Post([kept, outcome](JobRunner& me) {
      for (const Digest& blob : {outcome.sum, outcome.model_hash}) me.services_.refs.Release(blob);
      if (--me.keeping_ > 0 && kept.ok()) return;
      const auto held = std::exchange(me.held_, {});
      if (!kept.ok() && kept.error() == errors::kStoreDiskFull.id) return me.PauseForDisk(kept);
      if (!kept.ok() && !me.terminal_) return me.services_.fatal(kept);
      for (const auto& [round, verified] : held) me.Handle(job::InRound{round, verified});
    });
  });
}

void JobRunner::OnVerified(RoundId round, const round::Verified& event) {
  if (keeping_ > 0) return held_.emplace_back(round, event), void();
  Handle(job::InRound{round, event});
}

// After a restart in p7: a power cut may have taken what was not synced. The nodes hold their deltas: once
// more.
void JobRunner::CheckOutcome() {
  const job::OpenRound* open = job::RoundOf(driver_->state());
  const auto* commit = open == nullptr ? nullptr : std::get_if<round::Commit>(&open->state);
  if (commit == nullptr) return;
  const round::Outcome outcome = commit->outcome;
  const bool whole =
      services_.blobs.Verify(outcome.sum).ok() && services_.blobs.Verify(outcome.model_hash).ok();
  if (whole) return KeepOutcome(outcome);
  LogWarn("round.sum_lost", {{"job", name()}, {"round", std::to_string(open->plan.round.value)}});
  HandleInRound(round::SumFailed{commit->attempt.id});
}

void JobRunner::SendEnded(NodeId node) {
  const job::State& state = driver_->state();
  Status reason;
  if (job::ReasonOf(state) != job::Reason::kNone) reason = StatusOf(job::Name(job::ReasonOf(state)));
  services_.sessions.Send(
      node, rpc::Ended{id(), job::PhaseOf(state), job::ProgressOf(state).model_hash, std::move(reason)});
}

void JobRunner::OnEnded() {
  uploads_.Discard(uploads_.attempt());
  masked_ = nullptr;
  for (const auto& [node, known] : nodes_) SendEnded(node);
  PushViews();
}

// Keeps the blobs that the present state needs, and lets go of those it needed before.
void JobRunner::KeepBlobs() {
  std::set<Digest> needed;
  const job::State& state = driver_->state();
  needed.insert(job::ProgressOf(state).model_hash);
  const job::OpenRound* open = job::RoundOf(state);
  const auto* paused = std::get_if<job::Paused>(&state);
  if (paused != nullptr && paused->round) open = &*paused->round;
  if (open != nullptr) {
    if (const auto* commit = std::get_if<round::Commit>(&open->state)) {
      needed.insert(commit->outcome.sum);
      needed.insert(commit->outcome.model_hash);
    }
    const round::Attempt* attempt = round::AttemptOf(open->state);
    if (attempt != nullptr) needed.insert(attempt->shares);
  }
  needed.erase(Digest{});
  for (const Digest& blob : needed) {
    if (!kept_.contains(blob)) services_.refs.Add(blob);
  }
  for (const Digest& blob : kept_) {
    if (!needed.contains(blob)) services_.refs.Release(blob);
  }
  kept_ = std::move(needed);
}

}  // namespace accord::coordinator
