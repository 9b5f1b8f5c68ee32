// Draws the story that a job at the coordinator goes through: nodes that do what is awaited of them, nodes
// that do not, people, full disks, restarts, and a state that went back to a backup. Of fuzz_job_events.cc.
//
// Only what the shell guarantees is kept: a round's sum is taken of what it was told, so that a training
// round makes a model that no round before it made, and nothing else makes one; and what nodes say after a
// backup comes through DecideCatchUp, though any of them may lie to it.
#pragma once

#include <memory>
#include <optional>

#include "base/overloaded.h"
#include "job/catch_up.h"
#include "job/job.h"
#include "tests/fuzz/script.h"

namespace accord::job {

using fuzz::Mark;

class Author {
 public:
  explicit Author(fuzz::Script& script) : script_(script), plan_(DrawPlan()) {}

  struct Act {
    Millis later{0};             // than the act before it
    bool at_deadline = false;    // or then, if that is later
    std::optional<Event> event;  // none: the coordinator restarts
  };

  [[nodiscard]] const Plan& plan() const { return plan_; }

  Act Draw(const State& state) {
    if (more_ > 0) {  // of what was awaited
      --more_;
      how_ = 0;
      return {.event = Expected(state)};
    }
    const std::uint8_t time = script_.Next();
    const std::uint8_t kind = script_.Next();
    how_ = script_.Next();
    group_ = how_ % 32 == 31 ? plan_.groups : how_ / 16 % plan_.groups;
    Act act{.later = Millis(time % 64 - (time % 64 == 63 ? 100 : 0)), .at_deadline = time >= 192};
    if (kind < 64) more_ = kind % 8;
    act.event = kind < 112 ? Expected(state) : Any(state, static_cast<std::uint8_t>(kind - 112));
    return act;
  }

 private:
  static constexpr std::uint8_t kNodes = 7;  // of a job without groups, else three a group

  Plan DrawPlan() {
    Plan plan{.mode = static_cast<SecureMode>(script_.Below(3)),
              .rounds = 1U + script_.Below(2),
              .final_evaluation = script_.Below(2) == 1,
              .min_nodes = 1U + script_.Below(4),
              .min_survivors = 1U + script_.Below(3),
              .attempts = 1U + script_.Below(3),
              .tries = 1U + script_.Below(3),
              .min_wait = Millis(20),
              .max_wait = Millis(1000),
              .transfer_wait = Millis(200),
              .exchange_wait = Millis(50),
              .upload_bytes = 800};
    const std::uint8_t rest = script_.Next();
    if (rest % 4 == 1) plan.corrupt = rest / 4 % 3;
    if (rest % 4 == 2) plan.goal = 1U + rest / 4 % 3;
    if (plan.goal > 0) plan.over_selection = rest / 16 % 3;
    if (rest >= 128) plan.groups = 2U + rest / 32 % 2;
    plan.min_groups = 1U + rest / 64 % plan.groups;
    return plan;
  }

  [[nodiscard]] std::uint8_t GroupNodes() const { return plan_.groups > 1 ? 3 : kNodes; }
  [[nodiscard]] NodeId Member(std::uint8_t n) const {
    const std::uint32_t first = plan_.groups > 1 ? group_ * 3 : 0;
    return fuzz::Node(static_cast<std::uint8_t>(first + n % GroupNodes()));
  }
  [[nodiscard]] round::NodeSet Members(std::uint8_t mask) const {
    round::NodeSet nodes;
    for (std::uint8_t n = 0; n < GroupNodes(); ++n) {
      if ((mask >> n & 1) == 0) nodes.insert(Member(n));
    }
    return nodes;
  }

  // ---------------------------------------------------------------- what is awaited

