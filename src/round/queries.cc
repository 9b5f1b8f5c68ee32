// What shells ask of a state: its phase, its deadline, each node's duty, and what to say of it.
#include <string>

#include "round/phases.h"

namespace accord::round {
namespace {

std::string Count(std::size_t n, std::string_view noun) {
  return std::to_string(n) + " " + std::string(noun) + (n == 1 ? "" : "s");
}

Explanation ExplainGather(const Plan& plan) {
  if (!plan.bound.empty()) {
    return {plan.bound, "waiting for the " + Count(plan.bound.size(), "node") +
                            " that signed a survivor set on this model: only they, and all of them, may mask "
                            "on it again"};
  }
  return {{},
          "waiting until " + Count(plan.min_nodes, "node") +
              " are connected and willing; at the deadline the job pauses until they are"};
}

// Over-selection: before the goal is reached, and after it.
std::string Wanted(const Plan& plan) {
  if (plan.goal == 0) return "";
  return "; soon after " + std::to_string(plan.goal) + " it goes on in any case";
}
std::string ExplainGoal(const Plan& plan, std::size_t behind, std::string_view what) {
  return "the round has the " + Count(plan.goal, "update") + " that it wants; " + Count(behind, "node") +
         " that " + std::string(what) + " may join it until the deadline, then it goes on without them";
}

Explanation ExplainTrain(const Plan& plan, const Train& s) {
  const NodeSet awaited = Minus(Living(s.members, s.members.cohort), s.members.trained);
  if (plan.goal > 0 && s.members.trained.size() >= plan.goal) {
    return {awaited, ExplainGoal(plan, awaited.size(), "still train")};
  }
  return {awaited, "waiting for " + Count(awaited.size(), "node") +
                       " to finish training; at the deadline the round goes on if " +
                       std::to_string(plan.min_survivors) + " have finished (" +
                       std::to_string(s.members.trained.size()) + " so far)" + Wanted(plan)};
}

Explanation ExplainCollect(const Plan& plan, const Collect& s) {
  const NodeSet awaited = Awaited(s);
  const bool closes = plan.mode == SecureMode::kOff && plan.goal > 0 && !s.again;
  if (closes && s.uploads.size() >= plan.goal) {
    return {awaited, ExplainGoal(plan, awaited.size(), "have not uploaded")};
  }
  return {awaited, "waiting for the updates of " + Count(awaited.size(), "node") +
                       "; at the deadline the round goes on if " +
                       std::to_string(LeastSurvivors(plan, s.attempt)) + " are complete (" +
                       std::to_string(s.uploads.size()) + " so far)" + (closes ? Wanted(plan) : "")};
}

Explanation ExplainCommit(const Plan& plan, const Commit& s) {
  const NodeSet awaited = Awaited(s);
  return {awaited, "waiting for " + Count(awaited.size(), "node") +
                       " to check the new model; at the deadline it stands if " +
                       std::to_string(LeastVerified(plan, s.attempt)) + " agree (" +
                       std::to_string(s.verified.size()) + " so far)"};
}

// Masked p5 and p6: a quorum is enough.
template <class S>
Explanation ExplainQuorum(const Plan& plan, const S& s, const NodeSet& done, std::string_view what) {
  const NodeSet awaited = Minus(Minus(Living(s.members, Keys(s.uploads)), s.attempt.left), done);
  return {awaited, "waiting until " + Count(Quorum(plan, s.attempt), "node") + " of " +
                       std::to_string(s.uploads.size()) + " " + std::string(what) + " (" +
                       std::to_string(done.size()) + " so far)"};
}

bool IsMasked(const Attempt& attempt) { return !attempt.shares.IsZero(); }

// Whether a survivor can still sign the set and open it.
template <class S>
bool CanOpen(const S& s, NodeId node) {
  return s.uploads.contains(node) && Present(s.members, s.attempt).contains(node);
}

std::optional<Duty> ShareDutyOf(const Share& s, NodeId node) {
  if (!Present(s.members, s.attempt).contains(node)) return std::nullopt;
  if (AwaitsNonces(s)) {
    return s.nonces.contains(node) ? std::nullopt
                                   : std::optional<Duty>(NonceDuty{s.attempt, s.roster, s.deadline});
  }
  return s.shared.contains(node) ? std::nullopt
                                 : std::optional<Duty>(ShareDuty{s.attempt, s.roster, s.deadline});
}

// What a survivor owes until it has opened the sum.
template <class S>
std::optional<Duty> OpeningDutyOf(const S& s, NodeId node) {
  if (!CanOpen(s, node) || s.opened.contains(node)) return std::nullopt;
  if (s.signatures.contains(node)) return UnmaskDuty{s.attempt, s.uploads, s.signatures};
  return SurvivorsDuty{s.attempt, s.uploads};
}

std::optional<Duty> CommitDutyOf(const Commit& s, NodeId node) {
  if (s.verified.contains(node)) return std::nullopt;
  const CommitDuty commit{s.attempt, Keys(s.uploads), s.outcome};
  if (!IsMasked(s.attempt)) {
    return Living(s.members, s.attempt.active).contains(node) ? std::optional<Duty>(commit) : std::nullopt;
  }
  if (!s.opened.contains(node)) return OpeningDutyOf(s, node);
  return CanOpen(s, node) ? std::optional<Duty>(commit) : std::nullopt;
}

}  // namespace

Phase PhaseOf(const State& state) { return static_cast<Phase>(state.index()); }

std::optional<TimePoint> DeadlineOf(const State& state) {
  using Deadline = std::optional<TimePoint>;
  return std::visit(
      overloaded{[](const OneOf<Gather, Train, Advertise, Share, Collect, Survivors, Commit> auto& s) {
                   return Deadline(s.deadline);
                 },
                 [](const Unmask& s) {
                   return IsMasked(s.attempt) && !s.summing ? Deadline(s.deadline) : Deadline();
                 },
                 [](const Closed&) { return Deadline(); }},
      state);
}

const Attempt* AttemptOf(const State& state) {
  return std::visit(overloaded{[](const OneOf<Gather, Train> auto&) -> const Attempt* { return nullptr; },
                               [](const auto& s) -> const Attempt* { return &s.attempt; }},
                    state);
}

const Members* MembersOf(const State& state) {
  return std::visit(overloaded{[](const Gather&) -> const Members* { return nullptr; },
                               [](const auto& s) -> const Members* { return &s.members; }},
                    state);
}

const Uploads* SurvivorsOf(const State& state) {
  return std::visit(overloaded{[](const OneOf<Survivors, Unmask, Commit> auto& s) -> const Uploads* {
                                 return IsMasked(s.attempt) ? &s.uploads : nullptr;
                               },
                               [](const auto&) -> const Uploads* { return nullptr; }},
                    state);
}

std::optional<Duty> DutyOf(const State& state, NodeId node) {
  using Answer = std::optional<Duty>;
  return std::visit(
      overloaded{[&](const Train& s) {
                   const bool due =
                       CheckMember(s.members, node) == Reason::kNone && !s.members.trained.contains(node);
                   return due ? Answer(TrainDuty{s.deadline}) : Answer();
                 },
                 [&](const Advertise& s) {
                   const bool due = Present(s.members, s.attempt).contains(node) && !s.adverts.contains(node);
                   return due ? Answer(AdvertiseDuty{s.attempt, s.deadline}) : Answer();
                 },
                 [&](const Share& s) { return s.storing ? Answer() : ShareDutyOf(s, node); },
                 [&](const Collect& s) {
                   return Awaited(s).contains(node) ? Answer(CollectDuty{s.attempt, s.deadline}) : Answer();
                 },
                 [&](const Survivors& s) {
                   const bool due = CanOpen(s, node) && !s.signatures.contains(node);
                   return due ? Answer(SurvivorsDuty{s.attempt, s.uploads}) : Answer();
                 },
                 [&](const Unmask& s) { return IsMasked(s.attempt) ? OpeningDutyOf(s, node) : Answer(); },
                 [&](const Commit& s) { return CommitDutyOf(s, node); },
                 [](const OneOf<Gather, Closed> auto&) { return Answer(); }},
      state);
}

std::vector<Effect> Outstanding(const Plan&, const State& state) {
  using Effects = std::vector<Effect>;
  return std::visit(
      overloaded{[](const Train& s) { return Effects{Tell{Living(s.members, s.members.cohort)}}; },
                 [](const Share& s) {
                   if (s.storing) return Effects{StoreShares{s.attempt.id, s.shared}};
                   return Effects{Tell{Present(s.members, s.attempt)}};
                 },
                 [](const Unmask& s) {
                   if (IsMasked(s.attempt) && !s.summing) return Effects{Tell{Keys(s.uploads)}};
                   return Effects{TakeSum{s.attempt.id, s.attempt.cohort, Keys(s.uploads)}};
                 },
                 [](const OneOf<Advertise, Collect, Survivors, Commit> auto& s) {
                   return Effects{Tell{Living(s.members, s.attempt.cohort)}};
                 },
                 [](const OneOf<Gather, Closed> auto&) { return Effects{}; }},
      state);
}

Explanation Explain(const Plan& plan, const State& state) {
  return std::visit(
      overloaded{
          [&](const Gather&) { return ExplainGather(plan); },
          [&](const Train& s) { return ExplainTrain(plan, s); },
          [&](const Collect& s) { return ExplainCollect(plan, s); },
          [&](const Commit& s) { return ExplainCommit(plan, s); },
          [&](const Unmask& s) {
            if (IsMasked(s.attempt) && !s.summing) return ExplainQuorum(plan, s, s.opened, "open the sum");
            return Explanation{{}, "adding the updates and making the outer step"};
          },
          [&](const Advertise& s) {
            const NodeSet awaited = Minus(Present(s.members, s.attempt), s.adverts);
            return Explanation{awaited, "waiting for the keys of " + Count(awaited.size(), "node")};
          },
          [&](const Share& s) {
            const bool nonces = AwaitsNonces(s);
            const NodeSet awaited = Minus(Present(s.members, s.attempt), nonces ? s.nonces : s.shared);
            return Explanation{awaited, std::string("waiting for the ") +
                                            (nonces ? "graph nonces" : "shares") + " of " +
                                            Count(awaited.size(), "node")};
          },
          [&](const Survivors& s) {
            return ExplainQuorum(plan, s, Keys(s.signatures), "sign the survivor set");
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
    case Reason::kTooFewAdverts:
      return "round.too_few_adverts";
    case Reason::kTooFewShares:
      return "round.too_few_shares";
    case Reason::kTooFewSignatures:
      return "round.too_few_signatures";
    case Reason::kTooFewUnmasked:
      return "round.too_few_unmasked";
    case Reason::kAborted:
      return "round.left";
    case Reason::kBlamed:
      return "round.blamed";
  }
  return "none";
}

}  // namespace accord::round
