// The task machine of a node: one job as the lab's worker sees it, the mirror of the coordinator's round
// machine with the same phase numbers. Pure, by the rules of src/round/round.h.
//
//   idle -> p1 training -> p1 trained -> p4 encoding -> sending -> sent -> p7 checking -> checked -> (next
//   round)
// and in a masked round (FSA-1, secagg.md) with what stands between:
//   trained -> p2 advertised -> p3 shared -> p4 encoding -> sending -> sent -> p5 signed -> p6 unmasked -> p7
//   checking -> checked
//
// The coordinator may tell anything twice, late or never; the lab may stop the job at any moment, asking
// nobody. A discarded repeat may carry an effect: the same answer again. A mask is never used twice: (round,
// attempt) only grows, and the root of an attempt's bytes is frozen once they were encoded.
//
// Messages of a masked round come here when secagg::Member has found them good; the answers are its own. Here
// is what the journal must say before an answer leaves (secagg.md 2.9): the attempt, the set that was signed,
// that it was unmasked. A set stays signed for its model until a later round has committed another model.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "accord/clock.h"
#include "accord/ids.h"
#include "accord/job_spec.h"
#include "base/text.h"
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
  std::uint64_t eval_bytes = 0;  // of the text that the hold-out's examples stand for; 0: it is no text
  friend bool operator==(const Delta&, const Delta&) = default;
};

// What the coordinator told of the round's start.
struct Assignment {
  RoundId round;
  round::Purpose purpose = round::Purpose::kTrain;
  Digest model_hash;
  SecureMode mode = SecureMode::kOff;  // of the job
  friend bool operator==(const Assignment&, const Assignment&) = default;
};
// The update of one attempt. The last three are of masked rounds only.
struct Update {
  AttemptId attempt;
  round::NodeSet cohort;
  std::uint64_t words = 0;
  Digest root;  // zero until encoded
  Digest ctx;   // of the offer that was accepted: it stands for every field of it
  round::NodeSet u3;
  Digest u3_hash;  // zero until signed
};
// What p7 brought.
struct Offer {
  struct Opened {  // masked rounds
    Digest u3_hash;
    Digest z_root;
    std::vector<std::uint64_t> tau;
    friend bool operator==(const Opened&, const Opened&) = default;
  };
  AttemptId attempt;
  round::NodeSet cohort;
  round::NodeSet survivors;
  std::uint64_t words = 0;
  Digest sum;
  Digest model_hash;
  std::optional<Opened> opened;
  friend bool operator==(const Offer&, const Offer&) = default;
};