  Event Expected(const State& state) {
    return std::visit(
        [&]<class S>(const S& s) -> Event {
          if constexpr (std::is_same_v<S, Proposed>) return Approve{};
          if constexpr (std::is_same_v<S, Approved>) return Enqueue{};
          if constexpr (std::is_same_v<S, Queued>) return Start{Mark(10, 0)};
          if constexpr (std::is_same_v<S, Running>) return InOpenRound(s);
          if constexpr (std::is_same_v<S, Paused>) return EndOfPause(state, s);
          return Resume{};
        },
        state);
  }

  Event EndOfPause(const State& state, const Paused& paused) {
    if (IsCatchingUp(state)) return Heard(state);
    const bool by_itself = paused.reason == Reason::kNoQuorum || paused.reason == Reason::kBoundMissing;
    if (by_itself && how_ % 4 != 3)
      return InRound{
          {paused.progress.committed + 1}, round::Candidates{Members(how_ / 4), Registry()}, group_};
    return Resume{};
  }

  // The round of the group, or of the first that is open.
  const OpenRound& Choose(const Running& running) {
    for (const OpenRound& open : running.rounds) {
      if (open.group == group_ && !std::holds_alternative<round::Closed>(open.state)) return open;
    }
    for (const OpenRound& open : running.rounds) {
      if (!std::holds_alternative<round::Closed>(open.state)) return open;
    }
    return running.rounds[0];
  }

  Event InOpenRound(const Running& running) {
    if (IsCombining(running)) return Combine(running);
    const OpenRound& open = Choose(running);
    group_ = open.group;
    const round::NodeSet awaited = round::Explain(open.plan, open.state).awaited;
    NodeId node = Member(how_);
    if (!awaited.empty()) node = *std::next(awaited.begin(), how_ % static_cast<int>(awaited.size()));
    return InRound{open.plan.round, Word(open, node), group_};
  }

  Event Combine(const Running& running) const {
    const OpenRound& first = running.rounds[0];
    const bool trains = first.plan.purpose == round::Purpose::kTrain;
    Combined combined{
        first.plan.round, trains ? Mark(10, first.plan.round.value) : first.plan.model_hash, {}, {}};
    if (how_ % 4 == 1) combined.metrics = {{0, 0.5, 7}};
    if (how_ % 4 == 2) combined.left_out = {{0, 1, 0.25}};
    return combined;
  }

  // The node's next word in this phase, or the end of the round's own work.
  [[nodiscard]] round::Event Word(const OpenRound& open, NodeId node) const {
    const round::Attempt* attempt = round::AttemptOf(open.state);
    const AttemptId id = attempt != nullptr ? attempt->id : open.plan.first_attempt;
    return std::visit(
        [&]<class S>(const S& s) -> round::Event {
          if constexpr (std::is_same_v<S, round::Gather>)
            return round::Candidates{Members(how_ / 4), Registry()};
          if constexpr (std::is_same_v<S, round::Train>) return OfTraining(id, node);
          if constexpr (std::is_same_v<S, round::Advertise>) return round::Advertised{node, id};
          if constexpr (std::is_same_v<S, round::Share>) {
            if (s.storing) return round::SharesStored{id, Mark(20, id.value)};
            return round::Shared{node, id};
          }
          if constexpr (std::is_same_v<S, round::Collect>) return Upload(id, node);
          if constexpr (std::is_same_v<S, round::Survivors>) return round::SurvivorsSigned{node, id, {2}};
          if constexpr (std::is_same_v<S, round::Unmask>) {
            if (plan_.mode == SecureMode::kOff || s.summing) return SumOf(open.plan, id, how_ % 8 == 7);
            return round::Opened{node, id};
          }
          if constexpr (std::is_same_v<S, round::Commit>)
            return round::Verified{node, id, how_ % 16 == 15 ? Mark(9, 9) : s.outcome.model_hash, Proof()};
          return round::Tick{};
        },
        open.state);
  }
  [[nodiscard]] round::Event OfTraining(AttemptId id, NodeId node) const {
    if (plan_.mode == SecureMode::kOff && how_ % 8 >= 5) return Upload(id, node);
    return round::Trained{node};
  }
  [[nodiscard]] round::Event Upload(AttemptId id, NodeId node) const {
    Bytes end;
    if (plan_.mode != SecureMode::kOff) end = {1};
    return round::Uploaded{node, id, Mark(30, node.bytes[0], id.value, how_ % 16 == 14 ? 1 : 0), end};
  }
  [[nodiscard]] round::Event SumOf(const round::Plan& plan, AttemptId id, bool fails) const {
    if (fails) return round::SumFailed{id};
    const bool steps = plan.purpose == round::Purpose::kTrain && plan_.groups == 1;
    round::Outcome outcome{.sum = Mark(40, plan.round.value, id.value),
                           .words = 8,
                           .model_hash = steps ? Mark(10, plan.round.value, id.value + 1U) : plan.model_hash,
                           .metrics = {{0, 0.5, 3}},
                           .opened = {}};
    if (plan_.mode != SecureMode::kOff)
      outcome.opened = round::Outcome::Opened{Mark(41, id.value), Mark(42, 1), {7}};
    return round::Summed{id, std::move(outcome)};
  }
  [[nodiscard]] Digest Registry() const { return plan_.mode == SecureMode::kOff ? Digest{} : Mark(50, 1); }
  [[nodiscard]] Bytes Proof() const { return plan_.mode == SecureMode::kOff ? Bytes{} : Bytes{3}; }

