// A round of three nodes and its states, one a phase; what every test of the round machine begins with.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "round/round.h"
#include "tests/support/dump.h"

namespace accord::round {

using accord::testing::Dump;

inline NodeId Node(std::uint8_t n) {
  NodeId id;
  id.bytes[0] = n;
  return id;
}
inline Digest Hash(std::uint8_t n) {
  Digest digest;
  digest.bytes.fill(n);
  return digest;
}
inline TimePoint At(std::int64_t ms) { return TimePoint(Millis(ms)); }

inline const NodeId kA = Node(1), kB = Node(2), kC = Node(3), kStranger = Node(9);
inline const NodeSet kAll{kA, kB, kC};

// Three nodes, two are enough; attempts begin at 4.
inline Plan TestPlan() {
  return {.round = {7},
          .purpose = Purpose::kTrain,
          .mode = SecureMode::kOff,
          .first_attempt = {4},
          .attempts = 3,
          .min_nodes = 3,
          .min_survivors = 2,
          .gather_wait = Millis(100),
          .train_wait = Millis(1000),
          .collect_wait = Millis(200),
          .commit_wait = Millis(300),
          .model_hash = Hash(1)};
}

// The same, masked: t = 2, u_min = 3.
inline Plan MaskedPlan() {
  Plan plan = TestPlan();
  plan.mode = SecureMode::kMalicious;
  plan.exchange_wait = Millis(50);
  return plan;
}

inline Outcome TestOutcome() {
  return {.sum = Hash(20), .words = 12, .model_hash = Hash(21), .metrics = {{0, 0.5, 10}}};
}

// A round under way: every event must be accepted unless Fate says otherwise.
class Round {
 public:
  explicit Round(Plan round_plan = TestPlan()) : plan(round_plan), state(Open(plan, now)) {}

  Round& Do(const Event& event) {
    Transition step = Step(plan, state, event, now);
    EXPECT_EQ(step.why.verdict, Verdict::kAccepted) << Name(PhaseOf(state)) << ": " << Name(step.why.reason);
    state = std::move(step.next);
    effects = std::move(step.effects);
    return *this;
  }
  Round& After(std::int64_t ms) {
    now += Millis(ms);
    return *this;
  }
  // The fate of an event that must leave the state and the world as they are.
  [[nodiscard]] Why Fate(const Event& event) const {
    const Transition step = Step(plan, state, event, now);
    EXPECT_NE(step.why.verdict, Verdict::kAccepted);
    EXPECT_EQ(Dump(step.next), Dump(state));
    EXPECT_TRUE(step.effects.empty());
    return step.why;
  }
  [[nodiscard]] Phase phase() const { return PhaseOf(state); }
  template <class S>
  [[nodiscard]] const S& As() const {
    return std::get<S>(state);
  }
  template <class E>
  [[nodiscard]] std::vector<E> Effects() const {
    std::vector<E> found;
    for (const Effect& effect : effects) {
      if (const auto* e = std::get_if<E>(&effect)) found.push_back(*e);
    }
    return found;
  }

  Plan plan;
  TimePoint now = At(1'000'000);
  State state;
  std::vector<Effect> effects;
};

inline Why Rejects(Reason reason) { return {Verdict::kRejected, reason}; }
inline Why Discards(Reason reason) { return {Verdict::kDiscarded, reason}; }

inline Round InTrain(Plan plan = TestPlan()) { return Round(plan).Do(Candidates{kAll}); }
inline Round InCollect(Plan plan = TestPlan()) {
  return InTrain(plan).Do(Trained{kA}).Do(Trained{kB}).Do(Trained{kC});
}
inline Uploaded UploadOf(NodeId node, AttemptId attempt = {4}) {
  return {node, attempt, Hash(node.bytes[0])};
}
inline Round InUnmask(Plan plan = TestPlan()) {
  return InCollect(plan).Do(UploadOf(kA)).Do(UploadOf(kB)).Do(UploadOf(kC));
}
inline Round InCommit(Plan plan = TestPlan()) { return InUnmask(plan).Do(Summed{{4}, TestOutcome()}); }
inline Verified VerifiedBy(NodeId node, AttemptId attempt = {4}) {
  return {node, attempt, TestOutcome().model_hash};
}
inline Round InClosed(Plan plan = TestPlan()) {
  return InCommit(plan).Do(VerifiedBy(kA)).Do(VerifiedBy(kB)).Do(VerifiedBy(kC));
}

}  // namespace accord::round
