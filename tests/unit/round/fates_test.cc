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
          {"tick", Tick{}},
          {"advertised", Advertised{kC, {4}}},
          {"shared", Shared{kC, {4}}},
          {"shares stored", SharesStored{{4}, Hash(30)}},
          {"survivors signed", SurvivorsSigned{kC, {4}, {1}}},
          {"opened", Opened{kC, {4}}},
          {"left", LeftAttempt{kC, {4}, {}}},
          {"nonce opened", NonceOpened{kC, {4}}}};
}
static_assert(std::variant_size_v<Event> == 18, "a new event needs its line in every table below");
static_assert(std::variant_size_v<State> == 9);

constexpr Why kTaken{};
const Why kWrong = Rejects(Reason::kWrongPhase);
const Why kTooLate = Discards(Reason::kLate);
const Why kNothing = Discards(Reason::kNone);
const Why kAgain = Discards(Reason::kDuplicate);
const Why kOver = Discards(Reason::kOver);

struct Row {
  Plan plan;
  State state;
  std::vector<Why> fates;  // in the order of Events()
};

// Members and attempt as they are when A and B are through the phase and C is not.
Members TestMembers() { return {.cohort = kAll, .trained = kAll}; }
Attempt TestAttempt() { return {.id = {4}, .cohort = kAll, .active = kAll}; }
Attempt MaskedAttempt() {
  Attempt attempt = TestAttempt();
  attempt.shares = Hash(30);
  return attempt;
}
const Uploads kTwoUploads{{kA, {Hash(1), {}}}, {kB, {Hash(2), {}}}};
const Uploads kThreeUploads{{kA, {Hash(1), {}}}, {kB, {Hash(2), {}}}, {kC, {Hash(3), {}}}};
const TimePoint kSince = At(1'000'000);
const TimePoint kLater = At(9'000'000);

const std::vector<Why> kCollectFates{kTooLate, kAgain,   kTaken, kTaken, kTaken,   kWrong,
                                     kWrong,   kWrong,   kTaken, kTaken, kNothing, kTooLate,
                                     kTooLate, kTooLate, kWrong, kWrong, kTaken,   kTooLate};
const std::vector<Why> kCommitFates{kTooLate, kAgain,   kTaken,   kTooLate, kTooLate, kTooLate,
                                    kTaken,   kTaken,   kTaken,   kTaken,   kNothing, kTooLate,
                                    kTooLate, kTooLate, kTooLate, kTooLate, kTaken,   kTooLate};
// A node that was slower than the quorum signs and opens now.
const std::vector<Why> kMaskedCommitFates{kTooLate, kAgain,   kTaken, kTooLate, kTooLate, kTooLate,
                                          kTaken,   kTaken,   kTaken, kTaken,   kNothing, kTooLate,
                                          kTooLate, kTooLate, kTaken, kTaken,   kTaken,   kTooLate};

std::vector<Row> PlainRows() {
  const Plan plan = TestPlan();
  return {{plan,
           Gather{kSince, kLater},
           {kTaken, kWrong, kWrong, kWrong, kWrong, kWrong, kWrong, kWrong, kTaken, kTaken, kNothing, kWrong,
            kWrong, kWrong, kWrong, kWrong, kWrong, kWrong}},
          {plan,
           Train{kSince, kLater, {.cohort = kAll, .trained = {kA}}},
           {kTooLate, kTaken, kTaken, kTaken, kAgain, kWrong, kWrong, kWrong, kTaken, kTaken, kNothing,
            kWrong, kWrong, kWrong, kWrong, kWrong, kWrong, kWrong}},
          {plan, Collect{kSince, kLater, TestMembers(), TestAttempt(), kTwoUploads, {}, {}}, kCollectFates},
          {plan,
           Unmask{kSince, kLater, TestMembers(), TestAttempt(), kTwoUploads, {}, {}},
           {kTooLate, kAgain, kTooLate, kTooLate, kTaken, kTaken, kTaken, kWrong, kTaken, kNothing, kTooLate,
            kTooLate, kTooLate, kTooLate, kWrong, kWrong, kTooLate, kTooLate}},
          {plan, Commit{kSince, kLater, TestMembers(), TestAttempt(), kThreeUploads, TestOutcome(), {kA}, {}},
           kCommitFates},
          {plan, Closed{}, std::vector<Why>(18, kOver)}};
}

