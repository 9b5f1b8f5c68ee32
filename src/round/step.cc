// The dispatch: which phase answers.
#include "round/phases.h"

namespace accord::round {

Transition Step(const Plan& plan, const State& state, const Event& event, TimePoint now) {
  return std::visit(overloaded{[&](const Gather& s) { return p0::On(plan, s, event, now); },
                               [&](const Train& s) { return p1::On(plan, s, event, now); },
                               [&](const Advertise& s) { return p2::On(plan, s, event, now); },
                               [&](const Share& s) { return p3::On(plan, s, event, now); },
                               [&](const Collect& s) { return p4::On(plan, s, event, now); },
                               [&](const Survivors& s) { return p5::On(plan, s, event, now); },
                               [&](const Unmask& s) { return p6::On(plan, s, event, now); },
                               [&](const Commit& s) { return p7::On(plan, s, event, now); },
                               [&](const Closed& s) { return p8::On(s, event); }},
                    state);
}

}  // namespace accord::round
