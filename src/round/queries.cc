// What shells ask of a state: its phase, its deadline, each node's duty, and what to say of it.
#include <string>

#include "round/phases.h"

namespace accord::round {
namespace {

std::string Count(std::size_t n, std::string_view noun) {
  return std::to_string(n) + " " + std::string(noun) + (n == 1 ? "" : "s");
}

Explanation ExplainTrain(const Plan& plan, const Train& s) {
  const NodeSet awaited = Minus(Living(s.members, s.members.cohort), s.members.trained);
  return {awaited, "waiting for " + Count(awaited.size(), "node") +
                       " to finish training; at the deadline the round goes on if " +
                       std::to_string(plan.min_survivors) + " have finished (" +
                       std::to_string(s.members.trained.size()) + " have)"};
}

Explanation ExplainCollect(const Plan& plan, const Collect& s) {
  const NodeSet awaited = Awaited(s);
  return {awaited, "waiting for the updates of " + Count(awaited.size(), "node") +
                       "; at the deadline the round goes on if " + std::to_string(plan.min_survivors) +
                       " are complete (" + std::to_string(s.uploads.size()) + " are)"};
}

Explanation ExplainCommit(const Plan& plan, const Commit& s) {
  const NodeSet awaited = Awaited(s);
  return {awaited, "waiting for " + Count(awaited.size(), "node") +
                       " to check the new model; at the deadline it stands if " +
                       std::to_string(plan.min_survivors) + " agree (" + std::to_string(s.verified.size()) +
                       " do)"};
}

}  // namespace

Phase PhaseOf(const State& state) { return static_cast<Phase>(state.index()); }

std::optional<TimePoint> DeadlineOf(const State& state) {
  using Deadline = std::optional<TimePoint>;
  return std::visit(
      overloaded{[](const OneOf<Gather, Train, Collect, Commit> auto& s) { return Deadline(s.deadline); },
                 [](const OneOf<Advertise, Share, Survivors, Unmask, Closed> auto&) { return Deadline(); }},
      state);
}

std::optional<Duty> DutyOf(const State& state, NodeId node) {
  using Answer = std::optional<Duty>;
  return std::visit(
      overloaded{
          [&](const Train& s) {
            const bool due =
                CheckMember(s.members, node) == Reason::kNone && !s.members.trained.contains(node);
            return due ? Answer(TrainDuty{s.deadline}) : Answer();
          },
          [&](const Collect& s) {
            return Awaited(s).contains(node) ? Answer(CollectDuty{s.attempt, s.deadline}) : Answer();
          },
          [&](const Commit& s) {
            const bool due = Living(s.members, s.attempt.cohort).contains(node) && !s.verified.contains(node);
            return due ? Answer(CommitDuty{s.attempt, s.survivors, s.outcome}) : Answer();
          },
          [](const OneOf<Gather, Advertise, Share, Survivors, Unmask, Closed> auto&) { return Answer(); }},
      state);
}

std::vector<Effect> Outstanding(const Plan&, const State& state) {
  using Effects = std::vector<Effect>;
  return std::visit(
      overloaded{[](const Train& s) { return Effects{Tell{Living(s.members, s.members.cohort)}}; },
                 [](const Collect& s) { return Effects{Tell{Living(s.members, s.attempt.cohort)}}; },
                 [](const Unmask& s) {
                   return Effects{TakeSum{s.attempt.id, s.attempt.cohort, Keys(s.uploads)}};
                 },
                 [](const Commit& s) { return Effects{Tell{Living(s.members, s.attempt.cohort)}}; },
                 [](const OneOf<Gather, Advertise, Share, Survivors, Closed> auto&) { return Effects{}; }},
      state);
}

Explanation Explain(const Plan& plan, const State& state) {
  return std::visit(
      overloaded{
          [&](const Gather&) {
            return Explanation{
                {},
                "waiting until " + Count(plan.min_nodes, "node") +
                    " are connected and willing; at the deadline the job pauses until they are"};
          },
          [&](const Train& s) { return ExplainTrain(plan, s); },
          [&](const Collect& s) { return ExplainCollect(plan, s); },
          [&](const Commit& s) { return ExplainCommit(plan, s); },
          [](const Unmask&) {
            return Explanation{{}, "adding the updates and making the outer step"};
          },
          [](const OneOf<Advertise, Share, Survivors> auto&) {
            return Explanation{{}, "agreeing on keys and survivors"};
          },
          [](const Closed& s) {
            return Explanation{{}, s.committed ? "committed" : "given up: " + std::string(Name(s.reason))};
          }},
      state);
}

std::string_view Name(Phase phase) {
  constexpr std::string_view kNames[] = {"p0 gather", "p1 train",   "p2 advertise",
                                         "p3 share",  "p4 collect", "p5 survivors",
                                         "p6 unmask", "p7 commit",  "p8 closed"};
  return kNames[static_cast<std::size_t>(phase)];
}

std::string_view Name(Reason reason) {
  switch (reason) {
    case Reason::kNone:
      return "none";
    case Reason::kDuplicate:
      return "round.duplicate";
    case Reason::kLate:
      return "round.late";
    case Reason::kNotInCohort:
      return "round.not_in_cohort";
    case Reason::kWrongAttempt:
      return "round.wrong_attempt";
    case Reason::kWrongPhase:
      return "round.wrong_phase";
    case Reason::kConflict:
      return "round.conflict";
    case Reason::kOver:
      return "round.over";
    case Reason::kDeclined:
      return "round.declined";
    case Reason::kStopped:
      return "task.stopped";
    case Reason::kRefused:
      return "round.refused";
    case Reason::kSilent:
      return "round.silent";
    case Reason::kMismatch:
      return "model.mismatch";
    case Reason::kNoQuorum:
      return "round.no_quorum";
    case Reason::kTooFewTrained:
      return "round.too_few_trained";
    case Reason::kTooFewUploads:
      return "round.too_few_uploads";
    case Reason::kTooFewVerified:
      return "round.too_few_verified";
    case Reason::kSumInvalid:
      return "round.sum_invalid";
    case Reason::kModeUnsupported:
      return "job.unsupported";
    case Reason::kCancelled:
      return "round.cancelled";
  }
  return "none";
}

}  // namespace accord::round
