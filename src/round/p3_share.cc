// p3 share: the masking cohort exchanges encrypted shares of its mask seeds.
// Next: p4 collect. With mode off there are no seeds, and the phase passes straight through.
#include "round/phases.h"

namespace accord::round::p3 {

Transition Enter(const Plan& plan, Advertise from, TimePoint now) {
  return p4::Enter(plan, {now, std::move(from.members), std::move(from.attempt)}, now);
}

Transition On(const Plan&, const Share& state, const Event& event, TimePoint now) {
  return std::visit(
      overloaded{
          [&](const Cancel&) { return p8::Abort(state.members, state.attempt, Reason::kCancelled, now); },
          [&](const OneOf<Candidates, Trained, Dropped, Uploaded, UploadsLost, Summed, SumFailed, Verified,
                          Restarted, Tick> auto&) { return Rejected(state, Reason::kWrongPhase); }},
      event);
}

}  // namespace accord::round::p3
