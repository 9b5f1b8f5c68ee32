// The task machine seen from inside src/task: told.cc answers the coordinator, masked.cc where only masked
// rounds have something to say, done.cc the node's own work, lab.cc the lab. Nobody outside includes this.
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

// What every activity that has trained has; nullptr where there is none.
[[nodiscard]] const Delta* DeltaOf(const Activity& activity);

// Other nodes signed another sum than this one verified.
inline constexpr const char* kForked = "secagg.forked_result";

// The fate of anything the coordinator tells while the job is over or stopped; nullopt while it runs.
[[nodiscard]] std::optional<Transition> Barred(const State& state);
// The fate of a message of an attempt that this node gave up, or never had.
[[nodiscard]] Transition GivenUp(const State& state, RoundId round, AttemptId attempt);
// The fate of a message of a masked attempt that is none of this node's; nullopt when it is.
[[nodiscard]] std::optional<Transition> Foreign(const State& state, RoundId round, AttemptId attempt);
// Whether a set was signed on the assignment's model, and is another one than `set`.
[[nodiscard]] bool Spent(const State& state, const Assignment& round, const round::NodeSet& set);
// The activity without its attempt, which ended for the reason `over`; the delta stays.
[[nodiscard]] Trained LeaveAttempt(const Activity& activity, std::string over);
// This node may use the model; sets that were signed on others are history.
void TakeModel(State& state, const Digest& model);

// p4 begins: encode for `update`, an attempt above every one this node answered in the round, or the masked
// one that it is in.
[[nodiscard]] Transition BeginAttempt(const State& state, Update update);

// p4 and p7 of a masked round.
[[nodiscard]] Transition CollectMasked(const State& state, const CollectTold& event);
[[nodiscard]] Transition CommitMasked(const State& state, const CommitTold& event);

[[nodiscard]] Transition OnTold(const State& state, const TrainTold& event);
[[nodiscard]] Transition OnTold(const State& state, const CollectTold& event);
[[nodiscard]] Transition OnTold(const State& state, const CommitTold& event);
[[nodiscard]] Transition OnTold(const State& state, const EndTold& event);
[[nodiscard]] Transition OnTold(const State& state, const OfferTold& event);
[[nodiscard]] Transition OnTold(const State& state, const RosterTold& event);
[[nodiscard]] Transition OnTold(const State& state, const GraphTold& event);
[[nodiscard]] Transition OnTold(const State& state, const SurvivorsTold& event);
[[nodiscard]] Transition OnTold(const State& state, const CertificateTold& event);
[[nodiscard]] Transition OnDone(const State& state, const TrainDone& event);
[[nodiscard]] Transition OnDone(const State& state, const TrainFailed& event);
[[nodiscard]] Transition OnDone(const State& state, const EncodeDone& event);
[[nodiscard]] Transition OnDone(const State& state, const SendDone& event);
[[nodiscard]] Transition OnDone(const State& state, const CheckDone& event);
[[nodiscard]] Transition OnDone(const State& state, const Failed& event);
[[nodiscard]] Transition OnDone(const State& state, const Aborted& event);
[[nodiscard]] Transition OnDone(const State& state, const DeltaLost& event);
[[nodiscard]] Transition OnDone(const State& state, const MemoryLost& event);
[[nodiscard]] Transition OnLab(const State& state, const Stop& event);
[[nodiscard]] Transition OnLab(const State& state, const Allow& event);
[[nodiscard]] Transition OnLab(const State& state, const Erase& event);
[[nodiscard]] Transition OnLab(const State& state, const Free& event);

}  // namespace accord::task
