// p4 collect: updates stream in, resumable; only a complete one counts, and its root is frozen: the same
// bytes may come again, other bytes never. Next: p5 survivors, when all living nodes have uploaded, or at the
// deadline with enough uploads. Otherwise the next attempt (p2), or p8 closed.
#include "round/phases.h"

namespace accord::round::p4 {
namespace {

Transition Leave(const Plan& plan, Collect state, TimePoint now) {
  for (const auto& [node, reason] : state.members.dropped) state.uploads.erase(node);
  if (state.uploads.size() < plan.min_survivors) {
    return p2::Retry(plan, std::move(state.members), state.attempt, Reason::kTooFewUploads, now);
  }
  return p5::Enter(plan, std::move(state), now);
}

Transition Settle(const Plan& plan, Collect state, TimePoint now) {
  const NodeSet living = Living(state.members, state.attempt.cohort);
  const bool all_there = Minus(living, Keys(state.uploads)).empty();
  if (living.size() < plan.min_survivors || all_there) return Leave(plan, std::move(state), now);
  return Accept(std::move(state));
}

Transition OnUploaded(const Plan& plan, const Collect& state, const Uploaded& e, TimePoint now) {
  if (auto fate = CheckAttempt(state, e.node, e.attempt)) return *std::move(fate);
  if (const auto known = state.uploads.find(e.node); known != state.uploads.end()) {
    if (known->second == e.root) return Discarded(state, Reason::kDuplicate);
    return Rejected(state, Reason::kConflict);
  }
  Collect next = state;
  next.uploads.emplace(e.node, e.root);
  return Settle(plan, std::move(next), now);
}

}  // namespace

Transition Enter(const Plan& plan, Share from, TimePoint now) {
  Tell tell{from.attempt.cohort};
  return Accept(Collect{now, now + plan.collect_wait, std::move(from.members), std::move(from.attempt), {}},
                {std::move(tell)});
}

Transition Reenter(const Plan& plan, Unmask from, const NodeSet& lost, TimePoint now) {
  Collect state{now, now + plan.collect_wait, std::move(from.members), std::move(from.attempt),
                std::move(from.uploads)};
  for (const NodeId& node : lost) state.uploads.erase(node);
  return Accept(std::move(state), {Tell{lost}});
}

Transition On(const Plan& plan, const Collect& state, const Event& event, TimePoint now) {
  return std::visit(
      overloaded{
          [&](const Uploaded& e) { return OnUploaded(plan, state, e, now); },
          [&](const UploadsLost& e) {
            Collect next = state;
            for (const NodeId& node : e.nodes) next.uploads.erase(node);
            if (next.uploads.size() == state.uploads.size()) return Discarded(state, Reason::kDuplicate);
            return Accept(std::move(next), {Tell{e.nodes}});
          },
          [&](const Trained& e) { return LateTrained(state, e); },
          [&](const Dropped& e) {
            if (const Reason reason = CheckMember(state.members, e.node); reason != Reason::kNone) {
              return Discarded(state, reason);
            }
            Collect next = state;
            next.members.dropped.emplace(e.node, e.reason);
            return Settle(plan, std::move(next), now);
          },
          [&](const Tick&) {
            if (now < state.deadline) return Discarded(state, Reason::kNone);
            return Leave(plan, state, now);
          },
          [&](const Cancel&) { return p8::Abort(state.members, state.attempt, Reason::kCancelled, now); },
          [&](const Restarted& e) { return Extended(state, e); },
          [&](const Candidates&) { return Discarded(state, Reason::kLate); },
          [&](const OneOf<Summed, SumFailed, Verified> auto&) {
            return Rejected(state, Reason::kWrongPhase);
          }},
      event);
}

}  // namespace accord::round::p4
