// A job whose state went back to a backup: it waits, and goes on only where enough nodes say, or a proof
// does.
#include "job/catch_up.h"
#include "tests/unit/job/fixture.h"

namespace accord::job {
namespace {

using Kind = CatchUpDecision::Kind;

CaughtUp Place(std::uint64_t round, std::uint8_t model, std::uint32_t attempt = 0,
               round::NodeSet bound = {}) {
  return {{round}, Hash(model), {{{attempt}, std::move(bound)}}, {}};
}

// ---------------------------------------------------------------- the machine

TEST(RestoredTest, GivesUpWhatWasOpenAndWaits) {
  Job job;
  job.Begin().Gather().Train().Do(Restored{});
  EXPECT_EQ(job.phase(), Phase::kPaused);
  EXPECT_EQ(ReasonOf(job.state), Reason::kCatchingUp);
  EXPECT_EQ(job.Asked(), Dump(std::vector<Effect>{RoundEffect{{1}, round::Discard{{0}}}}));
  EXPECT_EQ(job.Fate(Restored{}), Discards(round::Reason::kDuplicate));
  EXPECT_EQ(job.Fate(InRound{{}, round::Candidates{kAll}}), Discards(round::Reason::kLate))
      << "nothing is scheduled before the nodes were heard";
  job.Do(Place(1, 1));
  EXPECT_EQ(job.phase(), Phase::kRunning);
  EXPECT_EQ(job.open().plan.first_attempt, AttemptId{1}) << "the open attempt is used up";
}

TEST(RestoredTest, GoesOnAboveTheAttemptsOfTheNodes) {
  Job job;
  job.Begin().Do(Restored{}).Do(Place(1, 1, 5, {kA, kB}));
  EXPECT_EQ(job.open().plan.first_attempt, AttemptId{5});
  EXPECT_EQ(job.open().plan.bound, (round::NodeSet{kA, kB}));
}

TEST(RestoredTest, TakesTheRoundsThatTheNodesHave) {
  Plan plan = TestPlan();
  plan.rounds = 5;
  Job job(plan);
  job.Begin().WholeRound().Do(Restored{}).Do(Place(4, 77, 2));
  EXPECT_EQ(job.progress().committed, 3U);
  EXPECT_EQ(job.open().plan.round, RoundId{4});
  EXPECT_EQ(job.open().plan.model_hash, Hash(77));
  const auto& history = HistoryOf(job.state);
  ASSERT_EQ(history.size(), 3U);
  EXPECT_FALSE(history[0].restored);
  EXPECT_TRUE(history[1].restored && history[2].restored && history[2].committed);
  EXPECT_EQ(history[2].model_hash, Hash(77));
}

TEST(RestoredTest, BeforeTheStartItWaitsOnceItStarts) {
  Job job;
  job.Do(Approve{}).Do(Enqueue{}).Do(Restored{}).Do(Start{Hash(1)});
  EXPECT_EQ(ReasonOf(job.state), Reason::kCatchingUp);
  job.Do(Place(1, 1));
  EXPECT_EQ(job.phase(), Phase::kRunning);
}

TEST(RestoredTest, APersonsPauseComesAfterIt) {
  Job job;
  job.Begin().Do(Pause{}).Do(Restored{});
  EXPECT_EQ(ReasonOf(job.state), Reason::kCatchingUp);
  job.Do(Place(2, 77));
  EXPECT_EQ(ReasonOf(job.state), Reason::kByOperator);
  job.Do(Resume{});
  EXPECT_EQ(job.open().plan.round, RoundId{2});
}

TEST(RestoredTest, APauseMeanwhileCountsLater) {
  Job job;
  job.Begin().Do(Restored{}).Do(Pause{}).Do(Pause{Reason::kModelAhead});
  EXPECT_EQ(ReasonOf(job.state), Reason::kModelAhead);
  Job resumed = job;
  job.Do(Place(1, 1));
  EXPECT_EQ(ReasonOf(job.state), Reason::kByOperator);
  resumed.Do(Resume{}).Do(Place(1, 1));
  EXPECT_EQ(resumed.phase(), Phase::kRunning);
}

bool ByPerson(const Job& job) { return std::get<Paused>(job.state).by_person; }
bool Free(const Job& job) { return std::get<Paused>(job.state).free; }

// A restart of the coordinator does not forget it.
TEST(RestoredTest, APersonsWordIsKept) {
  Job job;
  job.Begin().Do(Restored{});
  EXPECT_FALSE(ByPerson(job) || Free(job));
  job.Do(Resume{});
  EXPECT_TRUE(ByPerson(job) && !Free(job));
  EXPECT_EQ(job.Fate(Resume{}), Discards(round::Reason::kDuplicate));
  job.Do(Resume{.free = true});
  EXPECT_TRUE(ByPerson(job) && Free(job));
  EXPECT_EQ(job.Fate(Resume{.free = true}), Discards(round::Reason::kDuplicate));
  job.Do(Restored{});
  EXPECT_FALSE(ByPerson(job) || Free(job)) << "it was of the backup before";
  EXPECT_EQ(ReasonOf(job.state), Reason::kCatchingUp);
}

TEST(RestoredTest, TheWordThatEndsALaterPauseHurriesNobody) {
  Job job;
  job.Begin().Do(Restored{}).Do(Pause{}).Do(Resume{.free = true});
  EXPECT_TRUE(!ByPerson(job) && Free(job));
  job.Do(Resume{});
  EXPECT_TRUE(ByPerson(job) && Free(job));
}

TEST(RestoredTest, WhatCannotFollowIsRejected) {
  Job job;
  job.Begin().WholeRound();
  EXPECT_EQ(job.Fate(Place(2, 1)), Discards(round::Reason::kDuplicate)) << "not catching up";
  job.Do(Restored{});
  EXPECT_EQ(job.Fate(Place(1, 1)), Rejects(round::Reason::kConflict)) << "a round that is committed";
  EXPECT_EQ(job.Fate(Place(2, 66)), Rejects(round::Reason::kConflict)) << "another model than its own";
  EXPECT_EQ(job.Fate(Place(4, 66)), Rejects(round::Reason::kConflict)) << "beyond the evaluation";
  CaughtUp two_groups = Place(3, 66);
  two_groups.groups.resize(2);
  EXPECT_EQ(job.Fate(two_groups), Rejects(round::Reason::kConflict));
}

TEST(RestoredTest, NothingElseMakesAJobCatchUp) {
  Job job;
  job.Begin();
  EXPECT_EQ(job.Fate(Pause{Reason::kCatchingUp}), Rejects(round::Reason::kWrongPhase));
  EXPECT_EQ(job.Fate(Pause{Reason::kModelAhead}), Rejects(round::Reason::kWrongPhase));
}

TEST(RestoredTest, ATerminalJobStaysWhatItWas) {
  Job job;
  job.Begin().Do(Cancel{});
  EXPECT_EQ(job.Fate(Restored{}), Discards(round::Reason::kOver));
}

// ---------------------------------------------------------------- what is believed

// Three nodes; two are enough for a sum. The backup is at round 3 from model 10.
struct Hearing {
  Plan plan = TestPlan();
  Progress progress;
  CatchUpView view;

