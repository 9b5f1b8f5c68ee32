// What shells ask of a job's state.
#include <algorithm>

#include "base/overloaded.h"
#include "job/job.h"
#include "job/rounds.h"

namespace accord::job {

namespace {

bool IsRepeatable(const Event& event) {
  const auto* in = std::get_if<InRound>(&event);
  return in != nullptr && IsWordOfNode(in->event);
}

bool StaysInside(const Effect& effect) {
  const auto* in = std::get_if<RoundEffect>(&effect);
  return in != nullptr && (std::holds_alternative<round::TakeSum>(in->effect) ||
                           std::holds_alternative<round::StoreShares>(in->effect));
}

}  // namespace

bool IsWordOfNode(const round::Event& event) {
  return std::visit(
      overloaded{[](const round::Trained&) { return true; }, [](const round::Advertised&) { return true; },
                 [](const round::NonceOpened&) { return true; }, [](const round::Shared&) { return true; },
                 [](const round::Uploaded&) { return true; },
                 [](const round::SurvivorsSigned&) { return true; },
                 [](const round::Opened&) { return true; }, [](const round::Verified&) { return true; },
                 [](const auto&) { return false; }},
      event);
}

bool MustBeDurable(const Event& event, const std::vector<Effect>& effects) {
  return !IsRepeatable(event) || !std::ranges::all_of(effects, StaysInside);
}

Phase PhaseOf(const State& state) { return static_cast<Phase>(state.index()); }

bool IsTerminal(const State& state) { return PhaseOf(state) >= Phase::kFinished; }

const Progress& ProgressOf(const State& state) {
  return std::visit([](const auto& s) -> const Progress& { return s.progress; }, state);
}

std::uint32_t FailuresOf(const std::vector<RoundSummary>& history) {
  const auto last = std::ranges::find_if(history.rbegin(), history.rend(), &RoundSummary::committed);
  return static_cast<std::uint32_t>(last - history.rbegin());
}

const std::vector<RoundSummary>& HistoryOf(const State& state) {
  static const std::vector<RoundSummary> none;
  const History& history = ProgressOf(state).history;
  return history ? *history : none;
}

Reason ReasonOf(const State& state) {
  return std::visit(
      overloaded{[](const Paused& s) { return s.reason; }, [](const Failed& s) { return s.reason; },
                 [](const Cancelled& s) { return s.reason; }, [](const auto&) { return Reason::kNone; }},
      state);
}

bool IsCatchingUp(const State& state) {
  const auto* paused = std::get_if<Paused>(&state);
  return paused != nullptr &&
         (paused->reason == Reason::kCatchingUp || paused->reason == Reason::kModelAhead);
}

const OpenRounds& RoundsOf(const State& state) {
  static const OpenRounds none;
  const auto* running = std::get_if<Running>(&state);
  return running == nullptr ? none : running->rounds;
}

const OpenRound* RoundOf(const State& state, std::uint32_t group) {
  const OpenRounds& rounds = RoundsOf(state);
  const auto found = std::ranges::find(rounds, group, &OpenRound::group);
  return found == rounds.end() ? nullptr : &*found;
}

bool IsCombining(const State& state) {
  const OpenRounds& rounds = RoundsOf(state);
  return !rounds.empty() && std::ranges::all_of(rounds, [](const OpenRound& open) {
    return std::holds_alternative<round::Closed>(open.state);
  });
}

std::optional<TimePoint> DeadlineOf(const State& state) {
  std::optional<TimePoint> first;
  for (const OpenRound& open : RoundsOf(state)) {
    const auto deadline = round::DeadlineOf(open.state);
    if (deadline && (!first || *deadline < *first)) first = deadline;
  }
  return first;
}

std::vector<Effect> Outstanding(const State& state) {
  std::vector<Effect> effects;
  if (IsTerminal(state)) effects.emplace_back(Ended{});
  const OpenRounds& rounds = RoundsOf(state);
  const auto gathers = [](const OpenRound& open) {
    return std::holds_alternative<round::Gather>(open.state);
  };
  if (std::ranges::any_of(rounds, gathers)) effects.emplace_back(AskCandidates{});
  for (const OpenRound& open : rounds) {
    for (round::Effect& effect : round::Outstanding(open.plan, open.state)) {
      effects.emplace_back(RoundEffect{open.plan.round, std::move(effect), open.group});
    }
  }
  if (IsCombining(state)) effects.emplace_back(Combine{rounds[0].plan.round});
  return effects;
}

std::string_view Name(Phase phase) {
  constexpr std::string_view kNames[] = {"proposed", "approved", "queued", "running",
                                         "paused",   "finished", "failed", "cancelled"};
  return kNames[static_cast<std::size_t>(phase)];
}

std::string_view Name(Reason reason) {
  switch (reason) {
    case Reason::kNone:
      return "none";
    case Reason::kByOperator:
      return "job.by_operator";
    case Reason::kNoQuorum:
      return "job.no_quorum";
    case Reason::kRoundsFailing:
      return "job.rounds_failing";
    case Reason::kDiskFull:
      return "store.disk_full";
    case Reason::kSumInvalid:
      return "job.sum_invalid";
    case Reason::kModelMismatch:
      return "model.mismatch";
    case Reason::kModelLost:
      return "model.lost";
    case Reason::kModeUnsupported:
      return "job.unsupported";
    case Reason::kBoundMissing:
      return "job.bound_missing";
    case Reason::kAttemptsSpent:
      return "job.attempts_spent";
    case Reason::kTooFewGroups:
      return "job.too_few_groups";
    case Reason::kCatchingUp:
      return "job.catching_up";
    case Reason::kModelAhead:
      return "model.ahead";
  }
  return "none";
}

}  // namespace accord::job
