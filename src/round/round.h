// The round machine of the coordinator: one round of a job, from gathering nodes (p0) to a committed model
// (p8).
//
// Pure: Step takes the state, one event and the time, and gives the next state, what is to be done, and why.
// It never logs, locks, sleeps, throws or touches tensors; the state holds ids, counts and digests. One file
// a phase (p0_gather.cc to p8_closed.cc), in the order in which they happen; step.cc dispatches. The driver
// journals every accepted event before its effects run, so that replaying the journal gives the same state
// (src/driver).
//
// Accepted events change the state; rejected and discarded ones leave it exactly as it was: discarded means
// "right, but not (any more) needed: late or repeated", rejected means "must not be". Who sends a discarded
// event again gets the same answer again.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "accord/clock.h"
#include "accord/ids.h"
#include "accord/job_spec.h"
#include "base/text.h"

namespace accord::round {

enum class Purpose : std::uint8_t {
  kTrain = 0,     // train, and evaluate the model received
  kEvaluate = 1,  // evaluate only: header words and one zero coordinate, no outer step
};

// p0 to p8, the only names of phases in code, wire, logs and errors (DESIGN 2).
enum class Phase : std::uint8_t {
  kGather,
  kTrain,
  kAdvertise,
  kShare,
  kCollect,
  kSurvivors,
  kUnmask,
  kCommit,
  kClosed
};

using NodeSet = std::set<NodeId>;  // ascending by bytes, as every list on the wire

// What a round needs of its job. Fixed when the round opens.
struct Plan {
  RoundId round;
  Purpose purpose = Purpose::kTrain;
  SecureMode mode = SecureMode::kOff;
  AttemptId first_attempt;          // above every attempt of an earlier try of this round (secagg.md 2.1)
  std::uint32_t attempts = 1;       // tries of p2 to p7 before the round is given up
  std::uint32_t min_nodes = 1;      // to fix a training cohort
  std::uint32_t min_survivors = 1;  // to take a sum
  Millis gather_wait{0}, train_wait{0}, collect_wait{0}, commit_wait{0};  // bounds of p0, p1, p4, p7
  Digest model_hash;  // the model that the round starts from
  // Masked rounds only:
  Millis exchange_wait{0};               // bounds each of p2, p3, p5, p6
  std::optional<std::uint32_t> corrupt;  // T; none: the default of the cohort's size
  NodeSet bound;  // who signed a survivor set on this model before: they again, or nobody (secagg.md 2.9)
};

// ---------------------------------------------------------------- state

enum class Reason : std::uint8_t {
  kNone = 0,
  // of discarded and rejected events
  kDuplicate,
  kLate,
  kNotInCohort,
  kWrongAttempt,
  kWrongPhase,
  kConflict,  // contradicts what this node said before
  kOver,
  // of nodes that dropped out
  kDeclined,
  kStopped,
  kRefused,
  kSilent,
  kMismatch,  // computed another model than the coordinator
  // of rounds that closed without a commit
  kNoQuorum,
  kTooFewTrained,
  kTooFewUploads,
  kTooFewVerified,
  kSumInvalid,
  kModeUnsupported,
  kCancelled,
  // of masked rounds
  kTooFewAdverts,
  kTooFewShares,
  kTooFewSignatures,
  kTooFewUnmasked,
  kAborted,  // a node refused what it was relayed, and is out of the attempt
  kBlamed,   // proven against this node, or named by one that refused
};

// Who trains in this round. `trained` nodes hold a delta until commit; a dropped node is out of the round for
// good.
struct Members {
  NodeSet cohort;
  NodeSet trained;
  std::map<NodeId, Reason> dropped;
  Digest registry;  // pinned by all of the cohort; zero when the mode is off
};

// One run of p2 to p7 over the masking cohort.
struct Attempt {
  AttemptId id;
  NodeSet cohort;  // as offered: its size fixes the encoding and the thresholds
  // Masked rounds: who is awaited in p4 to p7 (U2, less those who left); equal to cohort when the mode is
  // off.
  NodeSet active;
  NodeSet left;     // aborted this attempt; may be in the next one
  NodeSet blamed;   // by those who left
  NodeSet signing;  // U3 from p5 on; before, whom an earlier attempt on this model binds
  Digest shares;    // the blob of adverts, heads and entries of U2, stored before p4
};

// A complete upload.
struct Upload {
  Digest root;  // over its chunks
  Bytes end;    // masked rounds: the signed MaskedEnd, opaque here
  friend bool operator==(const Upload&, const Upload&) = default;
};
using Uploads = std::map<NodeId, Upload>;
using Words = std::map<NodeId, Bytes>;  // signed words of nodes, opaque here

struct Gather {
  TimePoint since, deadline;
};
struct Train {
  TimePoint since, deadline;
  Members members;
};
struct Advertise {  // passes through when mode is off
  TimePoint since, deadline;
  Members members;
  Attempt attempt;
  NodeSet adverts;
};
struct Share {  // passes through when mode is off
  TimePoint since, deadline;
  Members members;
  Attempt attempt;
  NodeSet roster;        // U1
  NodeSet shared;        // U2 in the end
  bool storing = false;  // U2 is fixed and on its way to the disk
};
struct Collect {
  TimePoint since, deadline;
  Members members;
  Attempt attempt;
  Uploads uploads;     // complete ones
  Uploads lost;        // were complete and must come again, with these bytes and no others
  Words signatures;    // back from p6: what the survivors signed
  bool again = false;  // back from p6: the survivors are fixed, only what was lost is awaited
};
struct Survivors {  // passes through unless the mode is malicious
  TimePoint since, deadline;
  Members members;
  Attempt attempt;
  Uploads uploads;   // of the survivors: U3
  Words signatures;  // of the survivor set
};
struct Unmask {  // no shares are awaited when mode is off: the sum is taken at once
  TimePoint since, deadline;
  Members members;
  Attempt attempt;
  Uploads uploads;  // of the survivors
  Words signatures;
  NodeSet opened;        // who revealed their shares
  bool summing = false;  // enough did
};
struct MetricSum {
  std::uint8_t metric = 0;  // accord::Metric
  double value = 0.0;
  std::uint64_t examples = 0;
};
// What came out of the sum: it and the model after the outer step, both stored before the event.
struct Outcome {
  Digest sum;  // SHA-256 of the sum's little-endian words
  std::uint64_t words = 0;
  Digest model_hash;  // after the step
  std::vector<MetricSum> metrics;
  struct Opened {  // masked rounds (secagg.md 7.6, Result)
    Digest u3_hash;
    Digest z_root;
    std::vector<std::uint64_t> tau;
  };
  std::optional<Opened> opened;
};
struct Commit {
  TimePoint since, deadline;
  Members members;
  Attempt attempt;
  NodeSet survivors;
  Outcome outcome;
  NodeSet verified;
  Words proofs;  // masked rounds: of the verified
};
struct Closed {
  TimePoint since;
  bool committed = false;
  Reason reason = Reason::kNone;  // why not committed
  Members members;
  Attempt attempt;
  NodeSet survivors;
  Outcome outcome;
  Words proofs;
  NodeSet bound;  // Plan::bound of the next try
};
using State = std::variant<Gather, Train, Advertise, Share, Collect, Survivors, Unmask, Commit, Closed>;

// ---------------------------------------------------------------- events

struct Candidates {  // who is connected, prepared and willing now
  NodeSet ready;
  Digest registry;  // pinned by all of them; zero when the mode is off
};
struct Trained {
  NodeId node;
};
struct Dropped {  // the node said so itself, or was suspended; a lost connection alone is not a drop-out
  NodeId node;
  Reason reason = Reason::kDeclined;
};
struct Advertised {  // its keys are there and right
  NodeId node;
  AttemptId attempt;
};
struct Shared {  // its shares are there and right
  NodeId node;
  AttemptId attempt;
};
struct SharesStored {  // all that p4 to p6 need of p2 and p3 is durable
  AttemptId attempt;
  Digest shares;
};
struct Uploaded {
  NodeId node;
  AttemptId attempt;
  Digest root;
  Bytes end;  // masked rounds
};
struct UploadsLost {  // after a restart: the spool holds only what was on disk; these must be sent again,
                      // identical
  NodeSet nodes;
};
struct SurvivorsSigned {
  NodeId node;
  AttemptId attempt;
  Bytes signature;
};
struct Opened {  // the node revealed its shares; they stay in memory
  NodeId node;
  AttemptId attempt;
};
struct LeftAttempt {  // the node refused what it was relayed; or it lost its keys
  NodeId node;
  AttemptId attempt;
  NodeId blamed;  // zeros: nobody
};
struct Summed {
  AttemptId attempt;
  Outcome outcome;
};
struct SumFailed {  // p3, p6: it cannot be opened. p6: it breaks a bound of secagg.md 7.6. p7: lost by a
                    // restart
  AttemptId attempt;
};
struct Verified {
  NodeId node;
  AttemptId attempt;
  Digest model_hash;
  Bytes proof;  // masked rounds
};
struct Cancel {};
struct Restarted {  // open deadlines grow by the time away
  Millis away{0};
};
struct Tick {};
using Event =
    std::variant<Candidates, Trained, Dropped, Uploaded, UploadsLost, Summed, SumFailed, Verified, Cancel,
                 Restarted, Tick, Advertised, Shared, SharesStored, SurvivorsSigned, Opened, LeftAttempt>;

// ---------------------------------------------------------------- effects

struct Tell {  // tell each of these nodes its duty (DutyOf); lost messages are mended by telling again
  NodeSet nodes;
};
struct Discard {  // forget the uploads of this attempt
  AttemptId attempt;
};
struct StoreShares {  // store adverts, heads and entries of these; answer with SharesStored
  AttemptId attempt;
  NodeSet nodes;
};
struct TakeSum {  // unmask and add the survivors' uploads, check, decode, step; answer with Summed or
                  // SumFailed
  AttemptId attempt;
  NodeSet cohort;
  NodeSet survivors;
};
using Effect = std::variant<Tell, Discard, TakeSum, StoreShares>;

// ---------------------------------------------------------------- the machine

enum class Verdict : std::uint8_t { kAccepted, kRejected, kDiscarded };
struct Why {
  Verdict verdict = Verdict::kAccepted;
  Reason reason = Reason::kNone;
  friend bool operator==(const Why&, const Why&) = default;
};
struct Transition {
  State next;
  std::vector<Effect> effects;
  Why why;
};

// The state in which a round opens, at `now`.
[[nodiscard]] State Open(const Plan& plan, TimePoint now);
// One step. Total: every event has a fate in every phase.
[[nodiscard]] Transition Step(const Plan& plan, const State& state, const Event& event, TimePoint now);

// ---------------------------------------------------------------- what others ask of a state

[[nodiscard]] Phase PhaseOf(const State& state);
// When a Tick has something to do; none when the state waits for an effect of its own or is closed.
[[nodiscard]] std::optional<TimePoint> DeadlineOf(const State& state);
// The effects that a restart issues again: told duties and a sum that was not taken.
[[nodiscard]] std::vector<Effect> Outstanding(const Plan& plan, const State& state);

// The open attempt and the nodes of the round; nullptr in p0, and where no attempt has begun.
[[nodiscard]] const Attempt* AttemptOf(const State& state);
[[nodiscard]] const Members* MembersOf(const State& state);
// U3 of a masked round in p5 and p6, else nullptr.
[[nodiscard]] const Uploads* SurvivorsOf(const State& state);

// What a node of the round should be doing now; none when nothing is expected of it.
struct TrainDuty {
  TimePoint deadline;
};
struct AdvertiseDuty {
  Attempt attempt;
  TimePoint deadline;
};
struct ShareDuty {
  Attempt attempt;
  NodeSet roster;
  TimePoint deadline;
};
struct CollectDuty {
  Attempt attempt;
  TimePoint deadline;
};
struct SurvivorsDuty {  // sign the set; in semi-honest mode open it at once
  Attempt attempt;
  Uploads uploads;
};
struct UnmaskDuty {
  Attempt attempt;
  Uploads uploads;
  Words signatures;
};
struct CommitDuty {
  Attempt attempt;
  NodeSet survivors;
  Outcome outcome;
};
using Duty =
    std::variant<TrainDuty, CollectDuty, CommitDuty, AdvertiseDuty, ShareDuty, SurvivorsDuty, UnmaskDuty>;
[[nodiscard]] std::optional<Duty> DutyOf(const State& state, NodeId node);

// Who is awaited, and what happens at the deadline; `sentence` has no names, so that the shell can add them.
struct Explanation {
  NodeSet awaited;
  std::string sentence;
};
[[nodiscard]] Explanation Explain(const Plan& plan, const State& state);

[[nodiscard]] std::string_view Name(Phase phase);    // "p4 collect"
[[nodiscard]] std::string_view Name(Reason reason);  // "round.too_few_uploads"

}  // namespace accord::round
