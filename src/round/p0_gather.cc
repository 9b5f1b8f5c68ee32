// p0 gather: wait until enough nodes are connected, prepared and willing; then the training cohort is fixed.
// Next: p1 train. Otherwise p8 closed, when no quorum came before the deadline.
#include "round/phases.h"

namespace accord::round {

State Open(const Plan& plan, TimePoint now) { return Gather{now, now + plan.gather_wait}; }

namespace p0 {

Transition On(const Plan& plan, const Gather& state, const Event& event, TimePoint now) {
  return std::visit(
      overloaded{
          [&](const Candidates& e) {
            if (e.ready.size() < plan.min_nodes) return Discarded(state, Reason::kNoQuorum);
            return p1::Enter(plan, e.ready, now);
          },
          [&](const Tick&) {
            if (now < state.deadline) return Discarded(state, Reason::kNone);
            return p8::Abort({}, {plan.first_attempt, {}}, Reason::kNoQuorum, now);
          },
          [&](const Cancel&) {
            return p8::Abort({}, {plan.first_attempt, {}}, Reason::kCancelled, now);
          },
          [&](const Restarted& e) { return Extended(state, e); },
          [&](const OneOf<Trained, Dropped, Uploaded, UploadsLost, Summed, SumFailed, Verified> auto&) {
            return Rejected(state, Reason::kWrongPhase);
          }},
      event);
}

}  // namespace p0
}  // namespace accord::round
