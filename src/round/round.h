// The round machine of the coordinator: one round of a job, from gathering nodes (p0) to a committed model
// (p8).
//
// Pure: Step takes the state, one event and the time, and gives the next state, what is to be done, and why.
// It never logs, locks, sleeps, throws or touches tensors; the state holds ids, counts and digests. One file
// a phase (p0_gather.cc to p8_closed.cc), in the order in which they happen; step.cc dispatches. The driver
// journals every accepted event before its effects run, so that replaying the journal gives the same state
// (src/driver).
//
// Accepted events change the state; rejected and discarded ones leave it exactly as it was: discarded means
// "right, but not (any more) needed: late or repeated", rejected means "must not be". Who sends a discarded
// event again gets the same answer again.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "round/event.h"
#include "round/state.h"

namespace accord::round {

// ---------------------------------------------------------------- the machine

enum class Verdict : std::uint8_t { kAccepted, kRejected, kDiscarded };
struct Why {
  Verdict verdict = Verdict::kAccepted;
  Reason reason = Reason::kNone;
  friend bool operator==(const Why&, const Why&) = default;
};
struct Transition {
  State next;
  std::vector<Effect> effects;
  Why why;
};

// The state in which a round opens, at `now`.
[[nodiscard]] State Open(const Plan& plan, TimePoint now);
// One step. Total: every event has a fate in every phase.
[[nodiscard]] Transition Step(const Plan& plan, const State& state, const Event& event, TimePoint now);

// ---------------------------------------------------------------- what others ask of a state

[[nodiscard]] Phase PhaseOf(const State& state);
// When a Tick has something to do; none when the state waits for an effect of its own or is closed.
[[nodiscard]] std::optional<TimePoint> DeadlineOf(const State& state);
// The effects that a restart issues again: told duties and a sum that was not taken.
[[nodiscard]] std::vector<Effect> Outstanding(const Plan& plan, const State& state);

// The open attempt and the nodes of the round; nullptr in p0, and where no attempt has begun.
[[nodiscard]] const Attempt* AttemptOf(const State& state);
[[nodiscard]] const Members* MembersOf(const State& state);
// U3 of a masked round from p5 on, else nullptr.
[[nodiscard]] const Uploads* SurvivorsOf(const State& state);

// What a node of the round should be doing now; none when nothing is expected of it.
struct TrainDuty {
  TimePoint deadline;
};
struct AdvertiseDuty {
  Attempt attempt;
  TimePoint deadline;
};
struct NonceDuty {  // neighbour graph only, before the shares
  Attempt attempt;
  NodeSet roster;
  TimePoint deadline;
};
struct ShareDuty {
  Attempt attempt;
  NodeSet roster;
  TimePoint deadline;
};
struct CollectDuty {
  Attempt attempt;
  TimePoint deadline;
};
struct SurvivorsDuty {  // sign the set; in semi-honest mode open it at once
  Attempt attempt;
  Uploads uploads;
};
struct UnmaskDuty {
  Attempt attempt;
  Uploads uploads;
  Words signatures;
};
struct CommitDuty {
  Attempt attempt;
  NodeSet survivors;
  Outcome outcome;
};
using Duty = std::variant<TrainDuty, CollectDuty, CommitDuty, AdvertiseDuty, NonceDuty, ShareDuty,
                          SurvivorsDuty, UnmaskDuty>;
[[nodiscard]] std::optional<Duty> DutyOf(const State& state, NodeId node);

// Who is awaited, and what happens at the deadline; `sentence` has no names, so that the shell can add them.
struct Explanation {
  NodeSet awaited;
  std::string sentence;
};
[[nodiscard]] Explanation Explain(const Plan& plan, const State& state);

[[nodiscard]] std::string_view Name(Phase phase);    // "p4 collect"
[[nodiscard]] std::string_view Name(Reason reason);  // "round.too_few_uploads"

}  // namespace accord::round
