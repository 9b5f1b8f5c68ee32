// Masked rounds: what stands between p1 and p4, and between p4 and p7 (secagg.md 2.2). Every message was
// found good by secagg::Member before it came here.
#include "task/phases.h"

namespace accord::task {
namespace {

constexpr const char* kOutOfPhase = "secagg.out_of_phase";

template <class T>
bool Is(const State& state) {
  return std::holds_alternative<T>(state.activity);
}

Transition OutOfPhase(const State& state, RoundId round, AttemptId attempt) {
  return Rejected(state, Reason::kWrongPhase, {SayRefused{round, attempt, kOutOfPhase}});
}
Transition SecondSet(const State& state, RoundId round, AttemptId attempt) {
  return Rejected(state, Reason::kConflict, {SayRefused{round, attempt, "secagg.second_u3"}});
}
Transition Again(const State& state, Answer answer) {
  return Discarded(state, Reason::kDuplicate, {SayAnswer{state.round, state.attempt, answer}});
}

}  // namespace

std::optional<Transition> Foreign(const State& state, RoundId round, AttemptId attempt) {
  if (auto barred = Barred(state)) return barred;
  const Assignment* current = RoundOf(state.activity);
  if (round < state.round) return Discarded(state, Reason::kStale);
  if (current == nullptr || current->round != round) {
    return Rejected(state, Reason::kWrongPhase, {SayDeclined{round, "task.no_delta"}});
  }
  if (current->mode == SecureMode::kOff) return OutOfPhase(state, round, attempt);
  if (!state.attempted || attempt > state.attempt) return OutOfPhase(state, round, attempt);
  if (attempt < state.attempt) return Discarded(state, Reason::kStale);
  if (UpdateOf(state.activity) == nullptr) return GivenUp(state, round, attempt);
  return std::nullopt;
}

bool Spent(const State& state, const Assignment& round, const round::NodeSet& set) {
  const auto known = state.signed_sets.find({round.model_hash, round.purpose});
  return known != state.signed_sets.end() && known->second != set;
}

Trained LeaveAttempt(const Activity& activity, std::string over) {
  return {*RoundOf(activity), *DeltaOf(activity), std::move(over)};
}

void TakeModel(State& state, const Digest& model) {
  state.model = model;
  std::erase_if(state.signed_sets,
                [&](const auto& signed_set) { return signed_set.first.model_hash != model; });
}

// ---------------------------------------------------------------- p2, p3

Transition OnTold(const State& state, const OfferTold& event) {
  const Assignment* current = RoundOf(state.activity);
  const bool fresh = current != nullptr && current->round == event.round &&
                     current->mode != SecureMode::kOff && event.round == state.round &&
                     (!state.attempted || event.attempt > state.attempt);
  if (!fresh || state.ended || state.stopped) {
    if (auto foreign = Foreign(state, event.round, event.attempt)) return *std::move(foreign);
    if (UpdateOf(state.activity)->ctx == event.ctx) return Again(state, Answer::kAdvert);
    const SayRefused answer{event.round, event.attempt, "secagg.stale_attempt"};
    return Rejected(state, Reason::kConflict, {answer});
  }
  if (Is<Training>(state)) return Rejected(state, Reason::kWrongPhase);  // the shell asks again when trained
  if (Spent(state, *current, event.cohort)) {
    const SayRefused answer{event.round, event.attempt, "secagg.spent_model"};
    return Rejected(state, Reason::kConflict, {answer});
  }
  State next = state;
  next.attempt = event.attempt;
  next.attempted = true;
  Update update;
  update.attempt = event.attempt;
  update.cohort = event.cohort;
  update.ctx = event.ctx;
  next.activity = Advertised{*current, *DeltaOf(state.activity), std::move(update)};
  return Accept(std::move(next), {SayAnswer{event.round, event.attempt, Answer::kAdvert}});
}

Transition OnTold(const State& state, const RosterTold& event) {
  if (auto foreign = Foreign(state, event.round, event.attempt)) return *std::move(foreign);
  const auto* advertised = std::get_if<Advertised>(&state.activity);
  if (Is<Drawing>(state)) return Again(state, Answer::kNonce);
  if (advertised == nullptr) return Again(state, Answer::kShares);
  State next = state;
  if (event.graph) {
    next.activity = Drawing{advertised->round, advertised->delta, advertised->update};
    return Accept(std::move(next), {SayAnswer{event.round, event.attempt, Answer::kNonce}});
  }
  next.activity = Shared{advertised->round, advertised->delta, advertised->update};
  return Accept(std::move(next), {SayAnswer{event.round, event.attempt, Answer::kShares}});
}

Transition OnTold(const State& state, const GraphTold& event) {
  if (auto foreign = Foreign(state, event.round, event.attempt)) return *std::move(foreign);
  if (Is<Advertised>(state)) return OutOfPhase(state, event.round, event.attempt);
  const auto* drawing = std::get_if<Drawing>(&state.activity);
  if (drawing == nullptr) return Again(state, Answer::kShares);
  State next = state;
  next.activity = Shared{drawing->round, drawing->delta, drawing->update};
  return Accept(std::move(next), {SayAnswer{event.round, event.attempt, Answer::kShares}});
}

// ---------------------------------------------------------------- p4

Transition CollectMasked(const State& state, const CollectTold& event) {
  if (auto foreign = Foreign(state, event.round, event.attempt)) return *std::move(foreign);
  if (Is<Advertised>(state) || Is<Drawing>(state)) return OutOfPhase(state, event.round, event.attempt);
  const Update& update = *UpdateOf(state.activity);
  if (Is<Shared>(state)) return BeginAttempt(state, update);
  if (Is<Encoding>(state) || Is<Checking>(state)) return Discarded(state, Reason::kDuplicate);
  State next = state;
  if (const auto* sent = std::get_if<Sent>(&state.activity)) {  // lost with the coordinator's memory
    next.activity = Sending{sent->round, sent->delta, sent->update};
    return Accept(std::move(next), {Send{sent->round, sent->update}});
  }
  if (auto* sending = std::get_if<Sending>(&next.activity)) {
    if (sending->again) return Discarded(state, Reason::kDuplicate);
    sending->again = true;
    return Accept(std::move(next));
  }
  return Discarded(state, Reason::kDuplicate, {Send{*RoundOf(state.activity), update}});  // signed, or later
}

// ---------------------------------------------------------------- p5, p6

Transition OnTold(const State& state, const SurvivorsTold& event) {
  if (auto foreign = Foreign(state, event.round, event.attempt)) return *std::move(foreign);
  const Assignment& round = *RoundOf(state.activity);
  Update update = *UpdateOf(state.activity);
  const Answer answer = round.mode == SecureMode::kMalicious ? Answer::kSet : Answer::kUnmask;
  if (!update.u3.empty()) {
    if (update.u3_hash != event.u3_hash) return SecondSet(state, event.round, event.attempt);
    return Again(state, answer);
  }
  // The end of the upload may be told later here than the coordinator took it.
  if (!Is<Sending>(state) && !Is<Sent>(state)) return OutOfPhase(state, event.round, event.attempt);
  if (Spent(state, round, event.u3)) {
    const SayRefused refused{event.round, event.attempt, "secagg.spent_model"};
    return Rejected(state, Reason::kConflict, {refused});
  }
  update.u3 = event.u3;
  update.u3_hash = event.u3_hash;
  State next = state;
  next.signed_sets[{round.model_hash, round.purpose}] = event.u3;
  const Delta& delta = *DeltaOf(state.activity);
  if (answer == Answer::kSet) {
    next.activity = Signed{round, delta, std::move(update)};
  } else {
    next.activity = Unmasked{round, delta, std::move(update)};
  }
  return Accept(std::move(next), {SayAnswer{event.round, event.attempt, answer}});
}

Transition OnTold(const State& state, const CertificateTold& event) {
  if (auto foreign = Foreign(state, event.round, event.attempt)) return *std::move(foreign);
  if (const auto* made = std::get_if<Signed>(&state.activity)) {
    State next = state;
    next.activity = Unmasked{made->round, made->delta, made->update};
    return Accept(std::move(next), {SayAnswer{event.round, event.attempt, Answer::kUnmask}});
  }
  if (!UpdateOf(state.activity)->u3.empty()) return Again(state, Answer::kUnmask);
  const SayRefused answer{event.round, event.attempt, "secagg.no_certificate"};
  return Rejected(state, Reason::kWrongPhase, {answer});
}

// ---------------------------------------------------------------- p7

Transition CommitMasked(const State& state, const CommitTold& event) {
  if (auto foreign = Foreign(state, event.round, event.offer.attempt)) return *std::move(foreign);
  const AttemptId attempt = event.offer.attempt;
  const Update& update = *UpdateOf(state.activity);
  const auto* checking = std::get_if<Checking>(&state.activity);
  const auto* checked = std::get_if<Checked>(&state.activity);
  if (checking == nullptr && checked == nullptr && !Is<Unmasked>(state)) {
    return OutOfPhase(state, event.round, attempt);
  }
  const bool same_set = event.offer.opened && event.offer.opened->u3_hash == update.u3_hash &&
                        event.offer.survivors == update.u3;
  if (!same_set) return SecondSet(state, event.round, attempt);
  if (event.offer.words != update.words) {
    return Rejected(state, Reason::kConflict, {SayRefused{event.round, attempt, "secagg.wrong_length"}});
  }
  if (checked != nullptr) {
    if (!(checked->offer == event.offer)) return Rejected(state, Reason::kConflict);
    return Discarded(state, Reason::kDuplicate,
                     {SayVerified{event.round, attempt, checked->offer.model_hash, checked->proof}});
  }
  if (checking != nullptr) {
    return checking->offer == event.offer ? Discarded(state, Reason::kDuplicate)
                                          : Rejected(state, Reason::kConflict);
  }
  State next = state;
  next.activity = Checking{*RoundOf(state.activity), *DeltaOf(state.activity), update, event.offer};
  return Accept(std::move(next), {Check{*RoundOf(state.activity), update, event.offer}});
}

// ---------------------------------------------------------------- the attempt's end

Transition OnDone(const State& state, const Aborted& event) {
  const Assignment* round = RoundOf(state.activity);
  const Update* update = UpdateOf(state.activity);
  const bool mine = update != nullptr && round->mode != SecureMode::kOff && round->round == event.round &&
                    update->attempt == event.attempt;
  if (!mine) return Discarded(state, Reason::kStale);
  State next = state;
  next.activity = LeaveAttempt(state.activity, event.error);
  return Accept(std::move(next), {SayRefused{event.round, event.attempt, event.error}});
}

Transition OnDone(const State& state, const MemoryLost&) {
  if (!LivesInMemory(state.activity)) return Discarded(state, Reason::kStale);
  State next = state;
  next.activity = LeaveAttempt(state.activity, "secagg.memory_lost");
  return Accept(std::move(next));
}

}  // namespace accord::task
