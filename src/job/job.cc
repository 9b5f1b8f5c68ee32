#include "job/job.h"

#include <algorithm>
#include <utility>

#include "base/overloaded.h"
#include "job/deadlines.h"
#include "job/rounds.h"

namespace accord::job {
namespace {

using round::Verdict;

Transition Accept(State next, std::vector<Effect> effects = {}) {
  return {std::move(next), std::move(effects), {}};
}
Transition Keep(const State& state, Verdict verdict, round::Reason reason) {
  return {state, {}, {verdict, reason}};
}
Transition Discarded(const State& state) {
  return Keep(state, Verdict::kDiscarded, round::Reason::kDuplicate);
}
Transition Rejected(const State& state) {
  return Keep(state, Verdict::kRejected, round::Reason::kWrongPhase);
}

Transition CancelNow(Progress progress, TimePoint now) {
  progress.ended = now;
  return Accept(Cancelled{std::move(progress), Reason::kByOperator}, {Ended{}});
}
Transition FailNow(Progress progress, Reason reason, TimePoint now) {
  progress.ended = now;
  return Accept(Failed{std::move(progress), reason}, {Ended{}});
}

// Before the start: one event leads on, Cancel ends it, all others are out of place.
template <class Expected, class OnExpected>
Transition Waiting(const State& state, const Progress& progress, const Event& event, TimePoint now,
                   OnExpected on) {
  if (const auto* expected = std::get_if<Expected>(&event)) return on(*expected);
  if (std::holds_alternative<Cancel>(event)) return CancelNow(progress, now);
  if (const auto* fail = std::get_if<Fail>(&event)) return FailNow(progress, fail->reason, now);
  if (std::holds_alternative<Restored>(event)) return StepRestored({}, state, now);
  return Rejected(state);
}

Transition OnRunning(const Plan& plan, const State& state, const Event& event, TimePoint now) {
  const auto& running = std::get<Running>(state);
  return std::visit(
      overloaded{
          [&](const InRound& e) { return StepRound(plan, running, e, now); },
          [&](const Pause& e) {
            const bool restored = e.reason == Reason::kCatchingUp || e.reason == Reason::kModelAhead;
            if (restored) return Rejected(state);  // Restored alone begins that
            return Accept(Paused{running.progress, running.rounds, e.reason, now});
          },
          [&](const Combined& e) { return StepCombined(plan, running, e, now); },
          [&](const Cancel&) { return CancelNow(running.progress, now); },
          [&](const Fail& e) { return FailNow(running.progress, e.reason, now); },
          [&](const Resume&) { return Discarded(state); },
          [&](const Restored&) { return StepRestored(plan, state, now); },
          [&](const CaughtUp&) { return Discarded(state); }, [&](const Approve&) { return Rejected(state); },
          [&](const Enqueue&) { return Rejected(state); }, [&](const Start&) { return Rejected(state); }},
      event);
}

Transition PauseLater(const Paused& paused, Reason reason, Reason before) {
  if (paused.reason == reason && paused.before == before) return Discarded(paused);
  Paused next = paused;
  next.reason = reason;
  next.before = before;
  return Accept(std::move(next));
}

// A person's pause outlives the reason that would have ended by itself. While the job catches up only the
// nodes end its pause; what people say counts after it.
Transition PauseAgain(const Paused& paused, Reason reason) {
  if (!IsCatchingUp(paused)) {
    return PauseLater(paused, reason == Reason::kByOperator ? reason : paused.reason, paused.before);
  }
  if (reason == Reason::kByOperator) return PauseLater(paused, paused.reason, reason);
  return PauseLater(paused, reason == Reason::kModelAhead ? reason : paused.reason, paused.before);
}

// While the job catches up: ends the pause that would follow; where there is none, those who were heard have
// to do. Its state keeps it, since a person's word is not asked for again after a restart.
Transition ResumeLater(const Paused& paused, const Resume& event) {
  Paused next = paused;
  next.by_person |= paused.before == Reason::kNone;
  next.before = Reason::kNone;
  next.free |= event.free;
  const bool known = next.by_person == paused.by_person && next.free == paused.free;
  if (known && paused.before == Reason::kNone) return Discarded(paused);
  for (GroupProgress& group : next.progress.groups) {
    if (event.free) group.bound.clear();
  }
  return Accept(std::move(next));
}

Transition OnPaused(const Plan& plan, const State& state, const Event& event, TimePoint now) {
  const auto& paused = std::get<Paused>(state);
  return std::visit(
      overloaded{[&](const InRound& e) { return StepPaused(plan, paused, e, now); },
                 [&](const Resume& e) {
                   if (IsCatchingUp(state)) return ResumeLater(paused, e);
                   if (!e.free) return Continue(plan, paused, now);
                   if (!paused.rounds.empty())
                     return Rejected(state);  // that round has its set; it ends first
                   Paused freed = paused;
                   for (GroupProgress& group : freed.progress.groups) group.bound.clear();
                   return Continue(plan, freed, now);
                 },
                 [&](const Pause& e) { return PauseAgain(paused, e.reason); },
                 [&](const Combined&) { return Discarded(state); },  // combined again when the job goes on
                 [&](const Restored&) { return StepRestored(plan, state, now); },
                 [&](const CaughtUp& e) {
                   return IsCatchingUp(state) ? StepCaughtUp(plan, paused, e, now) : Discarded(state);
                 },
                 [&](const Cancel&) { return CancelNow(paused.progress, now); },
                 [&](const Fail& e) { return FailNow(paused.progress, e.reason, now); },
                 [&](const Approve&) { return Rejected(state); },
                 [&](const Enqueue&) { return Rejected(state); },
                 [&](const Start&) { return Rejected(state); }},
      event);
}

}  // namespace

Plan PlanOf(const JobSpec& spec, std::uint64_t parameters) {
  const Millis min_wait = std::min(spec.round.min_wait, spec.round.max_wait);
  const auto bounded = [&](Millis wait) { return std::clamp(wait, min_wait, spec.round.max_wait); };
  const bool masked = spec.secure != SecureMode::kOff;
  const std::uint32_t attempts = masked ? std::min(spec.round.attempts, kMaxAttempts) : spec.round.attempts;
  return {.mode = spec.secure,
          .rounds = spec.round.count,
          .synchronous = spec.round.synchronous,
          .final_evaluation = !spec.eval.metrics.empty(),
          .min_nodes = spec.round.min_nodes,
          .min_survivors = spec.round.min_survivors,
          .attempts = attempts,
          .tries = masked ? std::clamp(kMaxAttempts / attempts, 1U, 3U) : 3,
          .goal = spec.round.goal,
          .over_selection = spec.round.over_selection,
          .min_wait = min_wait,
          .max_wait = spec.round.max_wait,
          .transfer_wait = bounded(StatedWait(parameters * 8)),
          .exchange_wait = bounded(StatedWait(0)),
          .upload_bytes = parameters * 8,
          .corrupt = spec.has_corrupt ? std::optional(spec.corrupt) : std::nullopt,
          .groups = std::max(1U, static_cast<std::uint32_t>(spec.groups.nodes.size())),
          .min_groups = std::max(1U, spec.groups.min_groups)};
}

State Submit(TimePoint now) {
  Progress progress;
  progress.submitted = now;
  return Proposed{std::move(progress)};
}

Transition Step(const Plan& plan, const State& state, const Event& event, TimePoint now) {
  return std::visit(
      overloaded{[&](const Proposed& s) {
                   return Waiting<Approve>(state, s.progress, event, now,
                                           [&](const Approve&) { return Accept(Approved{s.progress}); });
                 },
                 [&](const Approved& s) {
                   return Waiting<Enqueue>(state, s.progress, event, now,
                                           [&](const Enqueue&) { return Accept(Queued{s.progress}); });
                 },
                 [&](const Queued& s) {
                   return Waiting<Start>(state, s.progress, event, now, [&](const Start& e) {
                     Progress progress = s.progress;
                     progress.started = now;
                     progress.model_hash = e.model_hash;
                     progress.groups.resize(plan.groups);
                     if (std::exchange(progress.restored, false)) {
                       return Accept(Paused{
                           .progress = std::move(progress), .reason = Reason::kCatchingUp, .since = now});
                     }
                     return OpenNext(plan, std::move(progress), now);
                   });
                 },
                 [&](const Running&) { return OnRunning(plan, state, event, now); },
                 [&](const Paused&) { return OnPaused(plan, state, event, now); },
                 [&](const Finished&) { return Keep(state, Verdict::kDiscarded, round::Reason::kOver); },
                 [&](const Failed&) { return Keep(state, Verdict::kDiscarded, round::Reason::kOver); },
                 [&](const Cancelled&) { return Keep(state, Verdict::kDiscarded, round::Reason::kOver); }},
      state);
}

}  // namespace accord::job
