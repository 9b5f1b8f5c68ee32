// A node's part in a job, and the states it passes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "task/task.h"
#include "tests/unit/round/fixture.h"

namespace accord::task {

using accord::testing::Dump;
using round::At;
using round::Hash;
using round::kA;
using round::kAll;
using round::kB;
using round::kC;
using round::kStranger;

inline Assignment Round(std::uint64_t n) {
  return {{n}, round::Purpose::kTrain, Hash(static_cast<std::uint8_t>(n))};
}
inline const Delta kDelta{
    .file = Hash(40), .examples = 10, .eval_examples = 5, .eval_loss_sum = 1.5, .eval_correct = 3};
inline CollectTold Collect(std::uint64_t n, std::uint32_t attempt) { return {{n}, {attempt}, kAll}; }
inline EncodeDone Encoded(std::uint64_t n, std::uint32_t attempt) {
  return {{n}, {attempt}, 12, Hash(50), {}};
}
inline CommitTold CommitOf(std::uint64_t n, std::uint32_t attempt) {
  return {{n}, {{attempt}, kAll, {kA, kB}, 12, Hash(60), Hash(61), {}}};
}
inline CheckDone CheckedAs(std::uint64_t n, std::uint32_t attempt, Digest model = Hash(61)) {
  return {{n}, {attempt}, model, {}};
}
inline TrainTold Told(Assignment round, std::uint64_t proven = 0) { return {round, {proven}, {}}; }
// With what p4 would ask.
inline TrainTold ToldToCollect(Assignment round, std::uint32_t attempt, round::NodeSet cohort = kAll) {
  return {round, {}, TrainTold::Collect{{attempt}, std::move(cohort)}};
}
// The update of an unmasked attempt, encoded when `words` is not zero.
inline Update Plain(std::uint32_t attempt, std::uint64_t words = 0) {
  Update update{.attempt = {attempt}, .cohort = kAll};
  update.words = words;
  if (words > 0) update.root = Hash(50);
  return update;
}

// A masked job: A signs the set {A, B}.
inline Assignment MaskedRound(std::uint64_t n, SecureMode mode = SecureMode::kMalicious) {
  Assignment round = Round(n);
  round.mode = mode;
  return round;
}
inline const round::NodeSet kSurvivors{kA, kB};
inline const Leaving kLeaving{100, Hash(80)};
inline OfferTold Offered(std::uint64_t n, std::uint32_t attempt, round::NodeSet cohort = kAll) {
  return {{n}, {attempt}, std::move(cohort), Hash(static_cast<std::uint8_t>(90 + attempt)), kLeaving};
}
inline RosterTold Rostered(std::uint64_t n, std::uint32_t attempt) { return {{n}, {attempt}, kLeaving}; }
inline RosterTold RosteredForAGraph(std::uint64_t n, std::uint32_t attempt) {
  return {{n}, {attempt}, kLeaving, true};
}
inline GraphTold Drawn(std::uint64_t n, std::uint32_t attempt) { return {{n}, {attempt}, kLeaving}; }
inline SurvivorsTold Survived(std::uint64_t n, std::uint32_t attempt, round::NodeSet u3 = kSurvivors) {
  return {{n}, {attempt}, std::move(u3), Hash(71), kLeaving};
}
inline CertificateTold Certified(std::uint64_t n, std::uint32_t attempt) {
  return {{n}, {attempt}, kLeaving};
}
inline EncodeDone Masked(std::uint64_t n, std::uint32_t attempt) {
  return {{n}, {attempt}, 12, Hash(50), kLeaving};
}
inline CommitTold OpenedCommit(std::uint64_t n, std::uint32_t attempt) {
  CommitTold told = CommitOf(n, attempt);
  told.offer.opened = Offer::Opened{Hash(71), Hash(72), {7, 8}};
  return told;
}
inline CheckDone ProvenAs(std::uint64_t n, std::uint32_t attempt, Digest model = Hash(61)) {
  return {{n}, {attempt}, model, {1, 2, 3}};
}

// A task under way: every event must be accepted unless Fate or Answers says otherwise.
class Task {
 public:
  Task& Do(const Event& event) {
    Transition step = Step(state, event);
    EXPECT_EQ(step.why.verdict, Verdict::kAccepted) << Name(state.activity) << ": " << Name(step.why.reason);
    state = std::move(step.next);
    effects = std::move(step.effects);
    return *this;
  }
  // The fate of an event that must leave the state as it is; what it asked for is in `answer`.
  Why Fate(const Event& event) {
    const Transition step = Step(state, event);
    EXPECT_NE(step.why.verdict, Verdict::kAccepted);
    EXPECT_EQ(Dump(step.next), Dump(state));
    answer = Dump(step.effects);
    return step.why;
  }
  [[nodiscard]] std::string activity() const { return std::string(Name(state.activity)); }
  [[nodiscard]] std::string Asked() const { return Dump(effects); }

