// The job machine of the coordinator: a job from proposal to its last round. Pure, like the round machine
// inside it (src/round/round.h explains the rules of both).
//
//   proposed -> approved -> queued -> running <-> paused -> finished | failed | cancelled
//
// While running it holds one open round; a round that closes opens the next one. The last round evaluates the
// final model (DESIGN 2). A round that could not commit is tried again under the same number with higher
// attempts, so that nodes keep the deltas they hold; after `tries` in a row the job pauses and waits for a
// person.
//
// In a job with groups every group runs a round of its own under the same number, which certifies the sum of
// that group and steps from nothing. When all are closed, enough sums are combined into the next model; fewer
// than min_groups: the groups without a sum try again, the others wait with theirs.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "accord/clock.h"
#include "accord/ids.h"
#include "accord/job_spec.h"
#include "round/round.h"

namespace accord::job {

enum class Phase : std::uint8_t {
  kProposed,
  kApproved,
  kQueued,
  kRunning,
  kPaused,
  kFinished,
  kFailed,
  kCancelled
};

enum class Reason : std::uint8_t {
  kNone = 0,
  kByOperator,     // paused or cancelled by a person
  kNoQuorum,       // paused; goes on by itself when enough nodes are back
  kRoundsFailing,  // paused after plan.tries rounds in a row without a commit
  kDiskFull,       // paused; goes on by itself when there is space
  kSumInvalid,     // failed: inputs out of range in every attempt of a round
  kModelMismatch,  // failed: most nodes compute another model than the coordinator
  kModelLost,      // failed: the newest model cannot be read (any more)
  kModeUnsupported,
  kBoundMissing,   // paused; goes on by itself when all who signed a set on this model are back
  kAttemptsSpent,  // paused: no node answers more attempts of this round
  kTooFewGroups,   // failed: fewer sums of groups than min_groups passed the gates
  kCatchingUp,     // paused: the state went back to a backup, and nodes say where they stand
  kModelAhead,     // paused: they have a later model than the backup, and none can give or prove it
};

// What the machine needs of the job file. Derived from it alone.
struct Plan {
  SecureMode mode = SecureMode::kOff;
  std::uint64_t rounds = 1;
  std::uint64_t synchronous = 0;  // the first of them, with one local step
  bool final_evaluation = true;
  std::uint32_t min_nodes = 1;
  std::uint32_t min_survivors = 1;
  std::uint32_t attempts = 3;
  std::uint32_t tries = 3;
  std::uint32_t goal = 0;            // updates that a round wants; 0: of all nodes
  std::uint32_t over_selection = 0;  // nodes that it begins with beyond the goal
  // Of every wait (deadlines.h). The other two are the waits before any round was measured.
  Millis min_wait{0}, max_wait{0};
  Millis transfer_wait{0};               // p4 and p7: from the bytes of one update
  Millis exchange_wait{0};               // p2, p3, p5, p6 of masked rounds: small messages only
  std::uint64_t upload_bytes = 0;        // of one update, about
  std::optional<std::uint32_t> corrupt;  // T of masked rounds, when the job names one
  std::uint32_t groups = 1;              // that run rounds side by side; 1: all nodes together
  std::uint32_t min_groups = 1;          // whose sums a round needs
};
// The plan of a job whose model has `parameters` elements.
[[nodiscard]] Plan PlanOf(const JobSpec& spec, std::uint64_t parameters);

// ---------------------------------------------------------------- state

// How long the nodes took in a round's phases, p1; the longest of p2, p3, p5, p6; p4; p7. 0: not measured.
struct Took {
  Millis train{0}, exchange{0}, collect{0}, commit{0};
};
// That, while the round is open. Time in which the coordinator was away or the job paused does not count.
struct Pace {
  TimePoint trains;  // since when: p1
  TimePoint asked;   // and the present phase, which began at `began` by the clock
  TimePoint began;
  Took took;
};
struct GroupSummary {
  round::Reason reason = round::Reason::kNone;  // why it gave no sum
  std::uint32_t cohort = 0;
  std::uint32_t survivors = 0;
};
struct RoundSummary {
  RoundId round;
  round::Purpose purpose = round::Purpose::kTrain;
  bool committed = false;
  round::Reason reason = round::Reason::kNone;
  std::uint32_t attempts = 0;  // used by this try
  std::uint32_t cohort = 0;    // nodes that trained
  std::uint32_t survivors = 0;
  std::uint64_t words = 0;  // of one upload
  std::vector<round::MetricSum> metrics;
  TimePoint opened, closed;
  Digest model_hash;  // after the round
  Took took;          // of several groups the longest
  // Jobs with groups:
  std::vector<GroupSummary> groups;
  std::vector<round::LeftOut> left_out;  // of the step, by a gate
  bool restored = false;  // committed after the backup that this state went back to: nodes said so
};

// Shared and never changed: a state is copied at every event, its history only when a round closes.
using History = std::shared_ptr<const std::vector<RoundSummary>>;

// A committed round, with what its nodes signed of it.
struct Certified {
  round::Plan plan;
  round::Members members;
  round::Attempt attempt;
  round::Outcome outcome;
  round::Words proofs;
  round::NodeSet survivors;
  std::uint32_t group = 0;
};
// What the newest model was made of: the sum of the round before it, or those of its groups.
struct Made {
  Digest model_hash;
  std::vector<std::shared_ptr<const Certified>> sums;  // ascending by group
};

// A group within the present round number.
struct GroupProgress {
  AttemptId next_attempt;    // of the round number that is tried again; 0 after a commit
  round::NodeSet bound;      // who signed a survivor set in a failed try of this round (masked rounds)
  round::Reason lack{};      // why the last try gave no sum
  std::uint32_t cohort = 0;  // of the last try
  std::shared_ptr<const Certified> sum;  // jobs with groups: there, and waits for the others
};

// What all states after the start have in common.
struct Progress {
  std::uint64_t committed = 0;        // training rounds
  bool evaluated = false;             // the final evaluation is done
  std::uint32_t failures = 0;         // rounds in a row without a commit
  Digest model_hash;                  // the newest committed model
  History history;                    // of closed rounds, oldest first
  std::vector<GroupProgress> groups;  // from the start on; one in a job without groups
  std::shared_ptr<const Made> made;   // masked jobs, from the second model on
  TimePoint submitted, started, ended;
  bool restored = false;  // went back to a backup before its start: catches up when it starts
};

struct OpenRound {
  round::Plan plan;
  round::State state;
  TimePoint opened;
  std::uint32_t group = 0;
  Pace pace;
};

struct Proposed {
  Progress progress;
};
struct Approved {
  Progress progress;
};
struct Queued {
  Progress progress;
};
// Rounds of one number, ascending by group: of the groups that have no sum yet when the try begins. A closed
// one stays until all are; all closed: their sums are being combined.
using OpenRounds = std::vector<OpenRound>;

struct Running {
  Progress progress;
  OpenRounds rounds;
};
struct Paused {
  Progress progress;
  OpenRounds rounds;  // kept as they stood; none between rounds
  Reason reason = Reason::kNone;
  TimePoint since;
  std::map<NodeId, round::Reason> dropped;  // said in the pause, heard when the round goes on
  // While it catches up:
  Reason before = Reason::kNone;  // the pause that follows; kNone: the job goes on then
  bool by_person = false;         // a person said to go on with those who were heard,
  bool free = false;              // and without regard to signed survivor sets (catch_up.h)
};
struct Finished {
  Progress progress;
};
struct Failed {
  Progress progress;
  Reason reason = Reason::kNone;
};
struct Cancelled {
  Progress progress;
  Reason reason = Reason::kNone;
};
using State = std::variant<Proposed, Approved, Queued, Running, Paused, Finished, Failed, Cancelled>;

// ---------------------------------------------------------------- events

struct Approve {};
struct Enqueue {};
struct Start {  // a slot is free and the initial model is stored
  Digest model_hash;
};
struct InRound {  // an event of the open round
  RoundId round;
  round::Event event;
  std::uint32_t group = 0;
};
struct Combined {  // the answer to Combine: the model is stored
  RoundId round;
  Digest model_hash;
  std::vector<round::MetricSum> metrics;
  std::vector<round::LeftOut> left_out;
};
struct Pause {
  Reason reason = Reason::kByOperator;
};
struct Resume {
  bool free = false;  // forget whom a signed survivor set binds: their labs freed them (secagg.md 2.9)
};
struct Cancel {};
struct Fail {
  Reason reason = Reason::kModelLost;
};
// The state went back to a backup (`accordd restore`): nodes may be ahead of it. Nothing is scheduled until
// CaughtUp; rounds that were open are given up, and their attempts with them.
struct Restored {};
// What the nodes said (src/job/catch_up.h); the model is stored. The next round and where it begins.
struct CaughtUp {
  RoundId round;
  Digest model_hash;
  struct Group {
    AttemptId next_attempt;  // above every one that a node names
    round::NodeSet bound;    // who signed a survivor set in this round
  };
  std::vector<Group> groups;               // one a group
  std::shared_ptr<const Certified> proof;  // of a model that is not the backup's, if nodes gave it
};
using Event =
    std::variant<Approve, Enqueue, Start, InRound, Pause, Resume, Cancel, Fail, Combined, Restored, CaughtUp>;

// ---------------------------------------------------------------- effects

struct RoundEffect {
  RoundId round;
  round::Effect effect;
  std::uint32_t group = 0;
};
struct AskCandidates {};  // rounds opened: offer each the nodes that are ready now
struct Combine {          // gates and outer step over the sums of GroupProgress; answers Combined
  RoundId round;
};
struct Ended {};  // terminal: tell the nodes, close watchers, drop spools
using Effect = std::variant<RoundEffect, AskCandidates, Ended, Combine>;

struct Why {
  round::Verdict verdict = round::Verdict::kAccepted;
  round::Reason reason = round::Reason::kNone;
};
struct Transition {
  State next;
  std::vector<Effect> effects;
  Why why;
};

// ---------------------------------------------------------------- the machine

[[nodiscard]] State Submit(TimePoint now);
[[nodiscard]] Transition Step(const Plan& plan, const State& state, const Event& event, TimePoint now);

// Words of nodes that only move a count, or only start a sum, need not wait for the disk: lost with a crash,
// they are asked for again. Whatever anyone outside could notice must be on disk first.
[[nodiscard]] bool MustBeDurable(const Event& event, const std::vector<Effect>& effects);

[[nodiscard]] Phase PhaseOf(const State& state);
[[nodiscard]] bool IsTerminal(const State& state);
[[nodiscard]] const Progress& ProgressOf(const State& state);
[[nodiscard]] const std::vector<RoundSummary>& HistoryOf(const State& state);
[[nodiscard]] Reason ReasonOf(const State& state);
// Whether the job waits for what its nodes say of a time after the backup.
[[nodiscard]] bool IsCatchingUp(const State& state);
// The open rounds; none between rounds, or when the job is paused.
[[nodiscard]] const OpenRounds& RoundsOf(const State& state);
// The open round of a group; nullptr when there is none.
[[nodiscard]] const OpenRound* RoundOf(const State& state, std::uint32_t group = 0);
// Whether all rounds are closed and their sums wait for Combined.
[[nodiscard]] bool IsCombining(const State& state);
[[nodiscard]] std::optional<TimePoint> DeadlineOf(const State& state);
[[nodiscard]] std::vector<Effect> Outstanding(const State& state);

[[nodiscard]] std::string_view Name(Phase phase);    // "running"
[[nodiscard]] std::string_view Name(Reason reason);  // "job.no_quorum"

}  // namespace accord::job
