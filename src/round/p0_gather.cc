// p0 gather: wait until enough nodes are connected, prepared and willing; then the training cohort is fixed.
// Next: p1 train. Otherwise p8 closed, when no quorum came before the deadline.
#include <algorithm>

#include "round/phases.h"

namespace accord::round {

State Open(const Plan& plan, TimePoint now) { return Gather{now, now + plan.gather_wait}; }

namespace p0 {
namespace {

// A set that signed on this model comes again whole, or not at all.
bool Enough(const Plan& plan, const NodeSet& ready) {
  if (!plan.bound.empty()) return std::ranges::includes(ready, plan.bound);
  return ready.size() >= plan.min_nodes && (plan.mode == SecureMode::kOff || CanMask(plan, ready.size()));
}

}  // namespace

Transition On(const Plan& plan, const Gather& state, const Event& event, TimePoint now) {
  return std::visit(
      overloaded{
          [&](const Candidates& e) {
            if (!Enough(plan, e.ready)) return Discarded(state, Reason::kNoQuorum);
            return p1::Enter(plan, plan.bound.empty() ? e.ready : plan.bound, e.registry, now);
          },
          [&](const Tick&) {
            if (now < state.deadline) return Discarded(state, Reason::kNone);
            return p8::Abort(plan, {}, NoAttempt(plan), Reason::kNoQuorum, now);
          },
          [&](const Cancel&) { return p8::Abort(plan, {}, NoAttempt(plan), Reason::kCancelled, now); },
          [&](const Restarted& e) { return Extended(state, e); },
          [&](const OneOf<Trained, Dropped, Uploaded, UploadsLost, Summed, SumFailed, Verified, Advertised,
                          Shared, SharesStored, SurvivorsSigned, Opened, LeftAttempt, NonceOpened> auto&) {
            return Rejected(state, Reason::kWrongPhase);
          }},
      event);
}

}  // namespace p0
}  // namespace accord::round