  // ---------------------------------------------------------------- what is not

  std::optional<Event> Any(const State& state, std::uint8_t kind) {
    switch (kind % 22) {
      case 0:
        return Approve{};
      case 1:
        return Enqueue{};
      case 2:
        return Start{Mark(10, 0)};
      case 3:
      case 4:
        return Pause{Reason::kByOperator};
      case 5:
        return Pause{Reason::kDiskFull};
      case 6:
        return Pause{how_ % 2 == 0 ? Reason::kModelAhead : Reason::kCatchingUp};
      case 7:
      case 8:
        return Resume{.free = how_ % 4 == 3};
      case 9:
        return how_ % 4 == 3 ? Event(Cancel{}) : Event(Restored{});
      case 10:
        return how_ % 4 == 3 ? Event(Fail{Reason::kModelLost}) : Event(Restored{});
      case 11:
        return Combined{
            Round(state),
            ProgressOf(state).committed < plan_.rounds ? Mark(10, 77) : ProgressOf(state).model_hash,
            {},
            {}};
      case 12:
      case 13:
        return Heard(state);
      default:
        return Strange(state, kind);
    }
  }
  // Another than the one that is open, where `how` says so.
  [[nodiscard]] RoundId Round(const State& state) const {
    RoundId round{ProgressOf(state).committed + 1};
    if (how_ % 64 == 62) ++round.value;
    if (how_ % 64 == 61 && round.value > 1) --round.value;
    return round;
  }

  // Of any phase, whatever the present one.
  std::optional<Event> Strange(const State& state, std::uint8_t kind) {
    if (kind % 22 == 21) return std::nullopt;
    const OpenRound* open = RoundOf(state, group_);
    const round::Attempt* attempt = open != nullptr ? round::AttemptOf(open->state) : nullptr;
    AttemptId id = attempt != nullptr ? attempt->id : AttemptId{};
    if (how_ % 64 == 60) ++id.value;
    if (how_ % 64 == 59 && id.value > 0) --id.value;
    return InRound{Round(state), StrangeWord(kind, id, Member(how_)), group_};
  }
  round::Event StrangeWord(std::uint8_t kind, AttemptId id, NodeId node) {
    switch (kind % 22) {
      case 14:
      case 15:
        return round::Tick{};
      case 16:
        return round::Dropped{node, how_ % 2 == 0 ? round::Reason::kDeclined : round::Reason::kStopped};
      case 17:
        return round::LeftAttempt{node, id, how_ % 4 == 0 ? NodeId{} : Member(script_.Next())};
      case 18:
        return round::UploadsLost{Members(script_.Next())};
      case 19:
        return round::Restarted{Millis(how_)};
      default:
        return Misplaced(script_.Next(), id, node);
    }
  }
  [[nodiscard]] round::Event Misplaced(std::uint8_t kind, AttemptId id, NodeId node) const {
    switch (kind % 13) {
      case 0:
        return round::Trained{node};
      case 1:
        return round::Advertised{node, id};
      case 2:
        return round::Shared{node, id};
      case 3:
        return round::SharesStored{id, Mark(20, id.value)};
      case 4:
        return Upload(id, node);
      case 5:
        return round::SurvivorsSigned{node, id, {2}};
      case 6:
        return round::Opened{node, id};
      case 7:
        return round::SumFailed{id};
      case 8:
        return round::Verified{node, id, Mark(9, 9), Proof()};
      case 9:
        return round::NonceOpened{node, id};
      case 10:
        return round::Cancel{};
      case 11:
        return round::Candidates{Members(how_), Registry()};
      default:
        return round::Restarted{Millis(0)};
    }
  }

