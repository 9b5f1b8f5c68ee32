// p2 advertise: the nodes that finished training form the masking cohort of an attempt and publish fresh
// keys. Next: p3 share, when all have, or at the deadline with enough. Otherwise the next attempt, or p8
// closed. With mode off there are no keys, and the phase passes straight through.
//
// Words of p2 and p3 live in memory only: a restart begins the next attempt, since keys are seconds old.
#include <algorithm>

#include "round/phases.h"

namespace accord::round::p2 {
namespace {

// The graph is drawn over the whole cohort: who is silent ends the attempt, and is not in the next one.
std::size_t LeastAdverts(const Plan& plan, const Attempt& attempt) {
  return HasGraph(attempt) ? attempt.cohort.size() : LeastSurvivors(plan, attempt);
}

void LeaveOutSilent(Advertise& state) {
  for (const NodeId& silent : Minus(Present(state.members, state.attempt), state.adverts)) {
    state.members.dropped.emplace(silent, Reason::kSilent);
  }
}

// A set that was signed on this model comes again whole, or not at all (secagg.md 2.9).
NodeSet CohortOf(const Members& members, const NodeSet& bound) {
  NodeSet trained = Living(members, members.trained);
  if (bound.empty()) return trained;
  return std::ranges::includes(trained, bound) ? bound : NodeSet{};
}

Transition Leave(const Plan& plan, Advertise state, TimePoint now) {
  state.adverts = Minus(Living(state.members, state.adverts), state.attempt.left);
  if (state.adverts.size() < LeastAdverts(plan, state.attempt)) {
    if (HasGraph(state.attempt)) LeaveOutSilent(state);
    return Retry(plan, std::move(state.members), std::move(state.attempt), Reason::kTooFewAdverts, now);
  }
  return p3::Enter(plan, std::move(state), now);
}

Transition Settle(const Plan& plan, Advertise state, TimePoint now) {
  const NodeSet present = Present(state.members, state.attempt);
  const bool hopeless = present.size() < LeastAdverts(plan, state.attempt);
  if (hopeless || Minus(present, state.adverts).empty()) return Leave(plan, std::move(state), now);
  return Accept(std::move(state));
}

Transition OnAdvertised(const Plan& plan, const Advertise& state, const Advertised& e, TimePoint now) {
  if (auto fate = CheckAttempt(state, e.node, e.attempt)) return *std::move(fate);
  Advertise next = state;
  if (!next.adverts.insert(e.node).second) return Discarded(state, Reason::kDuplicate);
  return Settle(plan, std::move(next), now);
}

}  // namespace

Transition Enter(const Plan& plan, Members members, Attempt attempt, TimePoint now) {
  attempt.cohort = attempt.active = CohortOf(members, attempt.signing);
  if (plan.mode == SecureMode::kOff) {
    return p3::Enter(plan, {now, now, std::move(members), std::move(attempt), {}}, now);
  }
  if (!CanMask(plan, attempt.cohort.size())) {
    attempt.cohort.clear();  // never begun
    return p8::Abort(plan, std::move(members), std::move(attempt), Reason::kTooFewTrained, now);
  }
  Tell tell{attempt.cohort};
  return Accept(Advertise{now, now + plan.exchange_wait, std::move(members), std::move(attempt), {}},
                {std::move(tell)});
}

Transition Retry(const Plan& plan, Members members, Attempt failed, Reason reason, TimePoint now) {
  const std::uint32_t used = failed.id.value - plan.first_attempt.value + 1;
  for (const NodeId& node : Suspects(plan, failed)) {
    if (members.cohort.contains(node)) members.dropped.emplace(node, Reason::kBlamed);
  }
  const bool enough = Living(members, members.trained).size() >= plan.min_survivors;
  if (used >= plan.attempts || !enough) {
    return p8::Abort(plan, std::move(members), std::move(failed), reason, now);
  }
  const Discard discard{failed.id};
  Attempt attempt{.id = failed.id.Next(), .signing = std::move(failed.signing)};
  Transition next = Enter(plan, std::move(members), std::move(attempt), now);
  next.effects.insert(next.effects.begin(), discard);
  return next;
}

Transition On(const Plan& plan, const Advertise& state, const Event& event, TimePoint now) {
  const auto settle = [&](Advertise next) { return Settle(plan, std::move(next), now); };
  return std::visit(
      overloaded{[&](const Advertised& e) { return OnAdvertised(plan, state, e, now); },
                 [&](const Trained& e) { return LateTrained(state, e); },
                 [&](const Dropped& e) { return OnDropped(state, e, settle); },
                 [&](const LeftAttempt& e) { return OnLeft(state, e, settle); },
                 [&](const Tick& e) {
                   if (!IsDue(e, state, now)) return Discarded(state, Reason::kNone);
                   return Leave(plan, state, now);
                 },
                 [&](const Restarted&) {
                   return Retry(plan, state.members, state.attempt, Reason::kTooFewAdverts, now);
                 },
                 [&](const Cancel&) {
                   return p8::Abort(plan, state.members, state.attempt, Reason::kCancelled, now);
                 },
                 [&](const Candidates&) { return Discarded(state, Reason::kLate); },
                 [&](const OneOf<Uploaded, UploadsLost, Summed, SumFailed, Verified, Shared, SharesStored,
                                 SurvivorsSigned, Opened, NonceOpened> auto&) {
                   return Rejected(state, Reason::kWrongPhase);
                 }},
      event);
}

}  // namespace accord::round::p2
