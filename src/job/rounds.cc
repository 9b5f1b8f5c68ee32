#include "job/rounds.h"

#include <algorithm>
#include <iterator>

#include "job/deadlines.h"

namespace accord::job {
namespace {

bool Grouped(const Plan& plan) { return plan.groups > 1; }

// Beyond the limit only because a person says that the nodes allow more.
std::uint32_t AttemptsLeft(const Plan& plan, const GroupProgress& group) {
  const std::uint32_t used = group.next_attempt.value;
  if (plan.mode == SecureMode::kOff || used >= kMaxAttempts) return plan.attempts;
  return std::min(plan.attempts, kMaxAttempts - used);
}

// A set that a signed survivor set binds is wanted whole; an evaluation is short, and best over all.
std::uint32_t GoalOf(const Plan& plan, bool evaluate, const GroupProgress& group) {
  return evaluate || !group.bound.empty() ? 0 : plan.goal;
}

round::Plan RoundPlan(const Plan& plan, const Progress& progress, const GroupProgress& group) {
  const bool evaluate = progress.committed >= plan.rounds;
  const std::uint32_t goal = GoalOf(plan, evaluate, group);
  static const std::vector<RoundSummary> kNone;
  const std::vector<RoundSummary>& history = progress.history ? *progress.history : kNone;
  const Waits waits = WaitsOf(plan, progress);
  return {.round = {progress.committed + 1},
          .purpose = evaluate ? round::Purpose::kEvaluate : round::Purpose::kTrain,
          .mode = plan.mode,
          .first_attempt = group.next_attempt,
          .attempts = AttemptsLeft(plan, group),
          .min_nodes = plan.min_nodes,
          .min_survivors = plan.min_survivors,
          .goal = goal,
          .max_nodes = goal == 0 ? 0 : goal + plan.over_selection,
          .failures = FailuresOf(history),
          .gather_wait = waits.gather.length,
          .train_wait = waits.train.length,
          .collect_wait = waits.collect.length,
          .commit_wait = waits.commit.length,
          .model_hash = progress.model_hash,
          .exchange_wait = waits.exchange.length,
          .corrupt = plan.corrupt,
          .bound = group.bound};
}

// Whether an attempt of the round was ever begun; its number is used up then, and only then.
bool Begun(const round::Closed& closed) { return !closed.attempt.cohort.empty(); }

std::uint32_t AttemptsOf(const OpenRound& open, const round::Closed& closed) {
  return closed.attempt.id.value - open.plan.first_attempt.value + (Begun(closed) ? 1U : 0U);
}

RoundSummary Summarise(const OpenRound& open, const round::Closed& closed) {
  return {.round = open.plan.round,
          .purpose = open.plan.purpose,
          .committed = closed.committed,
          .reason = closed.reason,
          .attempts = AttemptsOf(open, closed),
          .cohort = static_cast<std::uint32_t>(closed.members.cohort.size()),
          .survivors = static_cast<std::uint32_t>(closed.survivors.size()),
          .words = closed.outcome.words,
          .metrics = closed.outcome.metrics,
          .opened = open.opened,
          .closed = closed.since,
          .model_hash = closed.committed ? closed.outcome.model_hash : open.plan.model_hash,
          .took = open.pace.took};
}

// Of all groups, whose rounds are closed: as one that did not commit.
RoundSummary Summarise(const Running& running, TimePoint now) {
  const OpenRound& first = running.rounds[0];
  RoundSummary summary{.round = first.plan.round,
                       .purpose = first.plan.purpose,
                       .opened = first.opened,
                       .closed = now,
                       .model_hash = first.plan.model_hash};
  for (const OpenRound& open : running.rounds) {
    summary.attempts = std::max(summary.attempts, AttemptsOf(open, std::get<round::Closed>(open.state)));
    summary.took = Longest(summary.took, open.pace.took);
  }
  std::uint64_t words = 0;
  for (const GroupProgress& group : running.progress.groups) {
    const auto survivors = group.sum ? static_cast<std::uint32_t>(group.sum->survivors.size()) : 0U;
    summary.groups.push_back({group.lack, group.cohort, survivors});
    summary.cohort += group.cohort;
    summary.survivors += survivors;
    if (group.sum) words += group.sum->outcome.words * survivors;
  }
  if (summary.survivors > 0)
    summary.words = words / summary.survivors;  // fields of small groups are narrower
  return summary;
}

void Remember(Progress& progress, RoundSummary summary) {
  auto history = progress.history ? *progress.history : std::vector<RoundSummary>();
  history.push_back(std::move(summary));
  progress.history = std::make_shared<const std::vector<RoundSummary>>(std::move(history));
}

Transition EndWith(Progress progress, Reason reason, TimePoint now) {
  progress.ended = now;
  return {Failed{std::move(progress), reason}, {Ended{}}, {}};
}

// The round made this model of these sums.
Transition AfterCommit(const Plan& plan, Progress progress, const OpenRound& open, Made made, TimePoint now) {
  progress.failures = 0;
  progress.groups.assign(plan.groups, {});
  progress.model_hash = made.model_hash;
  if (open.plan.purpose == round::Purpose::kTrain) {
    if (open.plan.mode != SecureMode::kOff) progress.made = std::make_shared<const Made>(std::move(made));
    ++progress.committed;
  } else {
    progress.evaluated = true;
  }
  return OpenNext(plan, std::move(progress), now);
}

// No commit, for the reason of `failed`, the round of a group that has no sum.
Transition AfterFailure(const Plan& plan, Progress progress, const OpenRound& failed, TimePoint now) {
  const bool spent = std::ranges::any_of(progress.groups, [](const GroupProgress& group) {
    return !group.sum && group.next_attempt.value >= kMaxAttempts;
  });
  if (plan.mode != SecureMode::kOff && spent) {
    return {Paused{std::move(progress), {}, Reason::kAttemptsSpent, now}, {}, {}};
  }
  const GroupProgress& group = progress.groups[failed.group];
  const round::Reason reason = group.lack;
  // A lack of nodes ends by itself and says nothing of the job.
  if (reason != round::Reason::kNoQuorum) ++progress.failures;
  switch (reason) {
    case round::Reason::kSumInvalid:
      if (plan.mode != SecureMode::kOff) break;  // one bad node must not end the job: people look first
      return EndWith(std::move(progress), Reason::kSumInvalid, now);
    case round::Reason::kMismatch:
      if (Grouped(plan)) break;  // a few nodes could say so
      return EndWith(std::move(progress), Reason::kModelMismatch, now);
    case round::Reason::kModeUnsupported:
      return EndWith(std::move(progress), Reason::kModeUnsupported, now);
    case round::Reason::kNoQuorum: {
      const Reason pause = group.bound.empty() ? Reason::kNoQuorum : Reason::kBoundMissing;
      return {Paused{std::move(progress), {}, pause, now}, {}, {}};
    }
    default:
      break;
  }
  if (progress.failures >= plan.tries) {
    return {Paused{std::move(progress), {}, Reason::kRoundsFailing, now}, {}, {}};
  }
  return OpenNext(plan, std::move(progress), now);
}

void Wrap(const OpenRound& open, std::vector<round::Effect> from, std::vector<Effect>& to) {
  for (round::Effect& effect : from)
    to.emplace_back(RoundEffect{open.plan.round, std::move(effect), open.group});
}

// What a closed round leaves for the next try, or for the model.
void Note(const OpenRound& open, GroupProgress& group) {
  const auto& closed = std::get<round::Closed>(open.state);
  group.cohort = static_cast<std::uint32_t>(closed.members.cohort.size());
  group.lack = closed.reason;
  if (closed.committed) {
    group.sum =
        std::make_shared<const Certified>(Certified{open.plan, closed.members, closed.attempt, closed.outcome,
                                                    closed.proofs, closed.survivors, open.group});
    return;
  }
  group.next_attempt = Begun(closed) ? closed.attempt.id.Next() : closed.attempt.id;
  group.bound = closed.bound;
}

std::size_t CountSums(const Progress& progress) {
  return static_cast<std::size_t>(std::ranges::count_if(
      progress.groups, [](const GroupProgress& group) { return group.sum != nullptr; }));
}

// Groups that have not even begun do not hold up the others, once these are done and are enough.
void LeaveBehind(const Plan& plan, Running& running, std::vector<Effect>& effects, TimePoint now) {
  const auto waits = [](const OpenRound& open) { return std::holds_alternative<round::Gather>(open.state); };
  const auto done = [&](const OpenRound& open) {
    return waits(open) || std::holds_alternative<round::Closed>(open.state);
  };
  if (CountSums(running.progress) < plan.min_groups || !std::ranges::all_of(running.rounds, done)) return;
  for (OpenRound& open : running.rounds) {
    if (!waits(open)) continue;
    round::Transition end = round::Step(open.plan, open.state, round::Cancel{}, now);
    Wrap(open, std::move(end.effects), effects);
    open.state = std::move(end.next);
    Note(open, running.progress.groups[open.group]);
    running.progress.groups[open.group].lack = round::Reason::kNoQuorum;
  }
}

// A group's round closed: the others are awaited, or what follows when all are.
Transition AfterGroup(const Plan& plan, Running running, TimePoint now) {
  std::vector<Effect> effects;
  LeaveBehind(plan, running, effects, now);
  const State state = running;
  if (!IsCombining(state)) return {state, std::move(effects), {}};
  if (CountSums(running.progress) >= plan.min_groups) {
    effects.emplace_back(Combine{running.rounds[0].plan.round});
    return {state, std::move(effects), {}};
  }
  // Of several reasons, one that is not a mere lack of nodes.
  const OpenRound* failed = nullptr;
  for (const OpenRound& open : running.rounds) {
    const GroupProgress& group = running.progress.groups[open.group];
    const bool better =
        failed == nullptr || running.progress.groups[failed->group].lack == round::Reason::kNoQuorum;
    if (!group.sum && better) failed = &open;
  }
  RoundSummary summary = Summarise(running, now);
  summary.reason = running.progress.groups[failed->group].lack;
  Remember(running.progress, std::move(summary));
  Transition after = AfterFailure(plan, running.progress, *failed, now);
  effects.insert(effects.end(), after.effects.begin(), after.effects.end());
  after.effects = std::move(effects);
  return after;
}

// The only round closed.
Transition AfterRound(const Plan& plan, Running running) {
  const OpenRound& open = running.rounds[0];
  const auto& closed = std::get<round::Closed>(open.state);
  Remember(running.progress, Summarise(open, closed));
  if (!closed.committed) return AfterFailure(plan, std::move(running.progress), open, closed.since);
  Made made{closed.outcome.model_hash, {running.progress.groups[0].sum}};
  return AfterCommit(plan, std::move(running.progress), open, std::move(made), closed.since);
}

OpenRound* Find(OpenRounds& rounds, std::uint32_t group) {
  const auto found = std::ranges::find(rounds, group, &OpenRound::group);
  return found == rounds.end() ? nullptr : &*found;
}

// The job's answer to a step of one of its rounds: effects wrapped, a closed round followed up.
Transition Absorb(const Plan& plan, Running running, std::uint32_t group, round::Transition step) {
  std::vector<Effect> effects;
  OpenRound& open = *Find(running.rounds, group);
  Wrap(open, std::move(step.effects), effects);
  open.state = std::move(step.next);
  const auto* closed = std::get_if<round::Closed>(&open.state);
  if (closed == nullptr) return {std::move(running), std::move(effects), {}};
  const TimePoint now = closed->since;
  Note(open, running.progress.groups[group]);
  Transition after =
      Grouped(plan) ? AfterGroup(plan, std::move(running), now) : AfterRound(plan, std::move(running));
  effects.insert(effects.end(), std::make_move_iterator(after.effects.begin()),
                 std::make_move_iterator(after.effects.end()));
  after.effects = std::move(effects);
  return after;
}

}  // namespace

void GiveUpRounds(const Plan& plan, Progress& progress, const OpenRounds& rounds,
                  std::vector<Effect>& effects, TimePoint now) {
  for (const OpenRound& open : rounds) {
    if (std::holds_alternative<round::Closed>(open.state)) continue;  // noted when it closed
    round::Transition end = round::Step(open.plan, open.state, round::Cancel{}, now);
    Wrap(open, std::move(end.effects), effects);
    OpenRound closed = open;
    closed.state = std::move(end.next);
    Note(closed, progress.groups[open.group]);
  }
  for (GroupProgress& group : progress.groups) {
    if (!group.sum) continue;
    group.next_attempt = group.sum->attempt.id.Next();
    if (plan.mode != SecureMode::kOff) group.bound = group.sum->survivors;
    group.sum = nullptr;
  }
}

Transition OpenNext(const Plan& plan, Progress progress, TimePoint now) {
  const bool trained = progress.committed >= plan.rounds;
  if (trained && (progress.evaluated || !plan.final_evaluation)) {
    progress.ended = now;
    return {Finished{std::move(progress)}, {Ended{}}, {}};
  }
  OpenRounds rounds;
  for (std::uint32_t group = 0; group < plan.groups; ++group) {
    if (progress.groups[group].sum) continue;  // waits with it
    round::Plan next = RoundPlan(plan, progress, progress.groups[group]);
    round::State state = round::Open(next, now);
    rounds.push_back({std::move(next),
                      std::move(state),
                      now,
                      group,
                      {.trains = {}, .asked = now, .began = now, .took = {}}});
  }
  return {Running{std::move(progress), std::move(rounds)}, {AskCandidates{}}, {}};
}

Transition StepRound(const Plan& plan, const Running& running, const InRound& event, TimePoint now) {
  const RoundId current = running.rounds[0].plan.round;
  if (event.round < current) return {running, {}, {round::Verdict::kDiscarded, round::Reason::kLate}};
  if (event.round > current) return {running, {}, {round::Verdict::kRejected, round::Reason::kWrongPhase}};
  const auto open = std::ranges::find(running.rounds, event.group, &OpenRound::group);
  if (open == running.rounds.end()) return {running, {}, {round::Verdict::kDiscarded, round::Reason::kOver}};
  round::Transition step = round::Step(open->plan, open->state, event.event, now);
  if (step.why.verdict != round::Verdict::kAccepted)
    return {running, {}, {step.why.verdict, step.why.reason}};
  Running next = running;
  Measure(Find(next.rounds, event.group)->pace, open->state, event.event, step.next, now);
  return Absorb(plan, std::move(next), event.group, std::move(step));
}

Transition StepCombined(const Plan& plan, const Running& running, const Combined& event, TimePoint now) {
  const OpenRound& first = running.rounds[0];
  if (event.round < first.plan.round) {
    return {running, {}, {round::Verdict::kDiscarded, round::Reason::kLate}};
  }
  if (event.round > first.plan.round || !IsCombining(running)) {
    return {running, {}, {round::Verdict::kRejected, round::Reason::kWrongPhase}};
  }
  Progress progress = running.progress;
  RoundSummary summary = Summarise(running, now);
  summary.committed = true;
  summary.metrics = event.metrics;
  summary.model_hash = event.model_hash;
  summary.left_out = event.left_out;
  Remember(progress, std::move(summary));
  Made made{event.model_hash, {}};
  for (const GroupProgress& group : progress.groups) {
    if (group.sum) made.sums.push_back(group.sum);
  }
  return AfterCommit(plan, std::move(progress), first, std::move(made), now);
}

}  // namespace accord::job