  // ---------------------------------------------------------------- after a backup

  // Each node says where it stands, truly or not; what is made of that, or that nobody is believed.
  Event Heard(const State& state) {
    const Progress& progress = ProgressOf(state);
    CatchUpView view{
        .heard = {}, .awaited = {{0, how_ / 8U % 2}}, .late = how_ % 4 != 3, .by_person = how_ % 8 >= 4};
    view.free = view.by_person && how_ / 16 % 2 == 1;
    const std::uint8_t lies = script_.Next();
    for (std::uint8_t n = 0; n < 3 * plan_.groups; ++n) {
      view.heard.emplace(fuzz::Node(n), (lies >> n % 8 & 1) == 0 ? Standing(progress, n, 0)
                                                                 : Standing(progress, n, script_.Next()));
    }
    CatchUpDecision decision = DecideCatchUp(plan_, progress, view);
    if (decision.kind != CatchUpDecision::Kind::kGo) return Pause{Reason::kModelAhead};
    const bool proves = plan_.mode != SecureMode::kOff && plan_.groups == 1;
    if (proves && decision.event.round.value > progress.committed + 1)
      decision.event.proof = ProofOf(decision.event);
    return std::move(decision.event);
  }
  [[nodiscard]] job::Heard Standing(const Progress& progress, std::uint8_t n, std::uint8_t how) const {
    job::Heard heard{.group = plan_.groups > 1 ? n / 3U : 0U,
                     .round = {progress.committed + 1 + how / 4 % 4},
                     .next_attempt = {how / 16U % 11},
                     .model_hash = progress.model_hash};
    if (how / 4 % 4 > 0) heard.model_hash = Mark(10, heard.round.value - 1, 200);
    if (how % 4 == 1) heard.signed_set = {fuzz::Node(heard.group * 3 % 256), fuzz::Node(1), fuzz::Node(2)};
    if (how % 4 == 2) heard.proven = plan_.mode != SecureMode::kOff;
    if (how % 4 == 3) heard.made = Mark(10, heard.round.value, 200);
    heard.aside = how >= 250;
    heard.ended = how >= 240 && how < 250;
    return heard;
  }
  static std::shared_ptr<const Certified> ProofOf(const CaughtUp& event) {
    auto proof = std::make_shared<Certified>();
    proof->plan.round = {event.round.value - 1};
    proof->plan.model_hash = Mark(10, event.round.value - 2, 200);
    proof->attempt.cohort = {fuzz::Node(0), fuzz::Node(1), fuzz::Node(2)};
    proof->members.registry = Mark(50, 1);
    proof->outcome.words = 8;
    proof->outcome.opened.emplace();
    proof->proofs = {{fuzz::Node(0), {3}}, {fuzz::Node(2), {3}}};
    return proof;
  }

  fuzz::Script& script_;
  Plan plan_;
  std::uint8_t how_ = 0;
  std::uint8_t more_ = 0;
  std::uint32_t group_ = 0;
};

}  // namespace accord::job
