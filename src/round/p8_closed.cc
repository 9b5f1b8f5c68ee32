// p8 closed: committed, or given up for a stated reason. Nothing changes a closed round.
#include "round/phases.h"

namespace accord::round::p8 {

Transition Abort(const Plan& plan, Members members, Attempt attempt, Reason reason, TimePoint now) {
  Discard discard{attempt.id};
  NodeSet bound = attempt.signing.empty() ? plan.bound : attempt.signing;
  return Accept(Closed{.since = now,
                       .reason = reason,
                       .members = std::move(members),
                       .attempt = std::move(attempt),
                       .bound = std::move(bound)},
                {discard});
}

Transition Committed(Commit from, TimePoint now) {
  Discard discard{from.attempt.id};
  return Accept(Closed{.since = now,
                       .committed = true,
                       .members = std::move(from.members),
                       .attempt = std::move(from.attempt),
                       .survivors = Keys(from.uploads),
                       .outcome = std::move(from.outcome),
                       .proofs = std::move(from.proofs)},
                {discard});
}

Transition On(const Closed& state, const Event&) { return Discarded(state, Reason::kOver); }

}  // namespace accord::round::p8
