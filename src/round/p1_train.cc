// p1 train: the cohort trains locally, for seconds or days. A node that lost its connection or restarted goes
// on from its checkpoint and is still awaited; one that says it will not take part is dropped. Where nothing
// is masked and an update is small, it comes instead of the word that training is done: an exchange less.
// Next: p2 advertise, or p4 collect with what came already, when every node has finished or dropped, or at
// the deadline with enough that finished; the deadline comes soon once the round's goal is reached. Otherwise
// p8 closed. Who is late goes on training until the next round tells it otherwise: a later attempt may need
// it.
#include <algorithm>

#include "round/phases.h"

namespace accord::round::p1 {
namespace {

std::size_t Least(const Plan& plan) { return std::max<std::size_t>(plan.min_survivors, plan.bound.size()); }

// In an unmasked round the number of the first attempt was told with the training, and is used up with it.
Attempt FirstAttempt(const Plan& plan, const Train& state) {
  Attempt attempt = NoAttempt(plan);
  if (plan.mode == SecureMode::kOff) attempt.cohort = state.members.cohort;
  return attempt;
}

Transition Abort(const Plan& plan, const Train& state, Reason reason, TimePoint now) {
  return p8::Abort(plan, state.members, FirstAttempt(plan, state), reason, now);
}

// Leaves p1 with those who finished.
Transition Leave(const Plan& plan, Train state, TimePoint now) {
  if (state.members.trained.size() < Least(plan)) return Abort(plan, state, Reason::kTooFewTrained, now);
  if (!state.uploads.empty() || !state.lost.empty()) {
    Attempt attempt = FirstAttempt(plan, state);
    return p4::Enter(plan, std::move(state), std::move(attempt), now);
  }
  return p2::Enter(plan, std::move(state.members), {.id = plan.first_attempt, .signing = plan.bound}, now);
}

// Stays while someone is awaited and the round can still succeed.
Transition Settle(const Plan& plan, Train state, TimePoint now) {
  const std::size_t living = state.members.cohort.size() - state.members.dropped.size();
  const bool hopeless = living < Least(plan);
  const bool all_finished = state.members.trained.size() == living;
  if (hopeless || all_finished) return Leave(plan, std::move(state), now);
  CloseSoon(plan, state, state.members.trained.size(), now);
  return Accept(std::move(state));
}

Transition OnUploaded(const Plan& plan, const Train& state, const Uploaded& e, TimePoint now) {
  if (plan.mode != SecureMode::kOff) return Rejected(state, Reason::kWrongPhase);
  if (const Reason reason = CheckMember(state.members, e.node); reason != Reason::kNone) {
    return Rejected(state, reason);
  }
  if (e.attempt != plan.first_attempt) return Rejected(state, Reason::kWrongAttempt);
  if (const auto known = state.uploads.find(e.node); known != state.uploads.end()) {
    const bool same = known->second == Upload{e.root, e.end};
    return same ? Discarded(state, Reason::kDuplicate) : Rejected(state, Reason::kConflict);
  }
  const auto lost = state.lost.find(e.node);
  if (lost != state.lost.end() && lost->second != Upload{e.root, e.end})
    return Rejected(state, Reason::kConflict);
  Train next = state;
  next.members.trained.insert(e.node);
  next.lost.erase(e.node);
  next.uploads.emplace(e.node, Upload{e.root, e.end});
  return Settle(plan, std::move(next), now);
}

// What a restart of the coordinator lost comes again: a node that sent its update still holds it.
Transition Lose(const Train& state, const NodeSet& nodes) {
  Train next = state;
  Tell tell;
  for (const NodeId& node : nodes) {
    auto upload = next.uploads.extract(node);
    if (upload.empty()) continue;
    next.lost.insert(std::move(upload));
    next.members.trained.erase(node);
    tell.nodes.insert(node);
  }
  if (tell.nodes.empty()) return Discarded(state, Reason::kDuplicate);
  return Accept(std::move(next), {std::move(tell)});
}

}  // namespace

Transition Enter(const Plan& plan, NodeSet cohort, const Digest& registry, TimePoint now) {
  Train state{now, now + plan.train_wait, {.cohort = cohort, .registry = registry}};
  return Accept(std::move(state), {Tell{std::move(cohort)}});
}

Transition On(const Plan& plan, const Train& state, const Event& event, TimePoint now) {
  return std::visit(
      overloaded{[&](const Trained& e) {
                   if (const Reason reason = CheckMember(state.members, e.node); reason != Reason::kNone) {
                     return Rejected(state, reason);
                   }
                   if (state.members.trained.contains(e.node)) return Discarded(state, Reason::kDuplicate);
                   Train next = state;
                   next.members.trained.insert(e.node);
                   return Settle(plan, std::move(next), now);
                 },
                 [&](const Dropped& e) {
                   if (const Reason reason = CheckMember(state.members, e.node); reason != Reason::kNone) {
                     return Discarded(state, reason);
                   }
                   Train next = state;
                   next.members.dropped.emplace(e.node, e.reason);
                   next.members.trained.erase(e.node);
                   next.uploads.erase(e.node);
                   return Settle(plan, std::move(next), now);
                 },
                 [&](const Tick& e) {
                   if (!IsDue(e, state, now)) return Discarded(state, Reason::kNone);
                   return Leave(plan, state, now);
                 },
                 [&](const Uploaded& e) { return OnUploaded(plan, state, e, now); },
                 [&](const UploadsLost& e) { return Lose(state, e.nodes); },
                 [&](const Cancel&) { return Abort(plan, state, Reason::kCancelled, now); },
                 [&](const Restarted& e) { return Extended(state, e); },
                 [&](const Candidates&) { return Discarded(state, Reason::kLate); },
                 [&](const OneOf<Summed, SumFailed, Verified, Advertised, Shared, SharesStored,
                                 SurvivorsSigned, Opened, NonceOpened, LeftAttempt> auto&) {
                   return Rejected(state, Reason::kWrongPhase);
                 }},
      event);
}

}  // namespace accord::round::p1
