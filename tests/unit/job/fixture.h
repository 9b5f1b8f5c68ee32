// A job of two training rounds and an evaluation, with three nodes; two are enough for a sum.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "job/job.h"
#include "tests/unit/round/fixture.h"

namespace accord::job {

using accord::testing::Dump;
using round::At;
using round::Discards;
using round::Hash;
using round::kA;
using round::kAll;
using round::kB;
using round::kC;
using round::kStranger;
using round::Rejects;
using round::Verdict;

inline Plan TestPlan() {
  return {.mode = SecureMode::kOff,
          .rounds = 2,
          .final_evaluation = true,
          .min_nodes = 3,
          .min_survivors = 2,
          .attempts = 2,
          .tries = 3,
          .max_wait = Millis(1000),
          .transfer_wait = Millis(200)};
}

// A job under way: every event must be accepted unless Fate says otherwise.
class Job {
 public:
  explicit Job(Plan job_plan = TestPlan()) : plan(job_plan), state(Submit(now)) {}

  Job& Do(const Event& event) {
    Transition step = Step(plan, state, event, now);
    EXPECT_EQ(step.why.verdict, Verdict::kAccepted)
        << Name(PhaseOf(state)) << ": " << round::Name(step.why.reason);
    state = std::move(step.next);
    effects = std::move(step.effects);
    return *this;
  }
  // An event of the open round.
  Job& In(const round::Event& event) { return Do(InRound{RoundOf(state)->plan.round, event}); }
  Job& After(std::int64_t ms) {
    now += Millis(ms);
    return *this;
  }
  // The fate of an event that must leave the state and the world as they are.
  [[nodiscard]] round::Why Fate(const Event& event) const {
    const Transition step = Step(plan, state, event, now);
    EXPECT_NE(step.why.verdict, Verdict::kAccepted);
    EXPECT_EQ(Dump(step.next), Dump(state));
    EXPECT_TRUE(step.effects.empty());
    return {step.why.verdict, step.why.reason};
  }

  Job& Begin() { return Do(Approve{}).Do(Enqueue{}).Do(Start{Hash(1)}); }
  // The open round's next steps, by all three nodes.
  Job& Gather() { return In(round::Candidates{kAll}); }
  Job& Train() {
    for (const NodeId node : kAll) In(round::Trained{node});
    return *this;
  }
  Job& Upload() {
    const AttemptId attempt = std::get<round::Collect>(open().state).attempt.id;
    for (const NodeId node : kAll) In(round::Uploaded{node, attempt, Hash(node.bytes[0])});
    return *this;
  }
  Job& Sum() {
    const auto& unmask = std::get<round::Unmask>(open().state);
    const auto model = static_cast<std::uint8_t>(100 + open().plan.round.value);
    return In(round::Summed{unmask.attempt.id, {Hash(50), 12, Hash(model), {{0, 0.5, 0}}}});
  }
  Job& Verify() {
    const auto commit = std::get<round::Commit>(open().state);
    for (const NodeId node : kAll) In(round::Verified{node, commit.attempt.id, commit.outcome.model_hash});
    return *this;
  }
  Job& WholeRound() { return Gather().Train().Upload().Sum().Verify(); }
  // A round that nobody trains in.
  Job& FailedRound() { return Gather().After(1000).In(round::Tick{}); }

  [[nodiscard]] Phase phase() const { return PhaseOf(state); }
  [[nodiscard]] const OpenRound& open() const { return *RoundOf(state); }
  [[nodiscard]] const Progress& progress() const { return ProgressOf(state); }
  [[nodiscard]] std::string Asked() const { return Dump(effects); }

  Plan plan;
  TimePoint now = At(1'000'000);
  State state;
  std::vector<Effect> effects;
};

}  // namespace accord::job
