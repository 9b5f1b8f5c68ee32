// p2 advertise: the nodes that finished training form the masking cohort of an attempt and publish fresh
// keys. Next: p3 share. Otherwise p8 closed. With mode off there are no keys, and the phase passes straight
// through.
#include "round/phases.h"

namespace accord::round::p2 {

Transition Enter(const Plan& plan, Members members, AttemptId attempt, TimePoint now) {
  Advertise state{now, std::move(members), {attempt, {}}};
  state.attempt.cohort = Living(state.members, state.members.trained);
  if (plan.mode != SecureMode::kOff) {  // refuse rather than go on without masks
    return p8::Abort(std::move(state.members), std::move(state.attempt), Reason::kModeUnsupported, now);
  }
  return p3::Enter(plan, std::move(state), now);
}

Transition Retry(const Plan& plan, Members members, const Attempt& failed, Reason reason, TimePoint now) {
  const std::uint32_t used = failed.id.value - plan.first_attempt.value + 1;
  const bool enough = Living(members, members.trained).size() >= plan.min_survivors;
  if (used >= plan.attempts || !enough) return p8::Abort(std::move(members), failed, reason, now);
  Transition next = Enter(plan, std::move(members), failed.id.Next(), now);
  next.effects.insert(next.effects.begin(), Discard{failed.id});
  return next;
}

Transition On(const Plan&, const Advertise& state, const Event& event, TimePoint now) {
  return std::visit(
      overloaded{
          [&](const Cancel&) { return p8::Abort(state.members, state.attempt, Reason::kCancelled, now); },
          [&](const OneOf<Candidates, Trained, Dropped, Uploaded, UploadsLost, Summed, SumFailed, Verified,
                          Restarted, Tick> auto&) { return Rejected(state, Reason::kWrongPhase); }},
      event);
}

}  // namespace accord::round::p2
