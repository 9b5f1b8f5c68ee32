// p0 gather and p1 train: who takes part, and when the round goes on or is given up.
#include "tests/unit/round/fixture.h"

namespace accord::round {
namespace {

TEST(GatherTest, WaitsWhileTooFewAreReadyAndKeepsItsDeadline) {
  const Round round;
  EXPECT_EQ(round.Fate(Candidates{{}}), Discards(Reason::kNoQuorum));
  EXPECT_EQ(round.Fate(Candidates{{kA, kB}}), Discards(Reason::kNoQuorum));
  EXPECT_EQ(DeadlineOf(round.state), round.now + Millis(100));
}

TEST(GatherTest, FixesTheCohortOfAllWhoAreReady) {
  Round round;
  const NodeSet four{kA, kB, kC, Node(4)};
  round.Do(Candidates{four});
  EXPECT_EQ(round.As<Train>().members.cohort, four);
  ASSERT_EQ(round.Effects<Tell>().size(), 1U);
  EXPECT_EQ(round.Effects<Tell>()[0].nodes, four);
  EXPECT_EQ(DeadlineOf(round.state), round.now + Millis(1000));
}

TEST(GatherTest, AbortsAtItsDeadlineWithoutQuorum) {
  Round round;
  round.After(99);
  EXPECT_EQ(round.Fate(Tick{}), Discards(Reason::kNone));
  round.After(1).Do(Tick{});
  EXPECT_EQ(round.As<Closed>().reason, Reason::kNoQuorum);
  EXPECT_TRUE(round.As<Closed>().attempt.cohort.empty()) << "no attempt was begun";
}

TEST(TrainTest, GoesOnWhenAllHaveFinished) {
  Round round = InTrain();
  round.Do(Trained{kA}).Do(Trained{kB});
  EXPECT_EQ(round.phase(), Phase::kTrain);
  EXPECT_EQ(round.Fate(Trained{kA}), Discards(Reason::kDuplicate));
  round.Do(Trained{kC});
  EXPECT_EQ(round.phase(), Phase::kCollect);
  EXPECT_EQ(round.As<Collect>().attempt.cohort, kAll);
  EXPECT_EQ(round.As<Collect>().attempt.id, AttemptId{4});
}

// Where nothing is masked a small update says that training is done.
TEST(TrainTest, UpdatesThatComeWithTheWordLeadStraightToTheSum) {
  Round round = InTrain();
  round.Do(UploadOf(kA)).Do(UploadOf(kB));
  EXPECT_EQ(round.phase(), Phase::kTrain);
  EXPECT_EQ(round.As<Train>().members.trained, (NodeSet{kA, kB}));
  EXPECT_EQ(round.Fate(UploadOf(kA)), Discards(Reason::kDuplicate));
  EXPECT_EQ(round.Fate(Trained{kA}), Discards(Reason::kDuplicate));
  EXPECT_EQ(round.Fate(Uploaded{kA, {4}, Hash(77), {}}), Rejects(Reason::kConflict)) << "other bytes, never";
  EXPECT_EQ(round.Fate(UploadOf(kC, {5})), Rejects(Reason::kWrongAttempt));
  EXPECT_EQ(round.Fate(UploadOf(kStranger)), Rejects(Reason::kNotInCohort));
  round.Do(UploadOf(kC));
  ASSERT_EQ(round.phase(), Phase::kUnmask);
  ASSERT_EQ(round.Effects<TakeSum>().size(), 1U);
  EXPECT_EQ(round.Effects<TakeSum>()[0].cohort, kAll);
  EXPECT_EQ(round.Effects<TakeSum>()[0].survivors, kAll);
}

TEST(TrainTest, WhoOnlySaidItWasDoneIsAskedForItsUpdateInTheSameAttempt) {
  Round round = InTrain();
  round.Do(UploadOf(kA)).Do(Trained{kB}).Do(Trained{kC});
  ASSERT_EQ(round.phase(), Phase::kCollect);
  EXPECT_EQ(round.As<Collect>().attempt.cohort, kAll) << "as was told with the training";
  ASSERT_EQ(round.Effects<Tell>().size(), 1U);
  EXPECT_EQ(round.Effects<Tell>()[0].nodes, (NodeSet{kB, kC}));
  EXPECT_EQ(round.Fate(UploadOf(kA)), Discards(Reason::kDuplicate));
  round.Do(UploadOf(kB)).Do(UploadOf(kC));
  EXPECT_EQ(round.phase(), Phase::kUnmask);
}

TEST(TrainTest, WhoIsLateWithItsUpdateIsOutOfTheSumAndInTheNextAttempt) {
  Round round = InTrain();
  round.Do(UploadOf(kA)).Do(Trained{kB}).After(1000).Do(Tick{});
  ASSERT_EQ(round.phase(), Phase::kCollect);
  round.Do(UploadOf(kC));
  EXPECT_FALSE(round.As<Collect>().uploads.contains(kC));
  EXPECT_TRUE(round.As<Collect>().members.trained.contains(kC));
  Round summed = round;
  summed.Do(UploadOf(kB)).Do(Summed{{4}, TestOutcome()});
  EXPECT_EQ(summed.Effects<Tell>()[0].nodes, (NodeSet{kA, kB}));
  EXPECT_FALSE(DutyOf(summed.state, kC));
  round.After(200).Do(Tick{});
  EXPECT_EQ(round.As<Collect>().attempt.id, AttemptId{5});
  EXPECT_EQ(round.As<Collect>().attempt.cohort, kAll);
}

TEST(TrainTest, WhatARestartLostIsToldAgain) {
  Round round = InTrain();
  round.Do(UploadOf(kA)).Do(UploadOf(kB)).Do(UploadsLost{{kA, kC}});
  ASSERT_EQ(round.Effects<Tell>().size(), 1U);
  EXPECT_EQ(round.Effects<Tell>()[0].nodes, NodeSet{kA});
  EXPECT_TRUE(DutyOf(round.state, kA));
  EXPECT_EQ(round.Fate(Uploaded{kA, {4}, Hash(77), {}}), Rejects(Reason::kConflict)) << "the same bytes";
  round.Do(UploadOf(kC)).Do(UploadOf(kA));
  EXPECT_EQ(round.phase(), Phase::kUnmask);
}

TEST(TrainTest, ADropOutTakesItsUpdateAway) {
  Round round = InTrain();
  round.Do(UploadOf(kA)).Do(Dropped{kA, Reason::kStopped}).Do(UploadOf(kB)).Do(UploadOf(kC));
  ASSERT_EQ(round.phase(), Phase::kUnmask);
  EXPECT_EQ(round.Effects<TakeSum>()[0].survivors, (NodeSet{kB, kC}));
}

TEST(TrainTest, AnAttemptThatWasToldIsUsedUp) {
  Round round = InTrain();
  round.Do(UploadOf(kA)).Do(Dropped{kB, Reason::kStopped}).Do(Dropped{kC, Reason::kStopped});
  EXPECT_EQ(round.As<Closed>().reason, Reason::kTooFewTrained);
  EXPECT_EQ(round.As<Closed>().attempt.cohort, kAll);
}

TEST(TrainTest, NoUpdateComesUnmaskedInAMaskedRound) {
  EXPECT_EQ(InTrain(MaskedPlan()).Fate(UploadOf(kA)), Rejects(Reason::kWrongPhase));
}

TEST(TrainTest, DoesNotWaitForWhoDroppedOut) {
  Round round = InTrain();
  round.Do(Trained{kA}).Do(Trained{kB}).Do(Dropped{kC, Reason::kDeclined});
  EXPECT_EQ(round.As<Collect>().attempt.cohort, (NodeSet{kA, kB}));
  EXPECT_EQ(round.As<Collect>().members.dropped.at(kC), Reason::kDeclined);
}

TEST(TrainTest, ADropOutAfterTrainingTakesItsDeltaAway) {
  Round round = InTrain();
  round.Do(Trained{kA}).Do(Dropped{kA, Reason::kStopped});
  EXPECT_TRUE(round.As<Train>().members.trained.empty());
  EXPECT_EQ(round.Fate(Trained{kA}), Rejects(Reason::kStopped)) << "out of the round for good";
  EXPECT_EQ(round.Fate(Dropped{kA, Reason::kDeclined}), Discards(Reason::kStopped));
}

TEST(TrainTest, GivesUpAsSoonAsTooFewAreLeft) {
  Round round = InTrain();
  round.Do(Dropped{kA, Reason::kDeclined}).Do(Dropped{kB, Reason::kStopped});
  EXPECT_EQ(round.As<Closed>().reason, Reason::kTooFewTrained);
  EXPECT_EQ(round.As<Closed>().members.dropped.size(), 2U) << "who and why stays visible";
}

TEST(TrainTest, GoesOnAtTheDeadlineWithEnoughAndIsGivenUpWithTooFew) {
  Round enough = InTrain();
  enough.Do(Trained{kA}).Do(Trained{kB}).After(1000).Do(Tick{});
  EXPECT_EQ(enough.As<Collect>().attempt.cohort, (NodeSet{kA, kB}));
  Round too_few = InTrain();
  too_few.Do(Trained{kA}).After(1000).Do(Tick{});
  EXPECT_EQ(too_few.As<Closed>().reason, Reason::kTooFewTrained);
}

TEST(TrainTest, RefusesStrangers) {
  const Round round = InTrain();
  EXPECT_EQ(round.Fate(Trained{kStranger}), Rejects(Reason::kNotInCohort));
  EXPECT_EQ(round.Fate(Dropped{kStranger, Reason::kDeclined}), Discards(Reason::kNotInCohort));
}

TEST(TrainTest, ARestartMovesTheDeadlineByTheTimeAway) {
  Round round = InTrain();
  const TimePoint before = *DeadlineOf(round.state);
  round.Do(Restarted{Millis(5000)});
  EXPECT_EQ(DeadlineOf(round.state), before + Millis(5000));
}

TEST(TrainTest, AClockSetBackTakesNothingFromTheDeadline) {
  const Round round = InTrain();
  EXPECT_EQ(round.Fate(Restarted{Millis(-5000)}), Discards(Reason::kNone));
  EXPECT_EQ(round.Fate(Restarted{Millis(0)}), Discards(Reason::kNone));
}

}  // namespace
}  // namespace accord::round
