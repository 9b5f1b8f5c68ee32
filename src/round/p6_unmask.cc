// p6 unmask: shares in, sum out, exact. A quorum that opens is enough: nobody waits for the slow. What nodes
// reveal stays in memory; a restart asks again. With mode off nothing is masked and the sum is taken at once.
// Next: p7 commit. Back to p4 collect when a restart lost uploads that the sum needs. Otherwise the next
// attempt (p2), or p8 closed.
#include <algorithm>

#include "round/phases.h"

namespace accord::round::p6 {
namespace {

Effect Sum(const Unmask& state) {
  return TakeSum{state.attempt.id, state.attempt.cohort, Keys(state.uploads)};
}

// Enough have opened it, may still, or never will.
Transition Settle(const Plan& plan, Unmask state, TimePoint now) {
  if (state.summing) return Accept(std::move(state));
  const std::size_t quorum = Quorum(plan, state.attempt);
  if (state.opened.size() >= quorum) {
    state.summing = true;
    Effect sum = Sum(state);
    return Accept(std::move(state), {std::move(sum)});
  }
  NodeSet can = Minus(Present(state.members, state.attempt), state.opened);
  std::erase_if(can, [&](const NodeId& node) { return !state.uploads.contains(node); });
  if (state.opened.size() + can.size() >= quorum) return Accept(std::move(state));
  return p2::Retry(plan, std::move(state.members), std::move(state.attempt), Reason::kTooFewUnmasked, now);
}

Transition OnSigned(const Unmask& state, const SurvivorsSigned& e) {
  if (auto fate = CheckAttempt(state, e.node, e.attempt)) return *std::move(fate);
  if (!state.uploads.contains(e.node)) return Rejected(state, Reason::kNotInCohort);
  Unmask next = state;
  if (!next.signatures.emplace(e.node, e.signature).second) return Discarded(state, Reason::kDuplicate);
  return Accept(std::move(next), {Tell{{e.node}}});  // it may open the sum now
}

Transition OnOpened(const Plan& plan, const Unmask& state, const Opened& e, TimePoint now) {
  if (auto fate = CheckAttempt(state, e.node, e.attempt)) return *std::move(fate);
  if (plan.mode == SecureMode::kOff) return Rejected(state, Reason::kWrongPhase);
  if (!state.uploads.contains(e.node)) return Rejected(state, Reason::kNotInCohort);
  Unmask next = state;
  if (!next.opened.insert(e.node).second) return Discarded(state, Reason::kDuplicate);
  return Settle(plan, std::move(next), now);
}

Transition OnUploaded(const Unmask& state, const Uploaded& e) {
  if (auto fate = CheckAttempt(state, e.node, e.attempt)) return *std::move(fate);
  const auto known = state.uploads.find(e.node);
  if (known == state.uploads.end()) return Discarded(state, Reason::kLate);
  return known->second == Upload{e.root, e.end} ? Discarded(state, Reason::kDuplicate)
                                                : Rejected(state, Reason::kConflict);
}

Transition OnRestarted(const Plan& plan, const Unmask& state, const Restarted& e, TimePoint now) {
  if (plan.mode == SecureMode::kOff) return Discarded(state, Reason::kNone);  // it has no deadline
  Unmask next = state;
  next.opened.clear();
  next.summing = false;
  next.deadline = std::max(state.deadline, now) + std::max(e.away, Millis(0));
  return Accept(std::move(next));  // what it awaits is told again with all that is outstanding
}

// From p5, or once more from p4.
template <class From>
Transition Begin(const Plan& plan, From from, TimePoint now) {
  Unmask state{.since = now,
               .deadline = now + plan.exchange_wait,
               .members = std::move(from.members),
               .attempt = std::move(from.attempt),
               .uploads = std::move(from.uploads),
               .signatures = std::move(from.signatures)};
  if (plan.mode == SecureMode::kOff) {
    Effect sum = Sum(state);
    return Accept(std::move(state), {std::move(sum)});
  }
  Tell tell{Keys(state.uploads)};
  return Accept(std::move(state), {std::move(tell)});
}

}  // namespace

Transition Enter(const Plan& plan, Survivors from, TimePoint now) {
  return Begin(plan, std::move(from), now);
}

Transition Reenter(const Plan& plan, Collect from, TimePoint now) {
  return Begin(plan, std::move(from), now);
}

Transition On(const Plan& plan, const Unmask& state, const Event& event, TimePoint now) {
  const bool masked = plan.mode != SecureMode::kOff;
  const auto settle = [&](Unmask next) { return Settle(plan, std::move(next), now); };
  return std::visit(
      overloaded{[&](const SurvivorsSigned& e) {
                   return plan.mode == SecureMode::kMalicious ? OnSigned(state, e)
                                                              : Rejected(state, Reason::kWrongPhase);
                 },
                 [&](const Opened& e) { return OnOpened(plan, state, e, now); },
                 [&](const Summed& e) {
                   if (e.attempt != state.attempt.id) return Discarded(state, Reason::kWrongAttempt);
                   if (masked && !state.summing)
                     return Rejected(state, Reason::kWrongPhase);  // not asked for
                   return p7::Enter(plan, state, e.outcome, now);
                 },
                 [&](const SumFailed& e) {
                   if (e.attempt != state.attempt.id) return Discarded(state, Reason::kWrongAttempt);
                   return p2::Retry(plan, state.members, state.attempt, Reason::kSumInvalid, now);
                 },
                 [&](const UploadsLost& e) {
                   const bool needed = std::ranges::any_of(
                       e.nodes, [&](NodeId node) { return state.uploads.contains(node); });
                   if (!needed) return Discarded(state, Reason::kDuplicate);
                   return p4::Reenter(plan, state, e.nodes, now);
                 },
                 [&](const Uploaded& e) { return OnUploaded(state, e); },
                 [&](const Trained& e) { return LateTrained(state, e); },
                 [&](const Cancel&) {
                   return p8::Abort(plan, state.members, state.attempt, Reason::kCancelled, now);
                 },
                 [&](const Restarted& e) { return OnRestarted(plan, state, e, now); },
                 [&](const Dropped& e) {
                   return masked ? OnDropped(state, e, settle) : Discarded(state, Reason::kLate);
                 },
                 [&](const LeftAttempt& e) {
                   return masked ? OnLeft(state, e, settle) : Discarded(state, Reason::kLate);
                 },
                 [&](const Tick& e) {
                   const bool due = masked && !state.summing && IsDue(e, state, now);
                   if (!due) return Discarded(state, Reason::kLate);
                   return p2::Retry(plan, state.members, state.attempt, Reason::kTooFewUnmasked, now);
                 },
                 [&](const OneOf<Candidates, Advertised, Shared, SharesStored, NonceOpened> auto&) {
                   return Discarded(state, Reason::kLate);
                 },
                 [&](const Verified&) { return Rejected(state, Reason::kWrongPhase); }},
      event);
}

}  // namespace accord::round::p6