  Hearing() {
    plan.rounds = 9;
    progress.committed = 2;
    progress.model_hash = Hash(10);
    progress.groups.resize(1);
  }
  Hearing& Says(NodeId node, std::uint64_t round, std::uint8_t model, std::uint32_t next_attempt = 1) {
    view.heard[node] = {.round = {round}, .next_attempt = {next_attempt}, .model_hash = Hash(model)};
    return *this;
  }
  [[nodiscard]] CatchUpDecision Decide() const { return DecideCatchUp(plan, progress, view); }
  void ExpectGo(std::uint64_t round, std::uint8_t model, std::uint32_t attempt) const {
    const CatchUpDecision decision = Decide();
    ASSERT_EQ(decision.kind, Kind::kGo);
    EXPECT_EQ(decision.event.round, RoundId{round});
    EXPECT_EQ(decision.event.model_hash, Hash(model));
    ASSERT_EQ(decision.event.groups.size(), 1U);
    EXPECT_EQ(decision.event.groups[0].next_attempt, AttemptId{attempt});
  }
};

TEST(CatchUpTest, NothingIsDecidedBeforeAllAreHeardOrTheWaitIsOver) {
  Hearing hearing;
  hearing.Says(kA, 5, 20).Says(kB, 5, 20).view.awaited[0] = 1;
  EXPECT_EQ(hearing.Decide().kind, Kind::kWait);
  hearing.view.late = true;
  hearing.ExpectGo(5, 20, 1);
}

TEST(CatchUpTest, GoesOnAsBeforeWhenNobodyIsAhead) {
  Hearing hearing;
  hearing.Says(kA, 3, 10, 4).Says(kB, 3, 10, 2).Says(kC, 2, 9, 7).ExpectGo(3, 10, 4);
}

TEST(CatchUpTest, OneNodeAloneMovesNothing) {
  Hearing hearing;
  hearing.Says(kA, 7, 66, 3).Says(kB, 3, 10).Says(kC, 3, 10).ExpectGo(3, 10, 1);
  hearing.view.heard[kA].made = Hash(67);
  hearing.ExpectGo(3, 10, 1);
  hearing.view.heard[kA].ended = true;
  hearing.ExpectGo(3, 10, 1);
}

TEST(CatchUpTest, OneNodeWithAProofDoes) {
  Hearing hearing;
  hearing.Says(kA, 4, 20, 2).Says(kB, 3, 10).Says(kC, 3, 10).view.heard[kA].proven = true;
  hearing.ExpectGo(4, 20, 2);
}

TEST(CatchUpTest, AsManyNodesAsACommitTakesMoveTheJob) {
  Hearing hearing;
  hearing.Says(kA, 5, 20, 1).Says(kB, 5, 20, 3).Says(kC, 4, 15, 9).ExpectGo(5, 20, 3);
  hearing.plan.min_survivors = 3;
  EXPECT_EQ(hearing.Decide().kind, Kind::kAhead);
}

TEST(CatchUpTest, APersonMayDoWithTwo) {
  Hearing hearing;
  hearing.plan.min_survivors = 3;
  hearing.Says(kA, 5, 20, 1).Says(kB, 5, 20, 3).Says(kC, 5, 0);
  EXPECT_EQ(hearing.Decide().kind, Kind::kAhead) << "one has forgotten it";
  hearing.view.by_person = true;
  hearing.ExpectGo(5, 20, 3);
  hearing.plan.corrupt = 2;
  EXPECT_EQ(hearing.Decide().kind, Kind::kAhead) << "both may lie";
}

TEST(CatchUpTest, APersonGoesBackOnlyWithThoseWhoCan) {
  Hearing hearing;
  hearing.plan.min_nodes = 3;
  hearing.plan.min_survivors = 2;
  hearing.Says(kA, 4, 20).Says(kB, 3, 10);
  hearing.view.by_person = true;
  EXPECT_EQ(hearing.Decide().kind, Kind::kAhead) << "the one that is ahead goes on from its own model only";
  hearing.Says(kC, 3, 10).ExpectGo(3, 10, 1);
}

// Whoever was told by a person is not stricter than who waits.
TEST(CatchUpTest, APersonNeverHoldsAJobBack) {
  for (int heard = 0; heard < 4 * 4 * 4; ++heard) {
    Hearing hearing;
    hearing.plan.min_nodes = 3;
    const NodeId nodes[] = {kA, kB, kC};
    for (int i = 0, left = heard; i < 3; ++i, left /= 4) {
      if (left % 4 > 0)
        hearing.Says(nodes[i], 2U + static_cast<std::uint64_t>(left % 4),
                     9U + static_cast<std::uint8_t>(left % 4));
    }
    if (hearing.Decide().kind != Kind::kGo) continue;
    hearing.view.by_person = true;
    EXPECT_EQ(hearing.Decide().kind, Kind::kGo) << heard;
  }
}

TEST(CatchUpTest, WhoIsInTheRoundFromAnotherModelDoesNotCount) {
  Hearing hearing;
  hearing.Says(kA, 5, 20).Says(kB, 3, 10).Says(kC, 3, 11);
  EXPECT_EQ(hearing.Decide().kind, Kind::kAhead);
  hearing.Says(kC, 3, 10).ExpectGo(3, 10, 1);
}

TEST(CatchUpTest, TheBackupsOwnSetBindsToo) {
  Hearing hearing;
  hearing.plan.mode = SecureMode::kSemiHonest;
  hearing.progress.groups[0].bound = {kA, kB};
  hearing.Says(kA, 4, 20).Says(kB, 3, 10).Says(kC, 3, 10);
  EXPECT_EQ(hearing.Decide().kind, Kind::kAhead);
  hearing.view.free = true;
  hearing.ExpectGo(3, 10, 1);
}

TEST(CatchUpTest, WhereNothingIsMaskedAModelFoundRightCounts) {
  Hearing hearing;
  hearing.Says(kA, 5, 20).Says(kB, 4, 15).Says(kC, 4, 15).view.heard[kB].made = Hash(20);
  hearing.ExpectGo(5, 20, 1);
  hearing.plan.mode = SecureMode::kMalicious;  // others would not take it without a proof
  hearing.ExpectGo(4, 15, 1);
}

// Of a set that signed all or none come again, and who is ahead comes never.
TEST(CatchUpTest, ASignedSetOfWhomOneIsAheadDoesNotGoBackByItself) {
  Hearing hearing;
  hearing.plan.mode = SecureMode::kSemiHonest;
  hearing.Says(kA, 4, 20).Says(kB, 3, 10).Says(kC, 3, 10).ExpectGo(3, 10, 1);
  for (const NodeId node : {kB, kC}) hearing.view.heard[node].signed_set = {kB, kC};
  hearing.ExpectGo(3, 10, 1);
  for (const NodeId node : {kB, kC}) hearing.view.heard[node].signed_set = {kA, kB};
  EXPECT_EQ(hearing.Decide().kind, Kind::kAhead);
  hearing.view.heard[kC].signed_set.clear();
  EXPECT_EQ(hearing.Decide().kind, Kind::kAhead) << "too few say so to bind all, and are too few without";
  hearing.view.by_person = true;
  hearing.plan.min_nodes = 2;
  EXPECT_EQ(hearing.Decide().kind, Kind::kAhead);
  hearing.view.free = true;
  hearing.ExpectGo(3, 10, 1);
  EXPECT_TRUE(hearing.Decide().event.groups[0].bound.empty());
}

// Most have gone on from a model that nobody can give; the one before it would be for the others alone.
TEST(CatchUpTest, AProofOfAModelThatTooFewCanGoOnFromIsNotEnough) {
  Hearing hearing;
  hearing.Says(kA, 4, 15).Says(kB, 5, 20).Says(kC, 5, 21).view.heard[kA].proven = true;
  EXPECT_EQ(hearing.Decide().kind, Kind::kAhead);
  hearing.Says(kC, 3, 10).ExpectGo(4, 15, 1);
}

TEST(CatchUpTest, TwoWhoDisagreeProveNothing) {
  Hearing hearing;
  hearing.Says(kA, 5, 20).Says(kB, 5, 21).Says(kC, 3, 10);
  EXPECT_EQ(hearing.Decide().kind, Kind::kAhead);
}

TEST(CatchUpTest, AJobThatHasEndedElsewhereIsAhead) {
  Hearing hearing;
  for (const NodeId node : kAll) hearing.view.heard[node] = {.ended = true};
  EXPECT_EQ(hearing.Decide().kind, Kind::kAhead);
}

TEST(CatchUpTest, TooFewNodesAreWaitedForUntilAPersonSaysSo) {
  Hearing hearing;
  hearing.Says(kA, 3, 10).view.awaited[0] = 2;
  hearing.view.late = true;
  EXPECT_EQ(hearing.Decide().kind, Kind::kWait);
  hearing.view.by_person = true;
  EXPECT_EQ(hearing.Decide().kind, Kind::kWait) << "the two may be ahead, and nobody goes back";
  hearing.Says(kB, 3, 10).view.awaited[0] = 1;
  hearing.ExpectGo(3, 10, 1);
}

TEST(CatchUpTest, APersonsWordWaitsForSomebodyToBeHeard) {
  Hearing hearing;
  hearing.view.awaited[0] = 3;
  hearing.view.late = hearing.view.by_person = true;
  EXPECT_EQ(hearing.Decide().kind, Kind::kWait);
  hearing.Says(kA, 5, 20).Says(kB, 5, 20).view.awaited[0] = 1;
  hearing.ExpectGo(5, 20, 1);
}

TEST(CatchUpTest, WhoTakesNoPartHasNoSay) {
  Hearing hearing;
  hearing.Says(kA, 3, 10);
  hearing.view.heard[kB] = hearing.view.heard[kC] = {.aside = true, .round = {8}, .model_hash = Hash(66)};
  EXPECT_EQ(hearing.Decide().kind, Kind::kWait);
  hearing.plan.min_survivors = 1;
  hearing.ExpectGo(3, 10, 1);
}

TEST(CatchUpTest, ClaimsBeyondThePlanAreNone) {
  Hearing hearing;
  hearing.Says(kA, 99, 20).Says(kB, 3, 10, 0).Says(kC, 3, 10, 0x7FFFFFFF);
  hearing.plan.min_survivors = 1;
  hearing.plan.corrupt = 0;
  hearing.view.by_person = true;
  hearing.ExpectGo(3, 10, 0);
}

TEST(CatchUpTest, ASetThatWasSignedBindsTheRound) {
  Hearing hearing;
  hearing.plan.mode = SecureMode::kMalicious;
  hearing.plan.corrupt = 1;
  hearing.plan.min_survivors = 3;
  hearing.Says(kA, 3, 10).Says(kB, 3, 10).Says(kC, 3, 10);
  hearing.view.heard[kA].signed_set = kAll;
  EXPECT_TRUE(hearing.Decide().event.groups[0].bound.empty()) << "one may lie";
  hearing.view.heard[kB].signed_set = kAll;
  EXPECT_EQ(hearing.Decide().event.groups[0].bound, kAll);
}

// ---------------------------------------------------------------- groups

using round::Node;

struct GroupHearing : Hearing {
  GroupHearing() {
    plan.groups = 2;
    plan.min_groups = 1;
    progress.groups.resize(2);
  }
  // The nodes of group g are 10 g + 1, 10 g + 2, ...
  GroupHearing& Says(std::uint32_t group, std::uint8_t count, std::uint64_t round, std::uint8_t model) {
    for (std::uint8_t i = 0; i < count; ++i) {
      const auto n = static_cast<std::uint8_t>(10 * group + ++said[group]);
      view.heard[Node(n)] = {
          .group = group, .round = {round}, .next_attempt = {1}, .model_hash = Hash(model)};
    }
    return *this;
  }
  void ExpectGo(std::uint64_t round, std::uint8_t model) const {
    const CatchUpDecision decision = Decide();
    ASSERT_EQ(decision.kind, Kind::kGo);
    EXPECT_EQ(decision.event.round, RoundId{round});
    EXPECT_EQ(decision.event.model_hash, Hash(model));
    EXPECT_EQ(decision.event.groups.size(), plan.groups);
  }
  std::map<std::uint32_t, int> said;
};

// T is of a group's own nodes, as its rounds have it.
TEST(CatchUpGroupsTest, ALiarInEachGroupMovesNothing) {
  GroupHearing hearing;
  hearing.plan.min_survivors = 1;
  hearing.plan.corrupt = 1;
  hearing.Says(0, 1, 5, 66).Says(1, 1, 5, 66).Says(0, 3, 3, 10).Says(1, 3, 3, 10).ExpectGo(3, 10);
  hearing.Says(1, 1, 5, 66).plan.min_groups = 2;
  EXPECT_EQ(hearing.Decide().event.round, RoundId{5}) << "two of one group are more than may lie";
}

TEST(CatchUpGroupsTest, AGroupsWordIsEnoughThoughTheOthersAreMany) {
  GroupHearing hearing;
  hearing.plan.min_survivors = 2;
  hearing.Says(0, 2, 5, 20).Says(1, 6, 4, 15).ExpectGo(5, 20);
}

TEST(CatchUpGroupsTest, OneNodeThatIsAGroupMovesNoOther) {
  GroupHearing hearing;
  hearing.plan.min_survivors = 1;
  hearing.plan.corrupt = 0;
  hearing.Says(0, 1, 5, 20).Says(1, 1, 3, 10);
  EXPECT_EQ(hearing.Decide().event.round, RoundId{3});
}

// Both groups can follow, but each alone is too few, whatever they are together.
TEST(CatchUpGroupsTest, GoesBackOnlyWithAsManyGroupsAsARoundNeeds) {
  GroupHearing hearing;
  hearing.plan.min_survivors = 3;
  hearing.view.late = true;
  hearing.Says(0, 2, 3, 10).Says(1, 2, 3, 10);
  EXPECT_EQ(hearing.Decide().kind, Kind::kWait);
  hearing.Says(0, 1, 3, 10).ExpectGo(3, 10);
  hearing.plan.min_groups = 2;
  EXPECT_EQ(hearing.Decide().kind, Kind::kWait);
  hearing.Says(1, 1, 3, 10).ExpectGo(3, 10);
}

// One group is ahead from a model that nobody gives; the other is enough, where a round needs one.
TEST(CatchUpGroupsTest, AGroupThatIsAheadIsLeftWhereTheOthersAreEnough) {
  GroupHearing hearing;
  hearing.plan.min_survivors = 2;
  hearing.Says(0, 1, 4, 20).Says(0, 1, 4, 21).Says(1, 2, 3, 10).ExpectGo(3, 10);
  hearing.plan.min_groups = 2;
  EXPECT_EQ(hearing.Decide().kind, Kind::kAhead);
}

TEST(CatchUpGroupsTest, ASetThatCannotComeAgainHoldsItsOwnGroup) {
  GroupHearing hearing;
  hearing.plan.mode = SecureMode::kSemiHonest;
  hearing.plan.min_survivors = 2;
  hearing.plan.corrupt = 1;
  hearing.Says(0, 1, 4, 20).Says(0, 2, 3, 10).Says(1, 2, 3, 10);
  for (const std::uint8_t n : {2, 3}) hearing.view.heard[Node(n)].signed_set = {Node(1), Node(2)};
  hearing.ExpectGo(3, 10);
  hearing.plan.min_groups = 2;
  EXPECT_EQ(hearing.Decide().kind, Kind::kAhead);
}

TEST(CatchUpGroupsTest, AwaitedNodesCountInTheirGroup) {
  GroupHearing hearing;
  hearing.plan.min_survivors = 1;
  hearing.view.late = true;
  hearing.view.awaited[0] = 9;  // of eleven in all: T is more than one
  hearing.Says(0, 2, 5, 20).Says(1, 2, 3, 10).ExpectGo(3, 10);
}

}  // namespace
}  // namespace accord::job
