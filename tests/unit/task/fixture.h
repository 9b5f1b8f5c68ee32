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
inline EncodeDone Encoded(std::uint64_t n, std::uint32_t attempt) { return {{n}, {attempt}, 12, Hash(50)}; }
inline CommitTold CommitOf(std::uint64_t n, std::uint32_t attempt) {
  return {{n}, {{attempt}, kAll, {kA, kB}, 12, Hash(60), Hash(61)}};
}
inline CheckDone CheckedAs(std::uint64_t n, std::uint32_t attempt, Digest model = Hash(61)) {
  return {{n}, {attempt}, model};
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
inline Task InTraining() { return Task().Do(TrainTold{Round(1)}); }
inline Task InTrained() { return InTraining().Do(TrainDone{{1}, kDelta}); }
inline Task InEncoding() { return InTrained().Do(Collect(1, 0)); }
inline Task InSending() { return InEncoding().Do(Encoded(1, 0)); }
inline Task InSent() { return InSending().Do(SendDone{{1}, {0}}); }
inline Task InChecking() { return InSent().Do(CommitOf(1, 0)); }
inline Task InChecked() { return InChecking().Do(CheckedAs(1, 0)); }
inline std::vector<Task> AllActivities() {
  return {Task(), InTraining(), InTrained(), InEncoding(), InSending(), InSent(), InChecking(), InChecked()};
}

}  // namespace accord::task