  State state;
  std::vector<Effect> effects;
  std::string answer;
};

inline std::string Says(std::vector<Effect> effects) { return Dump(effects); }
inline Why Rejects(Reason reason) { return {Verdict::kRejected, reason}; }
inline Why Discards(Reason reason) { return {Verdict::kDiscarded, reason}; }

// Round 1, attempt 0, up to the activity named.
inline Task InTraining() { return Task().Do(Told(Round(1))); }
inline Task InTrained() { return InTraining().Do(TrainDone{{1}, kDelta}); }
inline Task InEncoding() { return InTrained().Do(Collect(1, 0)); }
inline Task InSending() { return InEncoding().Do(Encoded(1, 0)); }
inline Task InSent() { return InSending().Do(SendDone{{1}, {0}}); }
inline Task InChecking() { return InSent().Do(CommitOf(1, 0)); }
inline Task InChecked() { return InChecking().Do(CheckedAs(1, 0)); }
inline std::vector<Task> AllActivities() {
  return {Task(), InTraining(), InTrained(), InEncoding(), InSending(), InSent(), InChecking(), InChecked()};
}

// The same in a masked job.
inline Task MaskedTraining(SecureMode mode = SecureMode::kMalicious) {
  return Task().Do(Told(MaskedRound(1, mode)));
}
inline Task MaskedTrained(SecureMode mode = SecureMode::kMalicious) {
  return MaskedTraining(mode).Do(TrainDone{{1}, kDelta});
}
inline Task InAdvertised(SecureMode mode = SecureMode::kMalicious) {
  return MaskedTrained(mode).Do(Offered(1, 0));
}
inline Task InDrawing(SecureMode mode = SecureMode::kMalicious) {
  return InAdvertised(mode).Do(RosteredForAGraph(1, 0));
}
inline Task InShared(SecureMode mode = SecureMode::kMalicious) {
  return InAdvertised(mode).Do(Rostered(1, 0));
}
inline Task MaskedEncoding(SecureMode mode = SecureMode::kMalicious) {
  return InShared(mode).Do(Collect(1, 0));
}
inline Task MaskedSending(SecureMode mode = SecureMode::kMalicious) {
  return MaskedEncoding(mode).Do(Masked(1, 0));
}
inline Task MaskedSent(SecureMode mode = SecureMode::kMalicious) {
  return MaskedSending(mode).Do(SendDone{{1}, {0}});
}
inline Task InSigned() { return MaskedSent().Do(Survived(1, 0)); }
inline Task InUnmasked(SecureMode mode = SecureMode::kMalicious) {
  Task task = MaskedSent(mode).Do(Survived(1, 0));
  if (mode == SecureMode::kMalicious) task.Do(Certified(1, 0));
  return task;
}
inline Task MaskedChecking(SecureMode mode = SecureMode::kMalicious) {
  return InUnmasked(mode).Do(OpenedCommit(1, 0));
}
inline Task MaskedChecked(SecureMode mode = SecureMode::kMalicious) {
  return MaskedChecking(mode).Do(ProvenAs(1, 0));
}
// In the order of Activity.
inline std::vector<Task> AllMaskedActivities() {
  return {Task(),       MaskedTraining(), MaskedTrained(), InAdvertised(), InDrawing(),
          InShared(),   MaskedEncoding(), MaskedSending(), MaskedSent(),   InSigned(),
          InUnmasked(), MaskedChecking(), MaskedChecked()};
}
// Those of an attempt under way.
inline std::vector<Task> InAttempt() {
  const std::vector<Task> all = AllMaskedActivities();
  return {all.begin() + 3, all.end()};
}

}  // namespace accord::task
