#include "job/rounds.h"

#include <algorithm>
#include <iterator>

namespace accord::job {
namespace {

// Beyond the limit only because a person says that the nodes allow more.
std::uint32_t AttemptsLeft(const Plan& plan, const Progress& progress) {
  const std::uint32_t used = progress.next_attempt.value;
  if (plan.mode == SecureMode::kOff || used >= kMaxAttempts) return plan.attempts;
  return std::min(plan.attempts, kMaxAttempts - used);
}

round::Plan RoundPlan(const Plan& plan, const Progress& progress) {
  const bool evaluate = progress.committed >= plan.rounds;
  return {.round = {progress.committed + 1},
          .purpose = evaluate ? round::Purpose::kEvaluate : round::Purpose::kTrain,
          .mode = plan.mode,
          .first_attempt = progress.next_attempt,
          .attempts = AttemptsLeft(plan, progress),
          .min_nodes = plan.min_nodes,
          .min_survivors = plan.min_survivors,
          .gather_wait = plan.max_wait,
          .train_wait = plan.max_wait,
          .collect_wait = plan.transfer_wait,
          .commit_wait = plan.transfer_wait,
          .model_hash = progress.model_hash,
          .exchange_wait = plan.exchange_wait,
          .corrupt = plan.corrupt,
          .bound = progress.bound};
}

// Whether an attempt of the round was ever begun; its number is used up then, and only then.
bool Begun(const round::Closed& closed) { return !closed.attempt.cohort.empty(); }

RoundSummary Summarise(const OpenRound& open, const round::Closed& closed) {
  return {.round = open.plan.round,
          .purpose = open.plan.purpose,
          .committed = closed.committed,
          .reason = closed.reason,
          .attempts = closed.attempt.id.value - open.plan.first_attempt.value + (Begun(closed) ? 1U : 0U),
          .cohort = static_cast<std::uint32_t>(closed.members.cohort.size()),
          .survivors = static_cast<std::uint32_t>(closed.survivors.size()),
          .words = closed.outcome.words,
          .metrics = closed.outcome.metrics,
          .opened = open.opened,
          .closed = closed.since,
          .model_hash = closed.committed ? closed.outcome.model_hash : open.plan.model_hash};
}

Transition EndWith(Progress progress, Reason reason, TimePoint now) {
  progress.ended = now;
  return {Failed{std::move(progress), reason}, {Ended{}}, {}};
}

Transition AfterCommit(const Plan& plan, Progress progress, const OpenRound& open,
                       const round::Closed& closed) {
  progress.failures = 0;
  progress.next_attempt = {};
  progress.bound.clear();
  if (open.plan.mode != SecureMode::kOff && open.plan.purpose == round::Purpose::kTrain) {
    progress.certified = std::make_shared<const Certified>(
        Certified{open.plan, closed.members, closed.attempt, closed.outcome, closed.proofs});
  }
  progress.model_hash = closed.outcome.model_hash;
  if (open.plan.purpose == round::Purpose::kTrain) {
    ++progress.committed;
  } else {
    progress.evaluated = true;
  }
  return OpenNext(plan, std::move(progress), closed.since);
}

Transition AfterFailure(const Plan& plan, Progress progress, const round::Closed& closed) {
  progress.next_attempt = Begun(closed) ? closed.attempt.id.Next() : closed.attempt.id;
  progress.bound = closed.bound;
  if (plan.mode != SecureMode::kOff && progress.next_attempt.value >= kMaxAttempts) {
    return {Paused{std::move(progress), std::nullopt, Reason::kAttemptsSpent, closed.since}, {}, {}};
  }
  // A lack of nodes ends by itself and says nothing of the job.
  if (closed.reason != round::Reason::kNoQuorum) ++progress.failures;
  switch (closed.reason) {
    case round::Reason::kSumInvalid:
      if (plan.mode != SecureMode::kOff) break;  // one bad node must not end the job: people look first
      return EndWith(std::move(progress), Reason::kSumInvalid, closed.since);
    case round::Reason::kMismatch:
      return EndWith(std::move(progress), Reason::kModelMismatch, closed.since);
    case round::Reason::kModeUnsupported:
      return EndWith(std::move(progress), Reason::kModeUnsupported, closed.since);
    case round::Reason::kNoQuorum: {
      const Reason reason = closed.bound.empty() ? Reason::kNoQuorum : Reason::kBoundMissing;
      return {Paused{std::move(progress), std::nullopt, reason, closed.since}, {}, {}};
    }
    default:
      break;
  }
  if (progress.failures >= plan.tries) {
    return {Paused{std::move(progress), std::nullopt, Reason::kRoundsFailing, closed.since}, {}, {}};
  }
  return OpenNext(plan, std::move(progress), closed.since);
}

bool IsDiscard(const Effect& effect) {
  const auto* in_round = std::get_if<RoundEffect>(&effect);
  return in_round != nullptr && std::holds_alternative<round::Discard>(in_round->effect);
}

// The job's answer to a step of its round: effects wrapped, a closed round followed up.
Transition Absorb(const Plan& plan, Progress progress, OpenRound open, round::Transition step) {
  std::vector<Effect> effects;
  for (round::Effect& effect : step.effects)
    effects.emplace_back(RoundEffect{open.plan.round, std::move(effect)});
  open.state = std::move(step.next);
  const auto* closed = std::get_if<round::Closed>(&open.state);
  if (closed == nullptr) return {Running{std::move(progress), std::move(open)}, std::move(effects), {}};
  auto history = progress.history ? *progress.history : std::vector<RoundSummary>();
  history.push_back(Summarise(open, *closed));
  progress.history = std::make_shared<const std::vector<RoundSummary>>(std::move(history));
  Transition after = closed->committed ? AfterCommit(plan, std::move(progress), open, *closed)
                                       : AfterFailure(plan, std::move(progress), *closed);
  effects.insert(effects.end(), std::make_move_iterator(after.effects.begin()),
                 std::make_move_iterator(after.effects.end()));
  after.effects = std::move(effects);
  return after;
}

// Whether these nodes end the pause.
bool EndsWith(const Plan& plan, const Paused& paused, const round::NodeSet& ready) {
  if (paused.reason == Reason::kNoQuorum) return ready.size() >= plan.min_nodes;
  return paused.reason == Reason::kBoundMissing && std::ranges::includes(ready, paused.progress.bound);
}

}  // namespace

Transition OpenNext(const Plan& plan, Progress progress, TimePoint now) {
  const bool trained = progress.committed >= plan.rounds;
  if (trained && (progress.evaluated || !plan.final_evaluation)) {
    progress.ended = now;
    return {Finished{std::move(progress)}, {Ended{}}, {}};
  }
  const round::Plan next = RoundPlan(plan, progress);
  OpenRound open{next, round::Open(next, now), now};
  return {Running{std::move(progress), std::move(open)}, {AskCandidates{}}, {}};
}

Transition StepRound(const Plan& plan, const Running& running, const InRound& event, TimePoint now) {
  const RoundId current = running.round.plan.round;
  if (event.round < current) return {running, {}, {round::Verdict::kDiscarded, round::Reason::kLate}};
  if (event.round > current) return {running, {}, {round::Verdict::kRejected, round::Reason::kWrongPhase}};
  round::Transition step = round::Step(running.round.plan, running.round.state, event.event, now);
  if (step.why.verdict != round::Verdict::kAccepted)
    return {running, {}, {step.why.verdict, step.why.reason}};
  return Absorb(plan, running.progress, running.round, std::move(step));
}

Transition StepPaused(const Plan& plan, const Paused& paused, const InRound& event, TimePoint now) {
  const Transition keep{paused, {}, {round::Verdict::kDiscarded, round::Reason::kLate}};
  if (const auto* candidates = std::get_if<round::Candidates>(&event.event)) {
    if (!EndsWith(plan, paused, candidates->ready)) return keep;
    return Continue(plan, paused, now);
  }
  const auto* dropped = std::get_if<round::Dropped>(&event.event);
  const bool matters = dropped != nullptr || std::holds_alternative<round::UploadsLost>(event.event);
  if (!matters || !paused.round || paused.round->plan.round != event.round) return keep;
  round::Transition step = round::Step(paused.round->plan, paused.round->state, event.event, now);
  if (step.why.verdict != round::Verdict::kAccepted) return {paused, {}, {step.why.verdict, step.why.reason}};
  Paused next = paused;
  if (dropped == nullptr) {
    next.round->state = std::move(step.next);  // its effects come again with Continue
  } else if (!next.dropped.emplace(dropped->node, dropped->reason).second) {
    return {paused, {}, {round::Verdict::kDiscarded, round::Reason::kDuplicate}};
  }
  return {std::move(next), {}, {}};
}

Transition Continue(const Plan& plan, const Paused& paused, TimePoint now) {
  Progress progress = paused.progress;
  if (paused.reason == Reason::kRoundsFailing) progress.failures = 0;
  if (!paused.round) return OpenNext(plan, std::move(progress), now);
  OpenRound open = *paused.round;
  const RoundId round = open.plan.round;
  const Millis away = std::max(Millis(0), std::chrono::duration_cast<Millis>(now - paused.since));
  State state = Running{std::move(progress), std::move(open)};
  std::vector<Effect> effects;
  const auto apply = [&](round::Event event) {
    const auto* running = std::get_if<Running>(&state);
    if (running == nullptr) return;
    Transition step = StepRound(plan, *running, {round, std::move(event)}, now);
    if (step.why.verdict != round::Verdict::kAccepted) return;
    state = std::move(step.next);
    std::ranges::copy_if(step.effects, std::back_inserter(effects), IsDiscard);
  };
  apply(round::Restarted{away});
  for (const auto& [node, reason] : paused.dropped) apply(round::Dropped{node, reason});
  std::ranges::move(Outstanding(state), std::back_inserter(effects));  // all else that was asked for
  return {std::move(state), std::move(effects), {}};
}

}  // namespace accord::job
