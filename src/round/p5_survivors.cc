// p5 survivors: one survivor set, signed by a quorum of nodes before anyone reveals anything. From here on
// whoever signed may only ever open this set on this model (secagg.md 2.9): later attempts are bound to it.
// Next: p6 unmask, when a quorum signed. Otherwise the next attempt with the same set, or p8 closed. Passes
// straight through unless the mode is malicious: the complete uploads are the survivors.
#include "round/phases.h"

namespace accord::round::p5 {
namespace {

Transition Settle(const Plan& plan, Survivors state, TimePoint now) {
  const std::size_t quorum = Quorum(plan, state.attempt);
  if (state.signatures.size() >= quorum) return p6::Enter(plan, std::move(state), now);
  NodeSet can = Present(state.members, state.attempt);
  std::erase_if(can, [&](const NodeId& node) {
    return !state.uploads.contains(node) || state.signatures.contains(node);
  });
  if (state.signatures.size() + can.size() >= quorum) return Accept(std::move(state));
  return p2::Retry(plan, std::move(state.members), std::move(state.attempt), Reason::kTooFewSignatures, now);
}

Transition OnSigned(const Plan& plan, const Survivors& state, const SurvivorsSigned& e, TimePoint now) {
  if (auto fate = CheckAttempt(state, e.node, e.attempt)) return *std::move(fate);
  if (!state.uploads.contains(e.node)) return Rejected(state, Reason::kNotInCohort);
  Survivors next = state;
  if (!next.signatures.emplace(e.node, e.signature).second) return Discarded(state, Reason::kDuplicate);
  return Settle(plan, std::move(next), now);
}

}  // namespace

Transition Enter(const Plan& plan, Collect from, TimePoint now) {
  Survivors state{now,
                  now + plan.exchange_wait,
                  std::move(from.members),
                  std::move(from.attempt),
                  std::move(from.uploads),
                  {}};
  if (plan.mode != SecureMode::kOff) state.attempt.signing = Keys(state.uploads);
  if (plan.mode != SecureMode::kMalicious) return p6::Enter(plan, std::move(state), now);
  Tell tell{state.attempt.signing};
  return Accept(std::move(state), {std::move(tell)});
}

Transition On(const Plan& plan, const Survivors& state, const Event& event, TimePoint now) {
  const auto settle = [&](Survivors next) { return Settle(plan, std::move(next), now); };
  return std::visit(
      overloaded{[&](const SurvivorsSigned& e) { return OnSigned(plan, state, e, now); },
                 [&](const Trained& e) { return LateTrained(state, e); },
                 [&](const Dropped& e) { return OnDropped(state, e, settle); },
                 [&](const LeftAttempt& e) { return OnLeft(state, e, settle); },
                 [&](const Tick& e) {
                   if (!IsDue(e, state, now)) return Discarded(state, Reason::kNone);
                   return p2::Retry(plan, state.members, state.attempt, Reason::kTooFewSignatures, now);
                 },
                 [&](const Restarted& e) { return Extended(state, e); },
                 [&](const Cancel&) {
                   return p8::Abort(plan, state.members, state.attempt, Reason::kCancelled, now);
                 },
                 [&](const OneOf<Candidates, Advertised, Shared, SharesStored, Uploaded, NonceOpened> auto&) {
                   return Discarded(state, Reason::kLate);
                 },
                 [&](const OneOf<UploadsLost, Summed, SumFailed, Verified, Opened> auto&) {
                   return Rejected(state, Reason::kWrongPhase);
                 }},
      event);
}

}  // namespace accord::round::p5
