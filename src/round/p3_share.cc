// p3 share: the masking cohort exchanges encrypted shares of its mask seeds. Those whose shares are there
// when all are, or at the deadline, are U2; what p4 to p6 need of them is stored before anyone is told to
// upload. Next: p4 collect. Otherwise the next attempt, or p8 closed. With mode off the phase passes straight
// through.
//
// In a cohort that is too large for everyone to mask with everyone, the nonces that draw the neighbour graph
// are opened first, by all: who withholds his could choose among graphs by ending attempts, so the next one
// leaves him out (secagg.md 2.6).
#include "round/phases.h"

namespace accord::round::p3 {
namespace {

Transition LeaveOut(const Plan& plan, Share state, const NodeSet& withholders, TimePoint now) {
  for (const NodeId& node : withholders) state.members.dropped.emplace(node, Reason::kSilent);
  return p2::Retry(plan, std::move(state.members), std::move(state.attempt), Reason::kTooFewShares, now);
}

Transition Leave(const Plan& plan, Share state, TimePoint now) {
  if (AwaitsNonces(state)) {
    const NodeSet withholders = Minus(state.roster, state.nonces);
    return LeaveOut(plan, std::move(state), withholders, now);
  }
  state.shared = Minus(Living(state.members, state.shared), state.attempt.left);
  if (state.shared.size() < LeastSurvivors(plan, state.attempt)) {
    return p2::Retry(plan, std::move(state.members), std::move(state.attempt), Reason::kTooFewShares, now);
  }
  StoreShares store{state.attempt.id, state.shared};
  state.storing = true;
  state.deadline = now + plan.exchange_wait;
  return Accept(std::move(state), {std::move(store)});
}

Transition Settle(const Plan& plan, Share state, TimePoint now) {
  const NodeSet present = Present(state.members, state.attempt);
  const bool hopeless = present.size() < LeastSurvivors(plan, state.attempt);
  if (hopeless && state.storing) {
    return p2::Retry(plan, std::move(state.members), std::move(state.attempt), Reason::kTooFewShares, now);
  }
  if (state.storing) return Accept(std::move(state));
  if (AwaitsNonces(state)) {
    const NodeSet gone = Minus(Minus(state.roster, state.nonces), present);
    return gone.empty() ? Accept(std::move(state)) : LeaveOut(plan, std::move(state), gone, now);
  }
  if (hopeless || Minus(present, state.shared).empty()) return Leave(plan, std::move(state), now);
  return Accept(std::move(state));
}

Transition OnNonce(const Plan& plan, const Share& state, const NonceOpened& e, TimePoint now) {
  if (auto fate = CheckAttempt(state, e.node, e.attempt)) return *std::move(fate);
  if (!HasGraph(state.attempt)) return Rejected(state, Reason::kWrongPhase);
  if (!state.roster.contains(e.node)) return Rejected(state, Reason::kNotInCohort);
  Share next = state;
  if (!next.nonces.insert(e.node).second) return Discarded(state, Reason::kDuplicate);
  if (AwaitsNonces(next)) return Settle(plan, std::move(next), now);
  next.deadline = now + plan.exchange_wait;
  Tell tell{next.roster};
  return Accept(std::move(next), {std::move(tell)});
}

Transition OnShared(const Plan& plan, const Share& state, const Shared& e, TimePoint now) {
  if (auto fate = CheckAttempt(state, e.node, e.attempt)) return *std::move(fate);
  if (!state.roster.contains(e.node)) return Rejected(state, Reason::kNotInCohort);
  if (AwaitsNonces(state)) return Rejected(state, Reason::kWrongPhase);
  if (state.shared.contains(e.node)) return Discarded(state, Reason::kDuplicate);
  if (state.storing) return Discarded(state, Reason::kLate);
  Share next = state;
  next.shared.insert(e.node);
  return Settle(plan, std::move(next), now);
}

Transition OnStored(const Plan& plan, const Share& state, const SharesStored& e, TimePoint now) {
  if (e.attempt != state.attempt.id) return Discarded(state, Reason::kWrongAttempt);
  if (!state.storing) return Rejected(state, Reason::kWrongPhase);
  Share next = state;
  next.attempt.shares = e.shares;
  next.attempt.active = next.shared;
  return p4::Enter(plan, std::move(next), now);
}

}  // namespace

Transition Enter(const Plan& plan, Advertise from, TimePoint now) {
  Share state{now, now + plan.exchange_wait, std::move(from.members), std::move(from.attempt),
              std::move(from.adverts)};
  if (plan.mode == SecureMode::kOff) return p4::Enter(plan, std::move(state), now);
  state.attempt.active = state.roster;
  Tell tell{state.roster};
  return Accept(std::move(state), {std::move(tell)});
}

Transition On(const Plan& plan, const Share& state, const Event& event, TimePoint now) {
  const auto settle = [&](Share next) { return Settle(plan, std::move(next), now); };
  const auto retry = [&] {
    return p2::Retry(plan, state.members, state.attempt, Reason::kTooFewShares, now);
  };
  return std::visit(
      overloaded{[&](const NonceOpened& e) { return OnNonce(plan, state, e, now); },
                 [&](const Shared& e) { return OnShared(plan, state, e, now); },
                 [&](const SharesStored& e) { return OnStored(plan, state, e, now); },
                 [&](const Trained& e) { return LateTrained(state, e); },
                 [&](const Dropped& e) { return OnDropped(state, e, settle); },
                 [&](const LeftAttempt& e) { return OnLeft(state, e, settle); },
                 [&](const Tick& e) {
                   if (!IsDue(e, state, now)) return Discarded(state, Reason::kNone);
                   return state.storing ? retry() : Leave(plan, state, now);
                 },
                 [&](const Restarted&) { return retry(); },
                 [&](const SumFailed& e) {  // U2 cannot do: no dealer of the check is left in it
                   if (e.attempt != state.attempt.id) return Discarded(state, Reason::kWrongAttempt);
                   return state.storing ? retry() : Rejected(state, Reason::kWrongPhase);
                 },
                 [&](const Cancel&) {
                   return p8::Abort(plan, state.members, state.attempt, Reason::kCancelled, now);
                 },
                 [&](const OneOf<Candidates, Advertised> auto&) { return Discarded(state, Reason::kLate); },
                 [&](const OneOf<Uploaded, UploadsLost, Summed, Verified, SurvivorsSigned, Opened> auto&) {
                   return Rejected(state, Reason::kWrongPhase);
                 }},
      event);
}

}  // namespace accord::round::p3
