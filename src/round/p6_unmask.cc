// p6 unmask: shares in, sum out, exact. With mode off nothing is masked and the sum is taken at once.
// Next: p7 commit. Back to p4 collect when a restart lost uploads that the sum needs. Otherwise the next
// attempt (p2), or p8 closed.
#include <algorithm>

#include "round/phases.h"

namespace accord::round::p6 {

Transition Enter(const Plan&, Survivors from, TimePoint now) {
  TakeSum sum{from.attempt.id, from.attempt.cohort, Keys(from.uploads)};
  return Accept(Unmask{now, std::move(from.members), std::move(from.attempt), std::move(from.uploads)},
                {std::move(sum)});
}

Transition On(const Plan& plan, const Unmask& state, const Event& event, TimePoint now) {
  return std::visit(
      overloaded{
          [&](const Summed& e) {
            if (e.attempt != state.attempt.id) return Discarded(state, Reason::kWrongAttempt);
            return p7::Enter(plan, state, e.outcome, now);
          },
          [&](const SumFailed& e) {
            if (e.attempt != state.attempt.id) return Discarded(state, Reason::kWrongAttempt);
            return p2::Retry(plan, state.members, state.attempt, Reason::kSumInvalid, now);
          },
          [&](const UploadsLost& e) {
            const bool needed =
                std::ranges::any_of(e.nodes, [&](NodeId node) { return state.uploads.contains(node); });
            if (!needed) return Discarded(state, Reason::kDuplicate);
            return p4::Reenter(plan, state, e.nodes, now);
          },
          [&](const Uploaded& e) {
            if (auto fate = CheckAttempt(state, e.node, e.attempt)) return *std::move(fate);
            const auto known = state.uploads.find(e.node);
            if (known == state.uploads.end()) return Discarded(state, Reason::kLate);
            return known->second == e.root ? Discarded(state, Reason::kDuplicate)
                                           : Rejected(state, Reason::kConflict);
          },
          [&](const Trained& e) { return LateTrained(state, e); },
          [&](const Cancel&) { return p8::Abort(state.members, state.attempt, Reason::kCancelled, now); },
          [&](const Restarted&) { return Discarded(state, Reason::kNone); },  // it has no deadline
          [&](const OneOf<Candidates, Dropped, Tick> auto&) { return Discarded(state, Reason::kLate); },
          [&](const Verified&) { return Rejected(state, Reason::kWrongPhase); }},
      event);
}

}  // namespace accord::round::p6
