// Every phase meets every kind of event: the whole table of fates in one place. What is not accepted must
// leave the state as it was and ask for nothing.
#include <functional>

#include "tests/unit/round/fixture.h"

namespace accord::round {
namespace {

// One example of every kind of event, from a node that may speak and that this phase has not heard yet.
struct Named {
  std::string name;
  Event event;
};
std::vector<Named> Events() {
  return {{"candidates", Candidates{kAll}},
          {"trained", Trained{kC}},
          {"dropped", Dropped{kC, Reason::kDeclined}},
          {"uploaded", UploadOf(kC)},
          {"uploads lost", UploadsLost{{kA}}},
          {"summed", Summed{{4}, TestOutcome()}},
          {"sum failed", SumFailed{{4}}},
          {"verified", VerifiedBy(kC)},
          {"cancel", Cancel{}},
          {"restarted", Restarted{Millis(50)}},
          {"tick", Tick{}}};
}
static_assert(std::variant_size_v<Event> == 11, "a new event needs its line in every table below");
static_assert(std::variant_size_v<State> == 9);

constexpr Why kTaken{};
const Why kWrong = Rejects(Reason::kWrongPhase);
const Why kTooLate = Discards(Reason::kLate);
const Why kNothing = Discards(Reason::kNone);
const Why kAgain = Discards(Reason::kDuplicate);
const Why kOver = Discards(Reason::kOver);

struct Row {
  Phase phase;
  State state;
  std::vector<Why> fates;  // in the order of Events()
};

// Members and attempt as they are when A and B are through the phase and C is not.
Members TestMembers() { return {kAll, kAll, {}}; }
Attempt TestAttempt() { return {{4}, kAll}; }
const std::map<NodeId, Digest> kTwoUploads{{kA, Hash(1)}, {kB, Hash(2)}};

std::vector<Row> Table() {
  const TimePoint since = At(1'000'000);
  const TimePoint later = At(9'000'000);
  const std::vector<Why> pass_through{kWrong, kWrong, kWrong, kWrong, kWrong, kWrong,
                                      kWrong, kWrong, kTaken, kWrong, kWrong};
  return {
      {Phase::kGather,
       Gather{since, later},
       {kTaken, kWrong, kWrong, kWrong, kWrong, kWrong, kWrong, kWrong, kTaken, kTaken, kNothing}},
      {Phase::kTrain,
       Train{since, later, {kAll, {kA}, {}}},
       {kTooLate, kTaken, kTaken, kWrong, kWrong, kWrong, kWrong, kWrong, kTaken, kTaken, kNothing}},
      {Phase::kAdvertise, Advertise{since, TestMembers(), TestAttempt()}, pass_through},
      {Phase::kShare, Share{since, TestMembers(), TestAttempt()}, pass_through},
      {Phase::kCollect,
       Collect{since, later, TestMembers(), TestAttempt(), kTwoUploads, {}, false},
       {kTooLate, kAgain, kTaken, kTaken, kTaken, kWrong, kWrong, kWrong, kTaken, kTaken, kNothing}},
      {Phase::kSurvivors, Survivors{since, TestMembers(), TestAttempt(), kTwoUploads}, pass_through},
      {Phase::kUnmask,
       Unmask{since, TestMembers(), TestAttempt(), kTwoUploads},
       {kTooLate, kAgain, kTooLate, kTooLate, kTaken, kTaken, kTaken, kWrong, kTaken, kNothing, kTooLate}},
      {Phase::kCommit,
       Commit{since, later, TestMembers(), TestAttempt(), kAll, TestOutcome(), {kA}},
       {kTooLate, kAgain, kTaken, kTooLate, kTooLate, kTooLate, kTaken, kTaken, kTaken, kTaken, kNothing}},
      {Phase::kClosed, Closed{}, std::vector<Why>(11, kOver)}};
}

std::string Text(Why why) {
  constexpr const char* kVerdicts[] = {"accepted", "rejected", "discarded"};
  return std::string(kVerdicts[static_cast<std::size_t>(why.verdict)]) + " " + std::string(Name(why.reason));
}

TEST(RoundFates, EveryEventHasItsFateInEveryPhase) {
  const std::vector<Named> events = Events();
  const Plan plan = TestPlan();
  std::set<Phase> seen;
  for (const Row& row : Table()) {
    ASSERT_EQ(PhaseOf(row.state), row.phase);
    seen.insert(row.phase);
    for (std::size_t i = 0; i < events.size(); ++i) {
      ASSERT_EQ(events[i].event.index(), i);
      const Transition step = Step(plan, row.state, events[i].event, At(1'000'010));
      const std::string where = std::string(Name(row.phase)) + ", " + events[i].name;
      EXPECT_EQ(Text(step.why), Text(row.fates[i])) << where;
      if (step.why.verdict == Verdict::kAccepted) {
        EXPECT_NE(Dump(step.next), Dump(row.state)) << where;
      } else {
        EXPECT_EQ(Dump(step.next), Dump(row.state)) << where;
        EXPECT_TRUE(step.effects.empty()) << where;
      }
    }
  }
  EXPECT_EQ(seen.size(), 9U);
}

TEST(RoundFates, CancelClosesEveryPhase) {
  for (const Row& row : Table()) {
    if (row.phase == Phase::kClosed) continue;
    const Transition step = Step(TestPlan(), row.state, Cancel{}, At(1'000'010));
    const auto* closed = std::get_if<Closed>(&step.next);
    ASSERT_NE(closed, nullptr) << Name(row.phase);
    EXPECT_FALSE(closed->committed);
    EXPECT_EQ(closed->reason, Reason::kCancelled);
    ASSERT_EQ(step.effects.size(), 1U);
    EXPECT_EQ(Dump(step.effects[0]), Dump(Effect(Discard{{4}})));
  }
}

TEST(RoundFates, OneEventLeadsToWhatItSays) {
  for (const Row& row : Table()) {
    const auto next = [&](const Event& event) {
      return Name(PhaseOf(Step(TestPlan(), row.state, event, At(1'000'010)).next));
    };
    if (row.phase == Phase::kGather) {
      EXPECT_EQ(next(Candidates{kAll}), Name(Phase::kTrain));
    } else if (row.phase == Phase::kCollect) {
      EXPECT_EQ(next(UploadOf(kC)), Name(Phase::kUnmask)) << "all are there";
    } else if (row.phase == Phase::kUnmask) {
      EXPECT_EQ(next(Summed{{4}, TestOutcome()}), Name(Phase::kCommit));
      EXPECT_EQ(next(UploadsLost{{kA}}), Name(Phase::kCollect));
    }
  }
}

// Whoever may not speak is refused in every phase that listens to nodes at all.
TEST(RoundFates, StrangersAndDropOutsAreRefusedEverywhere) {
  for (Row& row : Table()) {
    if (row.phase == Phase::kGather || row.phase == Phase::kClosed) continue;
    std::visit(
        [](auto& s) {
          if constexpr (requires { s.members; }) s.members.dropped.emplace(kC, Reason::kStopped);
        },
        row.state);
    for (const NodeId node : {kStranger, kC}) {
      for (const Event& event : std::vector<Event>{Trained{node}, Dropped{node, Reason::kDeclined},
                                                   UploadOf(node), VerifiedBy(node)}) {
        const Transition step = Step(TestPlan(), row.state, event, At(1'000'010));
        EXPECT_NE(step.why.verdict, Verdict::kAccepted)
            << Name(row.phase) << " event " << event.index() << " node " << Dump(node);
        EXPECT_EQ(Dump(step.next), Dump(row.state));
      }
    }
  }
}

TEST(RoundFates, ReasonsAndPhasesHaveDistinctNames) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Phase::kClosed); ++i) names.insert(Name(static_cast<Phase>(i)));
  EXPECT_EQ(names.size(), 9U);
  names.clear();
  for (int i = 0; i <= static_cast<int>(Reason::kCancelled); ++i) names.insert(Name(static_cast<Reason>(i)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Reason::kCancelled) + 1);
}

}  // namespace
}  // namespace accord::round
