#include "task/task.h"

#include "base/overloaded.h"
#include "task/phases.h"

namespace accord::task {

const Assignment* RoundOf(const Activity& activity) {
  return std::visit(overloaded{[](const Idle&) -> const Assignment* { return nullptr; },
                               [](const auto& a) -> const Assignment* { return &a.round; }},
                    activity);
}

const Delta* DeltaOf(const Activity& activity) {
  return std::visit(overloaded{[](const Idle&) -> const Delta* { return nullptr; },
                               [](const Training&) -> const Delta* { return nullptr; },
                               [](const auto& a) -> const Delta* { return &a.delta; }},
                    activity);
}

const Update* UpdateOf(const Activity& activity) {
  return std::visit(overloaded{[](const Idle&) -> const Update* { return nullptr; },
                               [](const Training&) -> const Update* { return nullptr; },
                               [](const Trained&) -> const Update* { return nullptr; },
                               [](const auto& a) -> const Update* { return &a.update; }},
                    activity);
}

Transition Step(const State& state, const Event& event) {
  return std::visit(overloaded{[&](const TrainTold& e) { return OnTold(state, e); },
                               [&](const CollectTold& e) { return OnTold(state, e); },
                               [&](const CommitTold& e) { return OnTold(state, e); },
                               [&](const EndTold& e) { return OnTold(state, e); },
                               [&](const OfferTold& e) { return OnTold(state, e); },
                               [&](const RosterTold& e) { return OnTold(state, e); },
                               [&](const GraphTold& e) { return OnTold(state, e); },
                               [&](const SurvivorsTold& e) { return OnTold(state, e); },
                               [&](const CertificateTold& e) { return OnTold(state, e); },
                               [&](const TrainDone& e) { return OnDone(state, e); },
                               [&](const TrainFailed& e) { return OnDone(state, e); },
                               [&](const EncodeDone& e) { return OnDone(state, e); },
                               [&](const SendDone& e) { return OnDone(state, e); },
                               [&](const CheckDone& e) { return OnDone(state, e); },
                               [&](const Failed& e) { return OnDone(state, e); },
                               [&](const Aborted& e) { return OnDone(state, e); },
                               [&](const DeltaLost& e) { return OnDone(state, e); },
                               [&](const MemoryLost& e) { return OnDone(state, e); },
                               [&](const Stop& e) { return OnLab(state, e); },
                               [&](const Allow& e) { return OnLab(state, e); },
                               [&](const Erase& e) { return OnLab(state, e); },
                               [&](const Free& e) { return OnLab(state, e); }},
                    event);
}

bool MustBeDurable(const Event& event) {
  return std::visit(
      overloaded{[](const EncodeDone&) { return true; }, [](const OfferTold&) { return true; },
                 [](const RosterTold&) { return true; }, [](const GraphTold&) { return true; },
                 [](const SurvivorsTold&) { return true; }, [](const CertificateTold&) { return true; },
                 [](const CheckDone& e) { return !e.proof.empty(); }, [](const Stop&) { return true; },
                 [](const Allow&) { return true; }, [](const Erase&) { return true; },
                 [](const Free&) { return true; }, [](const auto&) { return false; }},
      event);
}

bool LivesInMemory(const Activity& activity) {
  const bool masked = UpdateOf(activity) != nullptr && RoundOf(activity)->mode != SecureMode::kOff;
  return masked && !std::holds_alternative<Checked>(activity);  // which has its proof in the journal
}

std::vector<Effect> Outstanding(const State& state) {
  using Effects = std::vector<Effect>;
  if (LivesInMemory(state.activity)) return {};
  if (state.ended) return {};
  if (state.stopped) return {SayDeclined{{0}, "task.stopped"}};
  return std::visit(overloaded{[](const Training& a) { return Effects{StartTraining{a.round}}; },
                               [](const Encoding& a) {
                                 return Effects{Encode{a.round, a.delta, a.update}};
                               },
                               [](const Sending& a) {
                                 return Effects{Encode{a.round, a.delta, a.update}};
                               },
                               [](const Checking& a) {
                                 return Effects{Check{a.round, a.update, a.offer}};
                               },
                               [](const auto&) { return Effects{}; }},
                    state.activity);
}

std::string_view Name(const Activity& activity) {
  constexpr std::string_view kNames[] = {"idle",     "training", "trained", "advertised", "drawing",
                                         "shared",   "encoding", "sending", "sent",       "signed",
                                         "unmasked", "checking", "checked"};
  return kNames[activity.index()];
}

std::string_view Name(Reason reason) {
  switch (reason) {
    case Reason::kNone:
      return "none";
    case Reason::kDuplicate:
      return "task.duplicate";
    case Reason::kStale:
      return "task.stale";
    case Reason::kWrongPhase:
      return "task.wrong_phase";
    case Reason::kConflict:
      return "task.conflict";
    case Reason::kStopped:
      return "task.stopped";
    case Reason::kOver:
      return "task.over";
  }
  return "none";
}

}  // namespace accord::task
