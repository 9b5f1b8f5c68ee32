// What the coordinator tells a node: p1 train, p4 collect, p7 commit, the end. What only masked rounds have
// is in masked.cc.
#include <algorithm>

#include "task/phases.h"

namespace accord::task {
namespace {

// Whether this node may train from the model that it is told: in a masked job the plan's first, which it
// computes for itself, the one that it has, or one that a newer committed round has proven. Never an older
// one again: what was signed on it may be forgotten.
bool MayTrainFrom(const State& state, const TrainTold& event) {
  const Assignment& round = event.round;
  if (round.mode == SecureMode::kOff || round.round == RoundId{1}) return true;
  return round.model_hash == state.model || (event.proven > state.proven && event.proven < round.round);
}

Transition BeginRound(const State& state, const TrainTold& event) {
  const Assignment& round = event.round;
  const auto* trained = std::get_if<Trained>(&state.activity);
  if (trained != nullptr && trained->over == kForked) {  // two truths were told: people must look at it
    return Rejected(state, Reason::kConflict, {SayDeclined{round.round, kForked}});
  }
  if (!MayTrainFrom(state, event)) {
    return Rejected(state, Reason::kConflict, {SayDeclined{round.round, "secagg.wrong_model"}});
  }
  State next = state;
  const bool later = event.proven > state.proven && event.proven < round.round;
  if (round.mode != SecureMode::kOff && later) {
    next.proven = event.proven;
    TakeModel(next, round.model_hash);
  }
  next.erased = false;
  if (round.round > state.round) {
    next.round = round.round;
    next.attempted = false;
    next.frozen.reset();
    next.attempt = {};
  }
  Training training{.round = round, .asked = {}};
  // An attempt that was answered before what it was of was lost has its bytes; this training makes others.
  const bool used = next.attempted && event.collect && event.collect->attempt <= next.attempt;
  if (event.collect && !used)
    training.asked = Update{.attempt = event.collect->attempt, .cohort = event.collect->cohort};
  next.activity = std::move(training);
  std::vector<Effect> effects;
  if (std::holds_alternative<Training>(state.activity)) effects.emplace_back(StopTraining{});
  effects.emplace_back(StartTraining{round});
  return Accept(std::move(next), std::move(effects));
}

// Told again to collect an attempt that this node knows.
Transition CollectAgain(const State& state, const CollectTold& event) {
  const Update* update = UpdateOf(state.activity);
  if (update == nullptr) return GivenUp(state, event.round, event.attempt);
  if (update->cohort != event.cohort) return Rejected(state, Reason::kConflict);
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

// Told to collect while training: the word that this node was done got out before a crash, the record of it
// did not. What is asked for comes when it is done again.
Transition CollectLater(const State& state, const Training& training, const CollectTold& event) {
  if (training.asked && training.asked->attempt >= event.attempt) {
    if (training.asked->attempt > event.attempt) return Discarded(state, Reason::kStale);
    return training.asked->cohort == event.cohort ? Discarded(state, Reason::kDuplicate)
                                                  : Rejected(state, Reason::kConflict);
  }
  State next = state;
  next.activity = Training{training.round, Update{.attempt = event.attempt, .cohort = event.cohort}};
  return Accept(std::move(next));
}

// Whether the offer is about this node's frozen update, of a set that can be a survivor set.
bool Fits(const Offer& offer, const Update& update) {
  return offer.words == update.words && !offer.survivors.empty() &&
         std::ranges::includes(offer.cohort, offer.survivors);
}

}  // namespace

std::optional<Transition> Barred(const State& state) {
  if (state.ended) return Discarded(state, Reason::kOver);
  if (state.stopped) return Rejected(state, Reason::kStopped, {SayDeclined{{0}, "task.stopped"}});
  return std::nullopt;
}

// Given up by this node, which said so; its number is used up.
Transition GivenUp(const State& state, RoundId round, AttemptId attempt) {
  const auto* trained = std::get_if<Trained>(&state.activity);
  const bool said = trained != nullptr && !trained->over.empty();
  return Rejected(state, Reason::kConflict,
                  {SayRefused{round, attempt, said ? trained->over : "task.no_delta"}});
}

Transition BeginAttempt(const State& state, Update update) {
  State next = state;
  next.attempt = update.attempt;
  next.attempted = true;
  const Assignment round = *RoundOf(state.activity);
  const Delta delta = *DeltaOf(state.activity);
  next.activity = Encoding{round, delta, update};
  return Accept(std::move(next), {Encode{round, delta, std::move(update)}});
}

Transition OnTold(const State& state, const TrainTold& event) {
  if (auto barred = Barred(state)) return *std::move(barred);
  if (event.collect && event.round.mode != SecureMode::kOff) {  // nothing leaves a masked round unmasked
    return Rejected(state, Reason::kConflict, {SayDeclined{event.round.round, "secagg.out_of_phase"}});
  }
  const Assignment* current = RoundOf(state.activity);
  if (event.round.round < state.round) return Discarded(state, Reason::kStale);
  if (current == nullptr || event.round.round > current->round) return BeginRound(state, event);
  if (!(*current == event.round)) return Rejected(state, Reason::kConflict);
  if (event.collect) {
    return OnTold(state, CollectTold{event.round.round, event.collect->attempt, event.collect->cohort});
  }
  if (std::holds_alternative<Training>(state.activity)) return Discarded(state, Reason::kDuplicate);
  return Discarded(state, Reason::kDuplicate,
                   {SayTrained{event.round.round}});  // the delta is held: nobody trains twice
}

Transition OnTold(const State& state, const CollectTold& event) {
  if (auto barred = Barred(state)) return *std::move(barred);
  const Assignment* current = RoundOf(state.activity);
  if (event.round < state.round) return Discarded(state, Reason::kStale);
  if (current == nullptr || current->round != event.round) {
    return Rejected(state, Reason::kWrongPhase, {SayDeclined{event.round, "task.no_delta"}});
  }
  if (current->mode != SecureMode::kOff) return CollectMasked(state, event);
  if (state.attempted && event.attempt < state.attempt) return Discarded(state, Reason::kStale);
  if (state.attempted && event.attempt == state.attempt) return CollectAgain(state, event);
  if (const auto* training = std::get_if<Training>(&state.activity)) {
    return CollectLater(state, *training, event);
  }
  return BeginAttempt(state, {.attempt = event.attempt, .cohort = event.cohort});
}

Transition OnTold(const State& state, const CommitTold& event) {
  if (auto barred = Barred(state)) return *std::move(barred);
  const Assignment* current = RoundOf(state.activity);
  const Update* update = UpdateOf(state.activity);
  if (event.round < state.round) return Discarded(state, Reason::kStale);
  if (current != nullptr && current->mode != SecureMode::kOff) return CommitMasked(state, event);
  const bool now = event.round == state.round && state.attempted;
  if (now && event.offer.attempt < state.attempt) return Discarded(state, Reason::kStale);
  const bool mine = current != nullptr && current->round == event.round && update != nullptr &&
                    update->attempt == event.offer.attempt && update->cohort == event.offer.cohort;
  if (!mine) {
    const SayRefused answer{event.round, event.offer.attempt, "task.no_delta"};
    return Rejected(state, Reason::kWrongPhase, {answer});
  }
  if (std::holds_alternative<Encoding>(state.activity)) return Rejected(state, Reason::kWrongPhase);
  if (!Fits(event.offer, *update)) {
    const SayRefused answer{event.round, event.offer.attempt, "secagg.wrong_count"};
    return Rejected(state, Reason::kConflict, {answer});
  }
  if (const auto* checked = std::get_if<Checked>(&state.activity)) {
    if (!(checked->offer == event.offer)) return Rejected(state, Reason::kConflict);
    return Discarded(state, Reason::kDuplicate,
                     {SayVerified{event.round, event.offer.attempt, checked->offer.model_hash, {}}});
  }
  if (const auto* checking = std::get_if<Checking>(&state.activity)) {
    return checking->offer == event.offer ? Discarded(state, Reason::kDuplicate)
                                          : Rejected(state, Reason::kConflict);
  }
  State next = state;
  next.activity = Checking{*current, *DeltaOf(state.activity), *update, event.offer};
  return Accept(std::move(next), {Check{*current, *update, event.offer}});
}

Transition OnTold(const State& state, const EndTold&) {
  if (state.ended) return Discarded(state, Reason::kDuplicate);
  State next = state;
  next.ended = true;
  next.activity = Idle{};
  return Accept(std::move(next), {StopTraining{}, EraseFiles{}});
}

}  // namespace accord::task
