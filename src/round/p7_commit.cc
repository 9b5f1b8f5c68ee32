// p7 commit: every survivor gets the sum, checks it, makes the outer step for itself and says which model
// came out. In masked rounds whoever was slower than the quorum of p5 and p6 first signs the set and opens
// it, as the others did: a node looks at no sum before (secagg.md 7.6, Result). Next: p8 closed: committed,
// when every survivor has answered, or at the deadline, with enough equal answers.
#include <algorithm>

#include "round/phases.h"

namespace accord::round::p7 {
namespace {

Transition Leave(const Plan& plan, Commit state, TimePoint now) {
  if (state.verified.size() >= LeastVerified(plan, state.attempt))
    return p8::Committed(std::move(state), now);
  // One node that computes another model may be broken or lie; when most do, it is the coordinator.
  const auto mismatches = static_cast<std::size_t>(std::ranges::count_if(
      state.members.dropped, [](const auto& dropped) { return dropped.second == Reason::kMismatch; }));
  const bool most = 2 * mismatches > state.uploads.size();
  const Reason reason = most ? Reason::kMismatch : Reason::kTooFewVerified;
  return p8::Abort(plan, std::move(state.members), std::move(state.attempt), reason, now);
}

Transition Settle(const Plan& plan, Commit state, TimePoint now) {
  if (Awaited(state).empty()) return Leave(plan, std::move(state), now);
  return Accept(std::move(state));
}

Transition OnVerified(const Plan& plan, const Commit& state, const Verified& e, TimePoint now) {
  if (auto fate = CheckAttempt(state, e.node, e.attempt)) return *std::move(fate);
  if (!state.uploads.contains(e.node)) return Discarded(state, Reason::kLate);
  if (state.verified.contains(e.node)) return Discarded(state, Reason::kDuplicate);
  Commit next = state;
  if (e.model_hash == state.outcome.model_hash) {
    next.verified.insert(e.node);
    if (!e.proof.empty()) next.proofs.emplace(e.node, e.proof);
  } else {
    next.members.dropped.emplace(e.node, Reason::kMismatch);
  }
  return Settle(plan, std::move(next), now);
}

Transition OnSigned(const Commit& state, const SurvivorsSigned& e) {
  if (auto fate = CheckAttempt(state, e.node, e.attempt)) return *std::move(fate);
  if (!state.uploads.contains(e.node)) return Rejected(state, Reason::kNotInCohort);
  Commit next = state;
  if (!next.signatures.emplace(e.node, e.signature).second) return Discarded(state, Reason::kDuplicate);
  return Accept(std::move(next), {Tell{{e.node}}});
}

Transition OnOpened(const Commit& state, const Opened& e) {
  if (auto fate = CheckAttempt(state, e.node, e.attempt)) return *std::move(fate);
  if (!state.uploads.contains(e.node)) return Rejected(state, Reason::kNotInCohort);
  Commit next = state;
  if (!next.opened.insert(e.node).second) return Discarded(state, Reason::kDuplicate);
  return Accept(std::move(next), {Tell{{e.node}}});
}

}  // namespace

// The slower ones of a masked round were told what they owe in p5 and p6 already.
Transition Enter(const Plan& plan, Unmask from, Outcome outcome, TimePoint now) {
  Tell tell{plan.mode == SecureMode::kOff ? Living(from.members, from.attempt.active) : from.opened};
  return Accept(Commit{now,
                       now + plan.commit_wait,
                       std::move(from.members),
                       std::move(from.attempt),
                       std::move(from.uploads),
                       std::move(outcome),
                       {},
                       {},
                       std::move(from.signatures),
                       std::move(from.opened)},
                {std::move(tell)});
}

Transition On(const Plan& plan, const Commit& state, const Event& event, TimePoint now) {
  const auto settle = [&](Commit next) { return Settle(plan, std::move(next), now); };
  return std::visit(
      overloaded{[&](const Verified& e) { return OnVerified(plan, state, e, now); },
                 [&](const SurvivorsSigned& e) {
                   return plan.mode == SecureMode::kMalicious ? OnSigned(state, e)
                                                              : Discarded(state, Reason::kLate);
                 },
                 [&](const Opened& e) {
                   return plan.mode == SecureMode::kOff ? Discarded(state, Reason::kLate)
                                                        : OnOpened(state, e);
                 },
                 [&](const Dropped& e) {
                   if (state.verified.contains(e.node)) return Discarded(state, Reason::kLate);
                   return OnDropped(state, e, settle);
                 },
                 [&](const LeftAttempt& e) {
                   if (state.verified.contains(e.node)) return Discarded(state, Reason::kLate);
                   return OnLeft(state, e, settle);
                 },
                 [&](const SumFailed& e) {  // a restart found sum or model gone: the same deltas once more
                   if (e.attempt != state.attempt.id) return Discarded(state, Reason::kWrongAttempt);
                   return p2::Retry(plan, state.members, state.attempt, Reason::kTooFewVerified, now);
                 },
                 [&](const Trained& e) { return LateTrained(state, e); },
                 [&](const Tick& e) {
                   if (!IsDue(e, state, now)) return Discarded(state, Reason::kNone);
                   return Leave(plan, state, now);
                 },
                 [&](const Cancel&) {
                   return p8::Abort(plan, state.members, state.attempt, Reason::kCancelled, now);
                 },
                 [&](const Restarted& e) { return Extended(state, e); },
                 [&](const OneOf<Candidates, Uploaded, UploadsLost, Summed, Advertised, Shared, SharesStored,
                                 NonceOpened> auto&) { return Discarded(state, Reason::kLate); }},
      event);
}

}  // namespace accord::round::p7
