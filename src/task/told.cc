// What the coordinator tells a node: p1 train, p4 collect, p7 commit, the end.
#include "task/phases.h"

namespace accord::task {
namespace {

// The fate of anything the coordinator tells while the job is over or stopped; nullopt while it runs.
std::optional<Transition> Barred(const State& state, RoundId) {
  if (state.ended) return Discarded(state, Reason::kOver);
  if (state.stopped) return Rejected(state, Reason::kStopped, {SayDeclined{{0}, "task.stopped"}});
  return std::nullopt;
}

Transition BeginRound(const State& state, const Assignment& round) {
  State next = state;
  if (round.round > state.round) {
    next.round = round.round;
    next.attempted = false;
    next.attempt = {};
  }
  next.activity = Training{round};
  std::vector<Effect> effects;
  if (std::holds_alternative<Training>(state.activity)) effects.emplace_back(StopTraining{});
  effects.emplace_back(StartTraining{round});
  return Accept(std::move(next), std::move(effects));
}

Transition BeginAttempt(const State& state, const CollectTold& event) {
  State next = state;
  next.round = event.round;
  next.attempt = event.attempt;
  next.attempted = true;
  Update update{event.attempt, event.cohort, 0, {}};
  const Assignment round = *RoundOf(state.activity);
  const Delta delta = *DeltaOf(state.activity);
  next.activity = Encoding{round, delta, update};
  return Accept(std::move(next), {Encode{round, delta, std::move(update)}});
}

// Told again to collect an attempt that this node knows.
Transition CollectAgain(const State& state, const CollectTold& event) {
  const Update* update = UpdateOf(state.activity);
  if (update == nullptr || update->attempt != event.attempt || update->cohort != event.cohort) {
    return Rejected(state, Reason::kConflict);
  }
  State next = state;
  if (const auto* sent =
          std::get_if<Sent>(&state.activity)) {  // lost with the coordinator's memory: the same bytes again
    next.activity = Sending{sent->round, sent->delta, sent->update};
    return Accept(std::move(next), {Send{sent->round, sent->update}});
  }
  auto* sending = std::get_if<Sending>(&next.activity);
  if (sending == nullptr || sending->again) return Discarded(state, Reason::kDuplicate);
  sending->again = true;
  return Accept(std::move(next));
}

}  // namespace

Transition OnTold(const State& state, const TrainTold& event) {
  if (auto barred = Barred(state, event.round.round)) return *std::move(barred);
  const Assignment* current = RoundOf(state.activity);
  if (event.round.round < state.round) return Discarded(state, Reason::kStale);
  if (current == nullptr || event.round.round > current->round) return BeginRound(state, event.round);
  if (!(*current == event.round)) return Rejected(state, Reason::kConflict);
  if (std::holds_alternative<Training>(state.activity)) return Discarded(state, Reason::kDuplicate);
  return Discarded(state, Reason::kDuplicate,
                   {SayTrained{event.round.round}});  // the delta is held: nobody trains twice
}

Transition OnTold(const State& state, const CollectTold& event) {
  if (auto barred = Barred(state, event.round)) return *std::move(barred);
  const Assignment* current = RoundOf(state.activity);
  if (event.round < state.round) return Discarded(state, Reason::kStale);
  if (current == nullptr || current->round != event.round || DeltaOf(state.activity) == nullptr) {
    return Rejected(state, Reason::kWrongPhase, {SayDeclined{event.round, "task.no_delta"}});
  }
  if (!state.attempted || event.attempt > state.attempt) return BeginAttempt(state, event);
  if (event.attempt < state.attempt) return Discarded(state, Reason::kStale);
  return CollectAgain(state, event);
}

Transition OnTold(const State& state, const CommitTold& event) {
  if (auto barred = Barred(state, event.round)) return *std::move(barred);
  const Assignment* current = RoundOf(state.activity);
  const Update* update = UpdateOf(state.activity);
  if (event.round < state.round) return Discarded(state, Reason::kStale);
  const bool mine = current != nullptr && current->round == event.round && update != nullptr &&
                    update->attempt == event.offer.attempt && update->cohort == event.offer.cohort;
  if (!mine) return Rejected(state, Reason::kWrongPhase);
  if (const auto* checked = std::get_if<Checked>(&state.activity)) {
    if (!(checked->offer == event.offer)) return Rejected(state, Reason::kConflict);
    return Discarded(state, Reason::kDuplicate,
                     {SayVerified{event.round, event.offer.attempt, checked->offer.model_hash}});
  }
  if (std::holds_alternative<Checking>(state.activity)) return Discarded(state, Reason::kDuplicate);
  State next = state;
  next.activity = Checking{*current, *DeltaOf(state.activity), *update, event.offer};
  return Accept(std::move(next), {Check{*current, event.offer}});
}

Transition OnTold(const State& state, const EndTold&) {
  if (state.ended) return Discarded(state, Reason::kDuplicate);
  State next = state;
  next.ended = true;
  next.activity = Idle{};
  return Accept(std::move(next), {StopTraining{}, EraseFiles{}});
}

}  // namespace accord::task
