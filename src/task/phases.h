// The task machine seen from inside src/task: told.cc answers the coordinator, done.cc the node's own work,
// lab.cc the lab. Nobody outside includes this.
#pragma once

#include "task/task.h"

namespace accord::task {

inline Transition Accept(State next, std::vector<Effect> effects = {}) {
  return {std::move(next), std::move(effects), {}};
}
inline Transition Discarded(const State& state, Reason reason, std::vector<Effect> answer = {}) {
  return {state, std::move(answer), {Verdict::kDiscarded, reason}};
}
inline Transition Rejected(const State& state, Reason reason, std::vector<Effect> answer = {}) {
  return {state, std::move(answer), {Verdict::kRejected, reason}};
}

// What every activity of a round has; nullptr where there is none.
[[nodiscard]] const Assignment* RoundOf(const Activity& activity);
[[nodiscard]] const Delta* DeltaOf(const Activity& activity);
[[nodiscard]] const Update* UpdateOf(const Activity& activity);

// p4 begins: encode for `update`, an attempt above every one this node answered in the round.
[[nodiscard]] Transition BeginAttempt(const State& state, Update update);

[[nodiscard]] Transition OnTold(const State& state, const TrainTold& event);
[[nodiscard]] Transition OnTold(const State& state, const CollectTold& event);
[[nodiscard]] Transition OnTold(const State& state, const CommitTold& event);
[[nodiscard]] Transition OnTold(const State& state, const EndTold& event);
[[nodiscard]] Transition OnDone(const State& state, const TrainDone& event);
[[nodiscard]] Transition OnDone(const State& state, const TrainFailed& event);
[[nodiscard]] Transition OnDone(const State& state, const EncodeDone& event);
[[nodiscard]] Transition OnDone(const State& state, const SendDone& event);
[[nodiscard]] Transition OnDone(const State& state, const CheckDone& event);
[[nodiscard]] Transition OnDone(const State& state, const Failed& event);
[[nodiscard]] Transition OnLab(const State& state, const Stop& event);
[[nodiscard]] Transition OnLab(const State& state, const Allow& event);
[[nodiscard]] Transition OnLab(const State& state, const Erase& event);

}  // namespace accord::task
