// What the lab decides at its own node, asking nobody.
#include "task/phases.h"

namespace accord::task {

Transition OnLab(const State& state, const Stop&) {
  if (state.stopped) return Discarded(state, Reason::kDuplicate);
  State next = state;
  next.stopped = true;
  next.activity = Idle{};
  std::vector<Effect> effects{StopTraining{}};
  if (!state.ended) effects.emplace_back(SayDeclined{{0}, "task.stopped"});
  return Accept(std::move(next), std::move(effects));
}

Transition OnLab(const State& state, const Allow&) {
  if (!state.stopped) return Discarded(state, Reason::kDuplicate);
  State next = state;
  next.stopped = false;
  return Accept(std::move(next), {SayPrepared{}});
}

Transition OnLab(const State& state, const Erase&) {
  State next = state;
  next.erased = true;
  next.activity = Idle{};
  std::vector<Effect> effects{StopTraining{}, EraseFiles{}};
  const bool in_round = RoundOf(state.activity) != nullptr;
  if (in_round) effects.emplace_back(SayDeclined{state.round, "task.erased"});
  return Accept(std::move(next), std::move(effects));
}

Transition OnLab(const State& state, const Free&) {
  if (state.signed_sets.empty()) return Discarded(state, Reason::kDuplicate);
  State next = state;
  next.signed_sets.clear();
  return Accept(std::move(next));
}

}  // namespace accord::task
