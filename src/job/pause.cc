// A job that is paused: what it still hears, and how it goes on.
#include <algorithm>
#include <iterator>
#include <vector>

#include "job/deadlines.h"
#include "job/rounds.h"

namespace accord::job {
namespace {

// Whether these nodes of a group end the pause.
bool EndsWith(const Plan& plan, const Paused& paused, std::uint32_t group, const round::NodeSet& ready) {
  const bool by_itself = paused.reason == Reason::kNoQuorum || paused.reason == Reason::kBoundMissing;
  if (!by_itself || group >= paused.progress.groups.size()) return false;
  const GroupProgress& waiting = paused.progress.groups[group];
  if (waiting.sum) return false;
  if (waiting.bound.empty()) return ready.size() >= plan.min_nodes;
  return std::ranges::includes(ready, waiting.bound);
}

bool IsDiscard(const Effect& effect) {
  const auto* in_round = std::get_if<RoundEffect>(&effect);
  return in_round != nullptr && std::holds_alternative<round::Discard>(in_round->effect);
}

// Whether an update of the node would be counted when its phase closes.
bool HasUploaded(const OpenRound& open, NodeId node) {
  if (const auto* train = std::get_if<round::Train>(&open.state)) return train->uploads.contains(node);
  const auto* collect = std::get_if<round::Collect>(&open.state);
  return collect != nullptr && collect->uploads.contains(node);
}

// Who left in the pause. The last node that a phase waits for closes it, with the updates that are there
// then: so those whose own is among them go first.
std::vector<round::Dropped> Left(const Paused& paused) {
  std::vector<round::Dropped> left;
  for (const auto& [node, reason] : paused.dropped) left.push_back({node, reason});
  std::ranges::stable_partition(left, [&](const round::Dropped& one) {
    return std::ranges::any_of(paused.rounds,
                               [&](const OpenRound& open) { return HasUploaded(open, one.node); });
  });
  return left;
}

}  // namespace

Transition StepPaused(const Plan& plan, const Paused& paused, const InRound& event, TimePoint now) {
  const Transition keep{paused, {}, {round::Verdict::kDiscarded, round::Reason::kLate}};
  if (const auto* candidates = std::get_if<round::Candidates>(&event.event)) {
    if (!EndsWith(plan, paused, event.group, candidates->ready)) return keep;
    return Continue(plan, paused, now);
  }
  const auto* dropped = std::get_if<round::Dropped>(&event.event);
  const bool matters = dropped != nullptr || std::holds_alternative<round::UploadsLost>(event.event);
  Paused next = paused;
  const auto open = std::ranges::find(next.rounds, event.group, &OpenRound::group);
  if (!matters || open == next.rounds.end() || open->plan.round != event.round) return keep;
  round::Transition step = round::Step(open->plan, open->state, event.event, now);
  if (step.why.verdict != round::Verdict::kAccepted) return {paused, {}, {step.why.verdict, step.why.reason}};
  Measure(open->pace, open->state, event.event, step.next, now);
  if (dropped == nullptr) {
    open->state = std::move(step.next);  // its effects come again with Continue
  } else if (!next.dropped.emplace(dropped->node, dropped->reason).second) {
    return {paused, {}, {round::Verdict::kDiscarded, round::Reason::kDuplicate}};
  }
  return {std::move(next), {}, {}};
}

Transition Continue(const Plan& plan, const Paused& paused, TimePoint now) {
  Progress progress = paused.progress;
  if (paused.reason == Reason::kRoundsFailing) progress.failures = 0;
  if (paused.rounds.empty()) return OpenNext(plan, std::move(progress), now);
  const RoundId round = paused.rounds[0].plan.round;
  const Millis away = std::max(Millis(0), std::chrono::duration_cast<Millis>(now - paused.since));
  State state = Running{std::move(progress), paused.rounds};
  std::vector<Effect> effects;
  const auto apply = [&](const round::Event& event) {
    for (const OpenRound& open : paused.rounds) {
      const auto* running = std::get_if<Running>(&state);
      if (running == nullptr) return;
      Transition step = StepRound(plan, *running, {round, event, open.group}, now);
      if (step.why.verdict != round::Verdict::kAccepted) continue;  // of another group, or closed
      state = std::move(step.next);
      std::ranges::copy_if(step.effects, std::back_inserter(effects), IsDiscard);
    }
  };
  apply(round::Restarted{away});
  for (const round::Dropped& left : Left(paused)) apply(left);
  std::ranges::move(Outstanding(state), std::back_inserter(effects));  // all else that was asked for
  return {std::move(state), std::move(effects), {}};
}

}  // namespace accord::job
