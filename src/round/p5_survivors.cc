// p5 survivors: one survivor set, signed by a quorum of nodes before anyone reveals anything.
// Next: p6 unmask. With mode off the complete uploads are the survivors, and the phase passes straight
// through.
#include "round/phases.h"

namespace accord::round::p5 {

Transition Enter(const Plan& plan, Collect from, TimePoint now) {
  return p6::Enter(plan, {now, std::move(from.members), std::move(from.attempt), std::move(from.uploads)},
                   now);
}

Transition On(const Plan&, const Survivors& state, const Event& event, TimePoint now) {
  return std::visit(
      overloaded{
          [&](const Cancel&) { return p8::Abort(state.members, state.attempt, Reason::kCancelled, now); },
          [&](const OneOf<Candidates, Trained, Dropped, Uploaded, UploadsLost, Summed, SumFailed, Verified,
                          Restarted, Tick> auto&) { return Rejected(state, Reason::kWrongPhase); }},
      event);
}

}  // namespace accord::round::p5
