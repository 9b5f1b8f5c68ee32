// A job of a state that went back to a backup (job.h, Restored): it waits, then goes on where its nodes are.
#include <algorithm>

#include "job/rounds.h"

namespace accord::job {
namespace {

// A pause that a person ends, whatever the nodes say; the others end by themselves.
bool Outlives(Reason reason) {
  return reason == Reason::kByOperator || reason == Reason::kRoundsFailing ||
         reason == Reason::kAttemptsSpent;
}

// The rounds between the backup and what the nodes have: their figures are lost.
void RememberUntil(const CaughtUp& event, Progress& progress, TimePoint now) {
  auto history = progress.history ? *progress.history : std::vector<RoundSummary>();
  for (RoundId round{progress.committed + 1}; round < event.round; ++round.value) {
    history.push_back({.round = round, .committed = true, .opened = now, .closed = now, .restored = true});
  }
  history.back().model_hash = event.model_hash;
  progress.history = std::make_shared<const std::vector<RoundSummary>>(std::move(history));
}

// The nodes' model takes the place of the backup's.
void MoveOn(const Plan& plan, const CaughtUp& event, Progress& progress, TimePoint now) {
  RememberUntil(event, progress, now);
  progress.committed = event.round.value - 1;
  progress.model_hash = event.model_hash;
  progress.failures = 0;
  progress.groups.assign(plan.groups, {});
  progress.made = nullptr;
  if (!event.proof) return;
  Certified proof = *event.proof;
  proof.plan.mode = plan.mode;
  proof.outcome.model_hash = event.model_hash;
  proof.survivors = proof.attempt.cohort;
  progress.made = std::make_shared<const Made>(
      Made{event.model_hash, {std::make_shared<const Certified>(std::move(proof))}});
}

// What a person said then was of the nodes that were heard then.
Transition RestoredAgain(const Paused& paused) {
  if (!paused.by_person && !paused.free)
    return {paused, {}, {round::Verdict::kDiscarded, round::Reason::kDuplicate}};
  Paused next = paused;
  next.by_person = next.free = false;
  return {std::move(next), {}, {}};
}

}  // namespace

Transition StepRestored(const Plan& plan, const State& state, TimePoint now) {
  Transition step{state, {}, {}};
  if (const auto* running = std::get_if<Running>(&state)) {
    Progress progress = running->progress;
    GiveUpRounds(plan, progress, running->rounds, step.effects, now);
    step.next = Paused{.progress = std::move(progress), .reason = Reason::kCatchingUp, .since = now};
  } else if (const auto* paused = std::get_if<Paused>(&state)) {
    if (IsCatchingUp(state)) return RestoredAgain(*paused);
    Progress progress = paused->progress;
    GiveUpRounds(plan, progress, paused->rounds, step.effects, now);
    step.next = Paused{.progress = std::move(progress),
                       .reason = Reason::kCatchingUp,
                       .since = now,
                       .before = Outlives(paused->reason) ? paused->reason : Reason::kNone};
  } else {
    std::visit([](auto& waiting) { waiting.progress.restored = true; }, step.next);
  }
  return step;
}

Transition StepCaughtUp(const Plan& plan, const Paused& paused, const CaughtUp& event, TimePoint now) {
  const RoundId own{paused.progress.committed + 1};
  const bool moves = event.round > own;
  const bool known = event.round >= own && event.round.value <= plan.rounds + 1 &&
                     event.groups.size() == plan.groups &&
                     (moves || event.model_hash == paused.progress.model_hash);
  if (!known) return {paused, {}, {round::Verdict::kRejected, round::Reason::kConflict}};
  Progress progress = paused.progress;
  if (moves) MoveOn(plan, event, progress, now);
  bool spent = false;
  for (std::size_t i = 0; i < event.groups.size(); ++i) {
    GroupProgress& group = progress.groups[i];
    group.next_attempt = std::max(group.next_attempt, event.groups[i].next_attempt);
    if (!event.groups[i].bound.empty()) group.bound = event.groups[i].bound;
    spent |= plan.mode != SecureMode::kOff && group.next_attempt.value >= kMaxAttempts;
  }
  Reason then = paused.before;
  if (moves && then != Reason::kByOperator) then = Reason::kNone;
  if (then == Reason::kNone && spent) then = Reason::kAttemptsSpent;
  if (then != Reason::kNone)
    return {Paused{.progress = std::move(progress), .reason = then, .since = now}, {}, {}};
  return OpenNext(plan, std::move(progress), now);
}

}  // namespace accord::job
