// p8 closed: committed, or given up for a stated reason. Nothing changes a closed round.
#include "round/phases.h"

namespace accord::round::p8 {

Transition Abort(Members members, Attempt attempt, Reason reason, TimePoint now) {
  Discard discard{attempt.id};
  return Accept(Closed{now, false, reason, std::move(members), std::move(attempt), {}, {}}, {discard});
}

Transition Committed(Commit from, TimePoint now) {
  Discard discard{from.attempt.id};
  return Accept(Closed{now, true, Reason::kNone, std::move(from.members), std::move(from.attempt),
                       std::move(from.survivors), std::move(from.outcome)},
                {discard});
}

Transition On(const Closed& state, const Event&) { return Discarded(state, Reason::kOver); }

}  // namespace accord::round::p8