struct Idle {};
struct Training {
  Assignment round;
  // p4 came already: with the training, where nothing is masked and updates are small; or because a crash
  // lost that this node had said it was done.
  std::optional<Update> asked;
};
struct Trained {
  Assignment round;
  Delta delta;
  std::string over;  // masked rounds: why the last attempt ended here; the answer to all that comes of it
};
struct Advertised {  // p2: keys are in memory, until they are used or the node restarts
  Assignment round;
  Delta delta;
  Update update;
};
struct Drawing {  // p3 of a large cohort: its nonce of the neighbour graph is opened, the others' are awaited
  Assignment round;
  Delta delta;
  Update update;
};
struct Shared {  // p3
  Assignment round;
  Delta delta;
  Update update;
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
struct Signed {  // p5, against a malicious coordinator: awaits the certificate
  Assignment round;
  Delta delta;
  Update update;
};
struct Unmasked {  // p6
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
  Bytes proof;  // masked rounds: as CheckDone
};
using Activity = std::variant<Idle, Training, Trained, Advertised, Drawing, Shared, Encoding, Sending, Sent,
                              Signed, Unmasked, Checking, Checked>;

// What a signed set is signed on. The purpose stands for train_cfg_hash, whose other input is the job.
struct SetKey {
  Digest model_hash;
  round::Purpose purpose = round::Purpose::kTrain;
  friend auto operator<=>(const SetKey&, const SetKey&) = default;
};

struct State {
  bool stopped = false;  // by the lab
  bool ended = false;    // by the coordinator
  bool erased = false;   // by the lab; until the next round begins
  RoundId round;         // the highest round and attempt ever answered
  AttemptId attempt;
  bool attempted = false;  // whether `attempt` was used in `round`
  Activity activity;
  // Of masked jobs:
  std::optional<Delta> frozen;  // of `round`, once an update of it was: that may be with the coordinator
  Digest model;    // computed here or proven: this node trains from no other; zero before the first
  RoundId proven;  // the newest committed round whose nodes' word this node took for a model
  std::map<SetKey, round::NodeSet> signed_sets;  // only these may be joined and signed again (2.9)
};

// ---------------------------------------------------------------- events

// A message that an event makes leave, for the lab's ledger: its size and hash.
struct Leaving {
  std::uint64_t bytes = 0;
  Digest hash;  // SHA-256
};

// Told by the coordinator.
struct TrainTold {
  struct Collect {  // unmasked rounds with small updates: the update is the answer
    AttemptId attempt;
    round::NodeSet cohort;
    friend bool operator==(const Collect&, const Collect&) = default;
  };
  Assignment round;
  RoundId proven;  // masked jobs: of the proof that came with it and holds; 0: none
  std::optional<Collect> collect;
};
struct OfferTold {  // p2; from here on in masked rounds only, and found good
  RoundId round;
  AttemptId attempt;
  round::NodeSet cohort;
  Digest ctx;
  Leaving answer;
};
struct RosterTold {  // p3
  RoundId round;
  AttemptId attempt;
  Leaving answer;
  bool graph = false;  // the answer is the nonce of a neighbour graph; the shares follow
};
struct GraphTold {  // p3: the nonces that draw the graph
  RoundId round;
  AttemptId attempt;
  Leaving answer;
};
struct SurvivorsTold {  // p5; the answer is the signature on the set, in semi-honest rounds the shares
  RoundId round;
  AttemptId attempt;
  round::NodeSet u3;
  Digest u3_hash;
  Leaving answer;
};
struct CertificateTold {  // p6
  RoundId round;
  AttemptId attempt;
  Leaving answer;
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
  std::optional<Leaving> end;  // masked rounds
};
struct SendDone {  // the coordinator has it, or does not want it (any more)
  RoundId round;
  AttemptId attempt;
};
struct CheckDone {
  RoundId round;
  AttemptId attempt;
  Digest model_hash;
  Bytes proof;  // masked rounds: what this node signed of the sum and the model, as the shell encodes it
};
struct Failed {
  RoundId round;
  AttemptId attempt;
  std::string error;
};                // encoding or checking failed
struct Aborted {  // a message of a masked round was refused: the attempt is over here, and its keys are gone
  RoundId round;
  AttemptId attempt;
  std::string error;
};
struct DeltaLost {  // its file is missing or damaged; `attempt` asked for it
  RoundId round;
  AttemptId attempt;
};
struct MemoryLost {};  // the node restarted; of an attempt under way the keys are gone
// By the lab.
struct Stop {};
struct Allow {};
struct Erase {};
struct Free {};  // knowingly: other sets may be signed on the model of signed ones (secagg.md 2.9)
using Event = std::variant<TrainTold, CollectTold, CommitTold, EndTold, TrainDone, TrainFailed, EncodeDone,
                           SendDone, CheckDone, Failed, Stop, Allow, Erase, OfferTold, RosterTold,
                           SurvivorsTold, CertificateTold, Aborted, MemoryLost, Free, GraphTold, DeltaLost>;

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
};  // answers EncodeDone, DeltaLost or Failed
struct Send {
  Assignment round;
  Update update;
};  // answers SendDone
struct Check {
  Assignment round;
  Update update;
  Offer offer;
};                     // answers CheckDone, Failed or, in masked rounds, Aborted
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
  Bytes proof;  // masked rounds
};
enum class Answer : std::uint8_t { kAdvert, kShares, kSet, kUnmask, kNonce };
struct SayAnswer {  // of a masked round: as secagg::Member gave it
  RoundId round;
  AttemptId attempt;
  Answer answer = Answer::kAdvert;
};
struct SayRefused {
  RoundId round;
  AttemptId attempt;
  std::string error;
};
struct SayPrepared {};
using Effect = std::variant<StartTraining, StopTraining, Encode, Send, Check, EraseFiles, SayTrained,
                            SayDeclined, SayVerified, SayRefused, SayPrepared, SayAnswer>;

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
// What every activity of a round has, and every one of an attempt; nullptr where there is none.
[[nodiscard]] const Assignment* RoundOf(const Activity& activity);
[[nodiscard]] const Update* UpdateOf(const Activity& activity);
// Whether the activity needs what a restart forgets: then the shell says MemoryLost.
[[nodiscard]] bool LivesInMemory(const Activity& activity);
// "training", "sending": for people.
[[nodiscard]] std::string_view Name(const Activity& activity);
[[nodiscard]] std::string_view Name(Reason reason);

}  // namespace accord::task
