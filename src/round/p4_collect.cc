// p4 collect: updates stream in, resumable; only a complete one counts, and its root is frozen: the same
// bytes may come again, other bytes never, not even when a restart lost them. Next: p5 survivors, when all
// living nodes have uploaded, or at the deadline with enough uploads; where nothing is masked it comes soon
// once the round's goal is reached. Otherwise the next attempt (p2), or p8 closed.
#include <algorithm>

#include "round/phases.h"

namespace accord::round::p4 {
namespace {

Transition Leave(const Plan& plan, Collect state, TimePoint now) {
  for (const auto& [node, reason] : state.members.dropped) state.uploads.erase(node);
  // A set that was signed on this model comes whole or not at all (secagg.md 2.9).
  const NodeSet& bound = state.attempt.signing;
  const bool other = !bound.empty() && Keys(state.uploads) != bound;
  if (other || state.uploads.size() < LeastSurvivors(plan, state.attempt)) {
    return p2::Retry(plan, std::move(state.members), std::move(state.attempt), Reason::kTooFewUploads, now);
  }
  if (!state.signatures.empty()) return p6::Reenter(plan, std::move(state), now);
  return p5::Enter(plan, std::move(state), now);
}

Transition Settle(const Plan& plan, Collect state, TimePoint now) {
  const NodeSet awaited = Awaited(state);
  const bool hopeless = state.uploads.size() + awaited.size() < LeastSurvivors(plan, state.attempt);
  if (hopeless || awaited.empty()) return Leave(plan, std::move(state), now);
  // A masked cohort was fixed in p2 with the goal already; each of its members that is missing costs shares.
  if (plan.mode == SecureMode::kOff && !state.again) CloseSoon(plan, state, state.uploads.size(), now);
  return Accept(std::move(state));
}

Transition OnUploaded(const Plan& plan, const Collect& state, const Uploaded& e, TimePoint now) {
  if (auto fate = CheckAttempt(state, e.node, e.attempt)) return *std::move(fate);
  if (const auto known = state.uploads.find(e.node); known != state.uploads.end()) {
    const bool same = known->second == Upload{e.root, e.end};
    return same ? Discarded(state, Reason::kDuplicate) : Rejected(state, Reason::kConflict);
  }
  if (!state.attempt.active.contains(e.node)) {
    // Where nothing is masked it is the word of one that was too late for p1: of use to a later attempt.
    if (plan.mode == SecureMode::kOff) return LateTrained(state, {e.node});
    return Rejected(state, Reason::kNotInCohort);
  }
  const auto lost = state.lost.find(e.node);
  if (lost != state.lost.end() && lost->second != Upload{e.root, e.end})
    return Rejected(state, Reason::kConflict);
  if (lost == state.lost.end() && state.again) return Discarded(state, Reason::kLate);
  Collect next = state;
  next.lost.erase(e.node);
  next.uploads.emplace(e.node, Upload{e.root, e.end});
  return Settle(plan, std::move(next), now);
}

// Uploads of `nodes` must come again; they get the time that a first upload has.
Transition Lose(const Plan& plan, Collect state, const NodeSet& nodes, TimePoint now) {
  Tell tell;
  for (const NodeId& node : nodes) {
    auto upload = state.uploads.extract(node);
    if (upload.empty()) continue;
    tell.nodes.insert(node);
    state.lost.insert(std::move(upload));
  }
  if (tell.nodes.empty()) return Discarded(state, Reason::kDuplicate);
  state.deadline = std::max(state.deadline, now + plan.collect_wait);
  return Accept(std::move(state), {std::move(tell)});
}

}  // namespace

Transition Enter(const Plan& plan, Share from, TimePoint now) {
  Tell tell{from.attempt.active};
  Collect state{
      .since = now,
      .deadline = now + plan.collect_wait,
      .members = std::move(from.members),
      .attempt = std::move(from.attempt),
  };
  return Accept(std::move(state), {std::move(tell)});
}

Transition Enter(const Plan& plan, Train from, Attempt attempt, TimePoint now) {
  attempt.active = Living(from.members, from.members.trained);
  Collect state{.since = now,
                .deadline = now + plan.collect_wait,
                .members = std::move(from.members),
                .attempt = std::move(attempt),
                .uploads = std::move(from.uploads),
                .lost = std::move(from.lost)};
  Tell tell{Awaited(state)};
  Transition entered = Settle(plan, std::move(state), now);
  if (std::holds_alternative<Collect>(entered.next)) entered.effects.emplace_back(std::move(tell));
  return entered;
}

Transition Reenter(const Plan& plan, Unmask from, const NodeSet& lost, TimePoint now) {
  Collect state{.since = now,
                .deadline = now + plan.collect_wait,
                .members = std::move(from.members),
                .attempt = std::move(from.attempt),
                .uploads = std::move(from.uploads),
                .signatures = std::move(from.signatures),
                .again = true};
  return Lose(plan, std::move(state), lost, now);
}

Transition On(const Plan& plan, const Collect& state, const Event& event, TimePoint now) {
  const auto settle = [&](Collect next) { return Settle(plan, std::move(next), now); };
  return std::visit(
      overloaded{[&](const Uploaded& e) { return OnUploaded(plan, state, e, now); },
                 [&](const UploadsLost& e) { return Lose(plan, state, e.nodes, now); },
                 [&](const Trained& e) { return LateTrained(state, e); },
                 [&](const Dropped& e) { return OnDropped(state, e, settle); },
                 [&](const LeftAttempt& e) { return OnLeft(state, e, settle); },
                 [&](const Tick& e) {
                   if (!IsDue(e, state, now)) return Discarded(state, Reason::kNone);
                   return Leave(plan, state, now);
                 },
                 [&](const Cancel&) {
                   return p8::Abort(plan, state.members, state.attempt, Reason::kCancelled, now);
                 },
                 [&](const Restarted& e) { return Extended(state, e); },
                 [&](const OneOf<Candidates, Advertised, Shared, SharesStored, NonceOpened> auto&) {
                   return Discarded(state, Reason::kLate);
                 },
                 [&](const OneOf<Summed, SumFailed, Verified, SurvivorsSigned, Opened> auto&) {
                   return Rejected(state, Reason::kWrongPhase);
                 }},
      event);
}

}  // namespace accord::round::p4
