// p4 collect to p6 unmask: uploads, attempts, what a restart loses, and the sum.
#include "tests/unit/round/fixture.h"

namespace accord::round {
namespace {

TEST(CollectTest, TellsTheCohortAndTakesTheSumOfAllWhoSent) {
  Round round = InCollect();
  ASSERT_EQ(round.Effects<Tell>().size(), 1U);
  EXPECT_EQ(round.Effects<Tell>()[0].nodes, kAll);
  round.Do(UploadOf(kB)).Do(UploadOf(kA)).Do(UploadOf(kC));
  EXPECT_EQ(round.phase(), Phase::kUnmask);
  ASSERT_EQ(round.Effects<TakeSum>().size(), 1U);
  EXPECT_EQ(round.Effects<TakeSum>()[0].survivors, kAll);
  EXPECT_EQ(round.Effects<TakeSum>()[0].cohort, kAll);
  EXPECT_EQ(round.Effects<TakeSum>()[0].attempt, AttemptId{4});
  EXPECT_EQ(DeadlineOf(round.state), std::nullopt) << "it waits for its own work";
}

TEST(CollectTest, TheSameBytesMayComeAgainOtherBytesNever) {
  Round round = InCollect();
  round.Do(UploadOf(kA));
  EXPECT_EQ(round.Fate(UploadOf(kA)), Discards(Reason::kDuplicate));
  EXPECT_EQ(round.Fate(Uploaded{kA, {4}, Hash(99)}), Rejects(Reason::kConflict));
}

TEST(CollectTest, UploadsOfOtherAttemptsAndOfStrangersDoNotCount) {
  const Round round = InCollect();
  EXPECT_EQ(round.Fate(UploadOf(kA, {3})), Discards(Reason::kWrongAttempt));
  EXPECT_EQ(round.Fate(UploadOf(kA, {5})), Rejects(Reason::kWrongAttempt));
  EXPECT_EQ(round.Fate(UploadOf(kStranger)), Rejects(Reason::kNotInCohort));
}

TEST(CollectTest, GoesOnAtTheDeadlineWithEnough) {
  Round round = InCollect();
  round.Do(UploadOf(kA)).Do(UploadOf(kC)).After(199);
  EXPECT_EQ(round.Fate(Tick{}), Discards(Reason::kNone));
  round.After(1).Do(Tick{});
  EXPECT_EQ(round.Effects<TakeSum>()[0].survivors, (NodeSet{kA, kC}));
  EXPECT_EQ(round.Effects<TakeSum>()[0].cohort, kAll) << "the encoding is the whole cohort's";
  EXPECT_EQ(round.Fate(UploadOf(kB)), Discards(Reason::kLate));
}

TEST(CollectTest, DoesNotCountTheUploadOfWhoDroppedOut) {
  Round round = InCollect();
  round.Do(UploadOf(kA)).Do(UploadOf(kB)).Do(Dropped{kA, Reason::kStopped});
  EXPECT_EQ(round.phase(), Phase::kCollect) << "C is awaited";
  EXPECT_EQ(round.Fate(UploadOf(kA)), Rejects(Reason::kStopped));
  round.Do(UploadOf(kC));
  EXPECT_EQ(round.Effects<TakeSum>()[0].survivors, (NodeSet{kB, kC}));
}

TEST(CollectTest, AFailedAttemptIsTriedAgainWithAHigherNumberAndEveryDeltaHeld) {
  Round round = InTrain();
  round.Do(Trained{kA}).Do(Trained{kB}).After(1000).Do(Tick{});  // C was too slow
  round.Do(Trained{kC});                                         // and holds its delta now
  EXPECT_EQ(round.As<Collect>().attempt.cohort, (NodeSet{kA, kB}));
  round.Do(UploadOf(kA)).After(200).Do(Tick{});
  ASSERT_EQ(round.phase(), Phase::kCollect);
  EXPECT_EQ(round.As<Collect>().attempt.id, AttemptId{5});
  EXPECT_EQ(round.As<Collect>().attempt.cohort, kAll);
  EXPECT_TRUE(round.As<Collect>().uploads.empty()) << "an upload never counts in another attempt";
  ASSERT_EQ(round.effects.size(), 2U);
  EXPECT_EQ(Dump(round.effects[0]), Dump(Effect(Discard{{4}})));
  EXPECT_EQ(Dump(round.effects[1]), Dump(Effect(Tell{kAll})));
}

TEST(CollectTest, IsGivenUpAfterTheLastAttempt) {
  Round round = InCollect();
  for (const std::uint32_t attempt : {4U, 5U, 6U}) {
    EXPECT_EQ(round.As<Collect>().attempt.id.value, attempt);
    round.After(200).Do(Tick{});
  }
  EXPECT_EQ(round.As<Closed>().reason, Reason::kTooFewUploads);
  EXPECT_EQ(round.As<Closed>().attempt.id, AttemptId{6});
}

TEST(CollectTest, IsGivenUpAtOnceWhenTooFewAreLeftForAnyAttempt) {
  Round round = InCollect();
  round.Do(Dropped{kA, Reason::kRefused}).Do(Dropped{kB, Reason::kRefused});
  EXPECT_EQ(round.As<Closed>().reason, Reason::kTooFewUploads);
}

TEST(CollectTest, WhatARestartLostMustComeAgainWithTheSameBytes) {
  Round round = InCollect();
  round.Do(UploadOf(kA)).Do(UploadOf(kB)).Do(UploadsLost{{kA, kStranger}});
  EXPECT_EQ(round.Effects<Tell>()[0].nodes, NodeSet{kA});
  EXPECT_EQ(round.Fate(UploadsLost{{kA}}), Discards(Reason::kDuplicate));
  EXPECT_EQ(round.Fate(Uploaded{kA, {4}, Hash(99)}), Rejects(Reason::kConflict));
  round.Do(UploadOf(kC));
  EXPECT_EQ(round.phase(), Phase::kCollect);
  round.Do(UploadOf(kA));
  EXPECT_EQ(round.phase(), Phase::kUnmask);
}

TEST(CollectTest, WhatARestartLostGetsTheTimeOfAFirstUpload) {
  Round round = InCollect();
  round.Do(UploadOf(kA)).After(199).Do(UploadsLost{{kA}});
  EXPECT_EQ(DeadlineOf(round.state), round.now + Millis(200));
}

TEST(UnmaskTest, LostUploadsOfSurvivorsAreAwaitedAgainAndNobodyElse) {
  Round round = InCollect();
  round.Do(UploadOf(kA)).Do(UploadOf(kB)).After(200).Do(Tick{});  // without C
  round.Do(UploadsLost{{kA, kB}});
  ASSERT_EQ(round.phase(), Phase::kCollect);
  EXPECT_EQ(round.Effects<Tell>()[0].nodes, (NodeSet{kA, kB}));
  EXPECT_EQ(DutyOf(round.state, kC), std::nullopt);
  EXPECT_EQ(round.Fate(UploadOf(kC)), Discards(Reason::kLate)) << "the survivor set is fixed";
  EXPECT_EQ(round.Fate(Uploaded{kA, {4}, Hash(99)}), Rejects(Reason::kConflict));
  round.Do(UploadOf(kB)).Do(UploadOf(kA));
  ASSERT_EQ(round.phase(), Phase::kUnmask) << "C is not waited for a second time";
  EXPECT_EQ(round.Effects<TakeSum>()[0].survivors, (NodeSet{kA, kB}));
}

TEST(UnmaskTest, SurvivorsThatDoNotComeBackAreLeftBehindAtTheDeadline) {
  Round enough = InUnmask();
  enough.Do(UploadsLost{{kA, kB}}).Do(UploadOf(kA)).After(200).Do(Tick{});
  EXPECT_EQ(enough.Effects<TakeSum>()[0].survivors, (NodeSet{kA, kC}));
  Round too_few = InUnmask();
  too_few.Do(UploadsLost{{kA, kB}}).After(200).Do(Tick{});
  EXPECT_EQ(too_few.As<Collect>().attempt.id, AttemptId{5});
  EXPECT_FALSE(too_few.As<Collect>().again);
}

TEST(UnmaskTest, ALossThatTheSumDoesNotNeedChangesNothing) {
  Round round = InCollect();
  round.Do(UploadOf(kA)).Do(UploadOf(kB)).After(200).Do(Tick{});
  EXPECT_EQ(round.Fate(UploadsLost{{}}), Discards(Reason::kDuplicate));
  EXPECT_EQ(round.Fate(UploadsLost{{kC, kStranger}}), Discards(Reason::kDuplicate));
}

TEST(UnmaskTest, ASumOfAnotherAttemptIsDiscarded) {
  const Round round = InUnmask();
  EXPECT_EQ(round.Fate(Summed{{3}, TestOutcome()}), Discards(Reason::kWrongAttempt));
  EXPECT_EQ(round.Fate(SumFailed{{5}}), Discards(Reason::kWrongAttempt));
}

TEST(UnmaskTest, AnInvalidSumIsTriedAgainAndThenGivenUp) {
  Round round = InUnmask();
  for (const std::uint32_t attempt : {4U, 5U, 6U}) {
    round.Do(SumFailed{{attempt}});
    if (attempt == 6) break;
    ASSERT_EQ(round.phase(), Phase::kCollect);
    for (const NodeId node : kAll) round.Do(UploadOf(node, {attempt + 1}));
  }
  EXPECT_EQ(round.As<Closed>().reason, Reason::kSumInvalid);
}

TEST(UnmaskTest, WhoDropsOutNowIsInTheSumAllTheSame) {
  const Round round = InUnmask();
  EXPECT_EQ(round.Fate(Dropped{kA, Reason::kStopped}), Discards(Reason::kLate));
  EXPECT_EQ(round.Fate(UploadOf(kA)), Discards(Reason::kDuplicate));
  EXPECT_EQ(round.Fate(Uploaded{kA, {4}, Hash(99)}), Rejects(Reason::kConflict));
}

}  // namespace
}  // namespace accord::round
