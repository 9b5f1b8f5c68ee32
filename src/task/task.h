// The task machine of a node: one job as the lab's worker sees it, the mirror of the coordinator's round
// machine with the same phase numbers. Pure, by the rules of src/round/round.h.
//
//   idle -> p1 training -> p1 trained -> p4 encoding -> sending -> sent -> p7 checking -> checked -> (next
//   round)
//
// The coordinator may tell anything twice, late or never; the lab may stop the job at any moment, asking
// nobody. A discarded repeat may carry an effect: the same answer again. A mask is never used twice: (round,
// attempt) only grows, and the root of an attempt's bytes is frozen once they were encoded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "accord/clock.h"
#include "accord/ids.h"
#include "round/round.h"

namespace accord::task {

// ---------------------------------------------------------------- state

// The result of p1, kept on the lab's own disk until the round is over. Figures of the data stay here: only
// their masked sums leave.
struct Delta {
  Digest file;                      // SHA-256 of the f32 deltas on disk; zero in an evaluation
  std::uint64_t examples = 0;       // of the training set
  std::uint64_t eval_examples = 0;  // of the hold-out, measured on the model received
  double eval_loss_sum = 0.0;
  std::uint64_t eval_correct = 0;
};

// What the coordinator told of the round's start.
struct Assignment {
  RoundId round;
  round::Purpose purpose = round::Purpose::kTrain;
  Digest model_hash;
  friend bool operator==(const Assignment&, const Assignment&) = default;
};
// The masked update of one attempt.
struct Update {
  AttemptId attempt;
  round::NodeSet cohort;
  std::uint64_t words = 0;
  Digest root;  // zero until encoded
};
// What p7 brought.
struct Offer {
  AttemptId attempt;
  round::NodeSet cohort;
  round::NodeSet survivors;
  std::uint64_t words = 0;
  Digest sum;
  Digest model_hash;
  friend bool operator==(const Offer&, const Offer&) = default;
};

struct Idle {};
struct Training {
  Assignment round;
  std::optional<Update> asked;  // p4 came already: a crash lost that this node had said it was done
};
struct Trained {
  Assignment round;
  Delta delta;
};
struct Encoding {
  Assignment round;
  Delta delta;
  Update update;
};
struct Sending {
  Assignment round;
  Delta delta;
  Update update;
  bool again = false;  // told once more meanwhile: what is under way may be lost, so send again after it
};
struct Sent {
  Assignment round;
  Delta delta;
  Update update;
};
struct Checking {
  Assignment round;
  Delta delta;
  Update update;
  Offer offer;
};
struct Checked {
  Assignment round;
  Delta delta;
  Update update;
  Offer offer;
};
using Activity = std::variant<Idle, Training, Trained, Encoding, Sending, Sent, Checking, Checked>;

struct State {
  bool stopped = false;  // by the lab
  bool ended = false;    // by the coordinator
  bool erased = false;   // by the lab; until the next round begins
  RoundId round;         // the highest round and attempt ever answered
  AttemptId attempt;
  bool attempted = false;  // whether `attempt` was used in `round`
  Activity activity;
};

// ---------------------------------------------------------------- events

// Told by the coordinator.
struct TrainTold {
  Assignment round;
};
struct CollectTold {
  RoundId round;
  AttemptId attempt;
  round::NodeSet cohort;
};
struct CommitTold {
  RoundId round;
  Offer offer;
};
struct EndTold {};
// Results of the node's own effects.
struct TrainDone {
  RoundId round;
  Delta delta;
};
struct TrainFailed {
  RoundId round;
  std::string error;
};
struct EncodeDone {
  RoundId round;
  AttemptId attempt;
  std::uint64_t words = 0;
  Digest root;
};
struct SendDone {  // the coordinator has it, or does not want it (any more)
  RoundId round;
  AttemptId attempt;
};
struct CheckDone {
  RoundId round;
  AttemptId attempt;
  Digest model_hash;
};
struct Failed {
  RoundId round;
  AttemptId attempt;
  std::string error;
};  // encoding or checking failed
// By the lab.
struct Stop {};
struct Allow {};
struct Erase {};
using Event = std::variant<TrainTold, CollectTold, CommitTold, EndTold, TrainDone, TrainFailed, EncodeDone,
                           SendDone, CheckDone, Failed, Stop, Allow, Erase>;

// ---------------------------------------------------------------- effects

// Work.
struct StartTraining {
  Assignment round;
};
struct StopTraining {};
struct Encode {
  Assignment round;
  Delta delta;
  Update update;
};  // answers EncodeDone or Failed
struct Send {
  Assignment round;
  Update update;
};  // answers SendDone
struct Check {
  Assignment round;
  Offer offer;
};                     // answers CheckDone or Failed
struct EraseFiles {};  // deltas, checkpoints, residuals, models
// Words to the coordinator; lost ones are mended when it tells the duty again.
struct SayTrained {
  RoundId round;
};
struct SayDeclined {
  RoundId round;
  std::string error;
};  // round 0: the whole job
struct SayVerified {
  RoundId round;
  AttemptId attempt;
  Digest model_hash;
};
struct SayRefused {
  RoundId round;
  AttemptId attempt;
  std::string error;
};
struct SayPrepared {};
using Effect = std::variant<StartTraining, StopTraining, Encode, Send, Check, EraseFiles, SayTrained,
                            SayDeclined, SayVerified, SayRefused, SayPrepared>;

// ---------------------------------------------------------------- the machine

using round::Verdict;

enum class Reason : std::uint8_t {
  kNone = 0,
  kDuplicate,
  kStale,       // an older round or attempt
  kWrongPhase,  // not what this state awaits
  kConflict,    // contradicts what was told or done before
  kStopped,     // the lab stopped the job
  kOver,        // the job has ended
};
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

[[nodiscard]] Transition Step(const State& state, const Event& event);
// Only what comes before bytes leave, and what the lab decided, must wait for the disk.
[[nodiscard]] bool MustBeDurable(const Event& event);
// The work that a restarted node takes up again.
[[nodiscard]] std::vector<Effect> Outstanding(const State& state);
// "training", "sending": for people.
[[nodiscard]] std::string_view Name(const Activity& activity);
[[nodiscard]] std::string_view Name(Reason reason);

}  // namespace accord::task