std::vector<Row> MaskedRows() {
  const Plan plan = MaskedPlan();
  return {
      {plan,
       Advertise{kSince, kLater, TestMembers(), TestAttempt(), {kA, kB}},
       {kTooLate, kAgain, kTaken, kWrong, kWrong, kWrong, kWrong, kWrong, kTaken, kTaken, kNothing, kTaken,
        kWrong, kWrong, kWrong, kWrong, kTaken, kWrong}},
      {plan,
       Share{kSince, kLater, TestMembers(), TestAttempt(), kAll, {kA, kB}},
       {kTooLate, kAgain, kTaken, kWrong, kWrong, kWrong, kWrong, kWrong, kTaken, kTaken, kNothing, kTooLate,
        kTaken, kWrong, kWrong, kWrong, kTaken, kWrong}},
      {plan,
       Share{kSince, kLater, TestMembers(), TestAttempt(), kAll, kAll, true},
       {kTooLate, kAgain, kTaken, kWrong, kWrong, kWrong, kTaken, kWrong, kTaken, kTaken, kNothing, kTooLate,
        kAgain, kTaken, kWrong, kWrong, kTaken, kWrong}},
      {plan, Collect{kSince, kLater, TestMembers(), MaskedAttempt(), kTwoUploads, {}, {}}, kCollectFates},
      {plan,
       Survivors{kSince, kLater, TestMembers(), MaskedAttempt(), kThreeUploads, {{kA, {1}}}},
       {kTooLate, kAgain, kTaken, kTooLate, kWrong, kWrong, kWrong, kWrong, kTaken, kTaken, kNothing,
        kTooLate, kTooLate, kTooLate, kTaken, kWrong, kTaken, kTooLate}},
      {plan,
       Unmask{kSince, kLater, TestMembers(), MaskedAttempt(), kThreeUploads, {{kA, {1}}, {kB, {1}}}, {kA}},
       {kTooLate, kAgain, kTaken, kAgain, kTaken, kWrong, kTaken, kWrong, kTaken, kTaken, kTooLate, kTooLate,
        kTooLate, kTooLate, kTaken, kTaken, kTaken, kTooLate}},
      {plan,
       Unmask{kSince,
              kLater,
              TestMembers(),
              MaskedAttempt(),
              kThreeUploads,
              {{kA, {1}}, {kB, {1}}},
              {kA, kB},
              true},
       {kTooLate, kAgain, kTaken, kAgain, kTaken, kTaken, kTaken, kWrong, kTaken, kTaken, kTooLate, kTooLate,
        kTooLate, kTooLate, kTaken, kTaken, kTaken, kTooLate}},
      {plan,
       Commit{kSince,
              kLater,
              TestMembers(),
              MaskedAttempt(),
              kThreeUploads,
              TestOutcome(),
              {kA},
              {},
              {},
              {kA, kB}},
       kMaskedCommitFates}};
}

std::vector<Row> Table() {
  std::vector<Row> rows = PlainRows();
  for (Row& row : MaskedRows()) rows.push_back(std::move(row));
  return rows;
}

std::string Text(Why why) {
  constexpr const char* kVerdicts[] = {"accepted", "rejected", "discarded"};
  return std::string(kVerdicts[static_cast<std::size_t>(why.verdict)]) + " " + std::string(Name(why.reason));
}

TEST(RoundFates, EveryEventHasItsFateInEveryPhase) {
  const std::vector<Named> events = Events();
  std::set<Phase> seen;
  for (const Row& row : Table()) {
    const Phase phase = PhaseOf(row.state);
    seen.insert(phase);
    for (std::size_t i = 0; i < events.size(); ++i) {
      ASSERT_EQ(events[i].event.index(), i);
      const Transition step = Step(row.plan, row.state, events[i].event, At(1'000'010));
      const std::string where = std::string(Name(phase)) + ", " + events[i].name;
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
    const Phase phase = PhaseOf(row.state);
    if (phase == Phase::kClosed) continue;
    const Transition step = Step(row.plan, row.state, Cancel{}, At(1'000'010));
    const auto* closed = std::get_if<Closed>(&step.next);
    ASSERT_NE(closed, nullptr) << Name(phase);
    EXPECT_FALSE(closed->committed);
    EXPECT_EQ(closed->reason, Reason::kCancelled);
    ASSERT_EQ(step.effects.size(), 1U);
    EXPECT_EQ(Dump(step.effects[0]), Dump(Effect(Discard{{4}})));
  }
}

TEST(RoundFates, OneEventLeadsToWhatItSays) {
  for (const Row& row : PlainRows()) {
    const Phase phase = PhaseOf(row.state);
    const auto next = [&](const Event& event) {
      return Name(PhaseOf(Step(row.plan, row.state, event, At(1'000'010)).next));
    };
    if (phase == Phase::kGather) {
      EXPECT_EQ(next(Candidates{kAll}), Name(Phase::kTrain));
    } else if (phase == Phase::kCollect) {
      EXPECT_EQ(next(UploadOf(kC)), Name(Phase::kUnmask)) << "all are there";
    } else if (phase == Phase::kUnmask) {
      EXPECT_EQ(next(Summed{{4}, TestOutcome()}), Name(Phase::kCommit));
      EXPECT_EQ(next(UploadsLost{{kA}}), Name(Phase::kCollect));
    }
  }
}

// Whoever may not speak is refused in every phase that listens to nodes at all.
TEST(RoundFates, StrangersAndDropOutsAreRefusedEverywhere) {
  for (Row& row : Table()) {
    const Phase phase = PhaseOf(row.state);
    if (phase == Phase::kGather || phase == Phase::kClosed) continue;
    std::visit(
        [](auto& s) {
          if constexpr (requires { s.members; }) s.members.dropped.emplace(kC, Reason::kStopped);
        },
        row.state);
    for (const NodeId node : {kStranger, kC}) {
      for (const Event& event : std::vector<Event>{
               Trained{node}, Dropped{node, Reason::kDeclined}, UploadOf(node), VerifiedBy(node),
               Advertised{node, {4}}, Shared{node, {4}}, SurvivorsSigned{node, {4}, {1}}, Opened{node, {4}},
               LeftAttempt{node, {4}, {}}, NonceOpened{node, {4}}}) {
        const Transition step = Step(row.plan, row.state, event, At(1'000'010));
        EXPECT_NE(step.why.verdict, Verdict::kAccepted)
            << Name(phase) << " event " << event.index() << " node " << Dump(node);
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
  for (int i = 0; i <= static_cast<int>(Reason::kBlamed); ++i) names.insert(Name(static_cast<Reason>(i)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Reason::kBlamed) + 1);
}

}  // namespace
}  // namespace accord::round
