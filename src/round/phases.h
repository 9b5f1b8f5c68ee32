// The phases of the round machine, seen from inside src/round. Each pN has Enter, called by the phase before
// it, which gives the new state and the effects of entering (or passes straight through), and On, its
// exhaustive answer to every event. Nobody outside src/round includes this.
#pragma once

#include <algorithm>
#include <concepts>
#include <utility>
#include <vector>

#include "base/overloaded.h"
#include "round/round.h"

namespace accord::round {

// One of the named events, spelled out: an event that no lambda of a phase names does not compile.
template <class E, class... Named>
concept OneOf = (std::same_as<E, Named> || ...);

inline Transition Accept(State next, std::vector<Effect> effects = {}) {
  return {std::move(next), std::move(effects), {}};
}
// Of a round that never came to one.
inline Attempt NoAttempt(const Plan& plan) { return {.id = plan.first_attempt}; }
template <class S>
Transition Keep(const S& state, Verdict verdict, Reason reason) {
  return {state, {}, {verdict, reason}};
}
template <class S>
Transition Discarded(const S& state, Reason reason) {
  return Keep(state, Verdict::kDiscarded, reason);
}
template <class S>
Transition Rejected(const S& state, Reason reason) {
  return Keep(state, Verdict::kRejected, reason);
}
// Whether a tick ends the phase.
template <class S>
bool IsDue(const Tick& tick, const S& state, TimePoint now) {
  return tick.due || now >= state.deadline;
}
// Over-selection: once as many have delivered as the round wants, who is nearly done has an eighth of the
// time that it took, and no longer.
template <class S>
void CloseSoon(const Plan& plan, S& state, std::size_t delivered, TimePoint now) {
  if (plan.goal == 0 || delivered < plan.goal) return;
  state.deadline = std::min(state.deadline, now + (now - state.since) / 8);
}
// A copy of `state` whose open deadline is later by the time away; a clock set back takes nothing from it.
template <class S>
Transition Extended(S state, const Restarted& event) {
  if (event.away <= Millis(0)) return Discarded(state, Reason::kNone);
  state.deadline += event.away;
  return Accept(std::move(state));
}

// ---- members.cc: what every phase knows of its nodes
// Why `node` may say nothing in this round; kNone if it may.
[[nodiscard]] Reason CheckMember(const Members& members, NodeId node);
// Cohort members that are not dropped.
[[nodiscard]] NodeSet Living(const Members& members, const NodeSet& cohort);
template <class Value>
[[nodiscard]] NodeSet Keys(const std::map<NodeId, Value>& map) {
  NodeSet keys;
  for (const auto& [node, value] : map) keys.insert(keys.end(), node);
  return keys;
}
[[nodiscard]] NodeSet Minus(const NodeSet& all, const NodeSet& without);
// Whether a masked round may begin with so many nodes (secagg.md 7.4).
[[nodiscard]] bool CanMask(const Plan& plan, std::size_t nodes);
// Of a masked attempt: whether each node masks with some of the others only (secagg.md 2.6). Then all of the
// cohort must take part in p2 and p3.
[[nodiscard]] bool HasGraph(const Attempt& attempt);
// Whether the graph is not drawn yet: no shares before that.
[[nodiscard]] bool AwaitsNonces(const Share& state);
// The smallest set that may be summed: the job's, and in masked rounds u_min of the cohort (secagg.md 2.5),
// or the whole set that was signed on this model (2.9).
[[nodiscard]] std::size_t LeastSurvivors(const Plan& plan, const Attempt& attempt);
// t of masked rounds: signatures of a certificate, and who must open the sum.
[[nodiscard]] std::size_t Quorum(const Plan& plan, const Attempt& attempt);
// Whom the next attempt leaves out: the accused; and his accusers too, unless they are more than may be
// corrupt (one of the two lies, and nobody knows which).
[[nodiscard]] NodeSet Suspects(const Plan& plan, const Attempt& attempt);
// Nodes that must come to the same model. In masked rounds t of them certify it; more need not agree.
[[nodiscard]] std::size_t LeastVerified(const Plan& plan, const Attempt& attempt);
// Active and not dropped: who can still say something in this attempt.
[[nodiscard]] NodeSet Present(const Members& members, const Attempt& attempt);
// The node's word is not awaited any more in this attempt. False when that was known.
bool Leave(Attempt& attempt, const LeftAttempt& event);
// Whose uploads p4 still awaits.
[[nodiscard]] NodeSet Awaited(const Collect& state);
// Who p7 still awaits.
[[nodiscard]] NodeSet Awaited(const Commit& state);

// A node that finished training after p1 closed: it holds a delta and may join a later attempt.
template <class S>
Transition LateTrained(S state, const Trained& event) {
  if (const Reason reason = CheckMember(state.members, event.node); reason != Reason::kNone) {
    return Rejected(state, reason);
  }
  if (!state.members.trained.insert(event.node).second) return Discarded(state, Reason::kDuplicate);
  return Accept(std::move(state));
}

// What is wrong with an event of this attempt from this node, as the fate of the event; nullopt if nothing
// is.
template <class S>
std::optional<Transition> CheckAttempt(const S& state, NodeId node, AttemptId attempt) {
  if (attempt < state.attempt.id) return Discarded(state, Reason::kWrongAttempt);
  if (attempt > state.attempt.id) return Rejected(state, Reason::kWrongAttempt);
  if (!state.attempt.cohort.contains(node)) return Rejected(state, Reason::kNotInCohort);
  if (state.attempt.left.contains(node)) return Discarded(state, Reason::kAborted);
  if (state.members.dropped.contains(node)) return Rejected(state, state.members.dropped.at(node));
  return std::nullopt;
}

// A node that is out of the round for good; `settle` says what follows for the phase.
template <class S, class Settle>
Transition OnDropped(const S& state, const Dropped& event, Settle settle) {
  if (const Reason reason = CheckMember(state.members, event.node); reason != Reason::kNone) {
    return Discarded(state, reason);
  }
  S next = state;
  next.members.dropped.emplace(event.node, event.reason);
  return settle(std::move(next));
}
// The same for a node that is out of the attempt only.
template <class S, class Settle>
Transition OnLeft(const S& state, const LeftAttempt& event, Settle settle) {
  if (auto fate = CheckAttempt(state, event.node, event.attempt)) return *std::move(fate);
  S next = state;
  if (!Leave(next.attempt, event)) return Discarded(state, Reason::kDuplicate);
  return settle(std::move(next));
}

namespace p0 {
[[nodiscard]] Transition On(const Plan& plan, const Gather& state, const Event& event, TimePoint now);
}
namespace p1 {
[[nodiscard]] Transition Enter(const Plan& plan, NodeSet cohort, const Digest& registry, TimePoint now);
[[nodiscard]] Transition On(const Plan& plan, const Train& state, const Event& event, TimePoint now);
}  // namespace p1
namespace p2 {
// Begins an attempt with the trained nodes that are not dropped.
// Of `attempt` its id and whom it binds count.
[[nodiscard]] Transition Enter(const Plan& plan, Members members, Attempt attempt, TimePoint now);
[[nodiscard]] Transition On(const Plan& plan, const Advertise& state, const Event& event, TimePoint now);
// The attempt failed for `reason`: begins the next one with the deltas that the nodes still hold, or closes
// the round.
[[nodiscard]] Transition Retry(const Plan& plan, Members members, Attempt failed, Reason reason,
                               TimePoint now);
}  // namespace p2
namespace p3 {
[[nodiscard]] Transition Enter(const Plan& plan, Advertise from, TimePoint now);
[[nodiscard]] Transition On(const Plan& plan, const Share& state, const Event& event, TimePoint now);
}  // namespace p3
namespace p4 {
[[nodiscard]] Transition Enter(const Plan& plan, Share from, TimePoint now);
// From p1, in an unmasked round whose updates came with the word that training is done.
[[nodiscard]] Transition Enter(const Plan& plan, Train from, Attempt attempt, TimePoint now);
// Back from p6: uploads of survivors were lost with the spool and come again; the set stays as it is.
[[nodiscard]] Transition Reenter(const Plan& plan, Unmask from, const NodeSet& lost, TimePoint now);
[[nodiscard]] Transition On(const Plan& plan, const Collect& state, const Event& event, TimePoint now);
}  // namespace p4
namespace p5 {
[[nodiscard]] Transition Enter(const Plan& plan, Collect from, TimePoint now);
[[nodiscard]] Transition On(const Plan& plan, const Survivors& state, const Event& event, TimePoint now);
}  // namespace p5
namespace p6 {
[[nodiscard]] Transition Enter(const Plan& plan, Survivors from, TimePoint now);
// Back from p4: what a restart lost is there again, and the set was signed already.
[[nodiscard]] Transition Reenter(const Plan& plan, Collect from, TimePoint now);
[[nodiscard]] Transition On(const Plan& plan, const Unmask& state, const Event& event, TimePoint now);
}  // namespace p6
namespace p7 {
[[nodiscard]] Transition Enter(const Plan& plan, Unmask from, Outcome outcome, TimePoint now);
[[nodiscard]] Transition On(const Plan& plan, const Commit& state, const Event& event, TimePoint now);
}  // namespace p7
namespace p8 {
// Closes without a commit; uploads of the attempt are forgotten.
[[nodiscard]] Transition Abort(const Plan& plan, Members members, Attempt attempt, Reason reason,
                               TimePoint now);
[[nodiscard]] Transition Committed(Commit from, TimePoint now);
[[nodiscard]] Transition On(const Closed& state, const Event& event);
}  // namespace p8

}  // namespace accord::round
