// What a round is made of: its plan, its nodes, one state a phase. Seen through src/round/round.h, which
// explains the machine.
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
  // Over-selection: p1, and p4 where nothing is masked, close soon after so many have delivered; 0: all.
  std::uint32_t goal = 0;
  std::uint32_t max_nodes = 0;  // of the training cohort; 0: all that are ready
  std::uint32_t failures = 0;   // rounds of this number that closed without a commit before
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
  // Who is awaited in p4 to p7. Masked rounds: U2, less those who left. When the mode is off: all of the
  // cohort that trained.
  NodeSet active;
  NodeSet left;                       // aborted this attempt; may be in the next one
  std::map<NodeId, NodeSet> accused;  // by whom, of those who left
  NodeSet signing;                    // U3 from p5 on; before, whom an earlier attempt on this model binds
  Digest shares;                      // the blob of adverts, heads and entries of U2, stored before p4
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
  // Unmasked rounds with small updates, as in p4: complete already, or lost and to come again as they were.
  Uploads uploads, lost;
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
  NodeSet nonces;        // p2a, neighbour graph only: who opened its nonce; shares follow when all have
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
  std::uint8_t metric = 0;  // update::Figure
  double value = 0.0;
  std::uint64_t examples = 0;
};
// A group whose sum did not count in a step (jobs with groups; src/update/groups.h).
struct LeftOut {
  std::uint32_t group = 0;  // by the order of names
  std::uint8_t gate = 0;    // update::Gate
  double value = 0.0;       // that did not pass it
  friend bool operator==(const LeftOut&, const LeftOut&) = default;
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
  Uploads uploads;  // of the survivors
  Outcome outcome;
  NodeSet verified;
  Words proofs;  // masked rounds: of the verified
  // Masked rounds: a node sees the sum after it opened it, also when the others were quicker.
  Words signatures;
  NodeSet opened;
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

}  // namespace accord::round
