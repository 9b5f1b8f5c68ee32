// What the node's own work comes back with. Results of work that is no longer wanted are discarded.
#include "task/phases.h"

namespace accord::task {
namespace {

Activity BeforeCheck(const Checking& checking) {
  if (checking.round.mode == SecureMode::kOff) return Sent{checking.round, checking.delta, checking.update};
  return Unmasked{checking.round, checking.delta, checking.update};
}

}  // namespace

Transition OnDone(const State& state, const TrainDone& event) {
  const auto* training = std::get_if<Training>(&state.activity);
  if (training == nullptr || training->round.round != event.round) return Discarded(state, Reason::kStale);
  State next = state;
  // Trained once more, after an update had left that others may have opened in a sum: another one, in another
  // sum of the same set, would show how the two differ (secagg.md 2.9).
  if (state.frozen && *state.frozen != event.delta) {
    next.activity = Idle{};
    return Accept(std::move(next), {SayDeclined{event.round, "task.frozen"}});
  }
  next.activity = Trained{training->round, event.delta, {}};
  if (training->round.mode != SecureMode::kOff) TakeModel(next, training->round.model_hash);
  if (training->asked) return BeginAttempt(next, *training->asked);  // the update says that it is done
  return Accept(std::move(next), {SayTrained{event.round}});
}

Transition OnDone(const State& state, const TrainFailed& event) {
  const auto* training = std::get_if<Training>(&state.activity);
  if (training == nullptr || training->round.round != event.round) return Discarded(state, Reason::kStale);
  State next = state;
  next.activity = Idle{};
  return Accept(std::move(next), {SayDeclined{event.round, event.error}});
}

Transition OnDone(const State& state, const EncodeDone& event) {
  const auto* encoding = std::get_if<Encoding>(&state.activity);
  const auto* sending = std::get_if<Sending>(&state.activity);
  const Update* update = UpdateOf(state.activity);
  const bool mine = (encoding != nullptr || sending != nullptr) && update->attempt == event.attempt &&
                    RoundOf(state.activity)->round == event.round;
  if (!mine) return Discarded(state, Reason::kStale);
  if (sending != nullptr) {  // encoded again after a restart: only the frozen bytes may leave
    if (update->root != event.root || update->words != event.words) {
      return Rejected(state, Reason::kConflict, {SayDeclined{event.round, "task.frozen"}});
    }
    return Discarded(state, Reason::kDuplicate, {Send{sending->round, sending->update}});
  }
  State next = state;
  Update frozen = *update;
  frozen.words = event.words;
  frozen.root = event.root;
  if (encoding->round.mode != SecureMode::kOff) next.frozen = encoding->delta;
  next.activity = Sending{encoding->round, encoding->delta, frozen};
  return Accept(std::move(next), {Send{encoding->round, std::move(frozen)}});
}

Transition OnDone(const State& state, const SendDone& event) {
  const auto* sending = std::get_if<Sending>(&state.activity);
  const bool mine =
      sending != nullptr && sending->round.round == event.round && sending->update.attempt == event.attempt;
  if (!mine) return Discarded(state, Reason::kStale);
  State next = state;
  if (sending->again) {
    next.activity = Sending{sending->round, sending->delta, sending->update};
    return Accept(std::move(next), {Send{sending->round, sending->update}});
  }
  next.activity = Sent{sending->round, sending->delta, sending->update};
  return Accept(std::move(next));
}

Transition OnDone(const State& state, const CheckDone& event) {
  const auto* checking = std::get_if<Checking>(&state.activity);
  const bool mine =
      checking != nullptr && checking->round.round == event.round && checking->offer.attempt == event.attempt;
  if (!mine) return Discarded(state, Reason::kStale);
  const SayVerified answer{event.round, event.attempt, event.model_hash, event.proof};
  State next = state;
  if (event.model_hash != checking->offer.model_hash) {  // the coordinator hears which model came out here
    next.activity = BeforeCheck(*checking);
    return Accept(std::move(next), {answer});
  }
  next.activity = Checked{checking->round, checking->delta, checking->update, checking->offer, event.proof};
  return Accept(std::move(next), {answer});
}

Transition OnDone(const State& state, const Failed& event) {
  const Assignment* round = RoundOf(state.activity);
  const Update* update = UpdateOf(state.activity);
  const bool mine = round != nullptr && update != nullptr && round->round == event.round &&
                    update->attempt == event.attempt;
  const bool encodes =
      std::holds_alternative<Encoding>(state.activity) || std::holds_alternative<Sending>(state.activity);
  const auto* checking = std::get_if<Checking>(&state.activity);
  if (!mine || (!encodes && checking == nullptr)) return Discarded(state, Reason::kStale);
  State next = state;         // the model and the delta stay
  if (checking != nullptr) {  // told again, it is checked again: the sum may only have been out of reach
    next.activity = BeforeCheck(*checking);
  } else {
    const bool masked = round->mode != SecureMode::kOff;
    next.activity = LeaveAttempt(state.activity, masked ? event.error : std::string());
  }
  return Accept(std::move(next), {SayRefused{event.round, event.attempt, event.error}});
}

// It is trained again; the attempt that asked for it goes on without this node.
Transition OnDone(const State& state, const DeltaLost& event) {
  const Assignment* round = RoundOf(state.activity);
  const Update* update = UpdateOf(state.activity);
  const bool encodes =
      std::holds_alternative<Encoding>(state.activity) || std::holds_alternative<Sending>(state.activity);
  const bool mine =
      round != nullptr && round->round == event.round &&
      (std::holds_alternative<Trained>(state.activity) || (encodes && update->attempt == event.attempt));
  if (!mine) return Discarded(state, Reason::kStale);
  State next = state;
  next.activity = Training{.round = *round, .asked = {}};
  std::vector<Effect> effects;
  if (encodes) effects.emplace_back(SayRefused{event.round, event.attempt, "task.no_delta"});
  effects.emplace_back(StartTraining{*round});
  return Accept(std::move(next), std::move(effects));
}

}  // namespace accord::task
