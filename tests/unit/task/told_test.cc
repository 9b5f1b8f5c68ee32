// What the coordinator tells a node, in order and out of it, and what comes of the node's own work.
#include "tests/unit/task/fixture.h"

namespace accord::task {
namespace {

TEST(TaskTest, FollowsARoundFromTrainingToTheCheckedModel) {
  Task task;
  task.Do(Told(Round(1)));
  EXPECT_EQ(task.Asked(), Says({StartTraining{Round(1)}}));
  task.Do(TrainDone{{1}, kDelta});
  EXPECT_EQ(task.Asked(), Says({SayTrained{{1}}}));
  task.Do(Collect(1, 0));
  EXPECT_EQ(task.Asked(), Says({Encode{Round(1), kDelta, Plain(0)}}));
  task.Do(Encoded(1, 0));
  EXPECT_EQ(task.Asked(), Says({Send{Round(1), Plain(0, 12)}}));
  task.Do(SendDone{{1}, {0}});
  EXPECT_EQ(task.Asked(), Says({}));
  task.Do(CommitOf(1, 0));
  EXPECT_EQ(task.Asked(), Says({Check{Round(1), Plain(0, 12), CommitOf(1, 0).offer}}));
  task.Do(CheckedAs(1, 0));
  EXPECT_EQ(task.Asked(), Says({SayVerified{{1}, {0}, Hash(61), {}}}));
  task.Do(Told(Round(2)));
  EXPECT_EQ(task.activity(), "training");
  EXPECT_FALSE(task.state.attempted);
}

TEST(TaskTest, NobodyTrainsTwiceForOneRound) {
  for (Task task : {InTrained(), InEncoding(), InSending(), InSent(), InChecking(), InChecked()}) {
    EXPECT_EQ(task.Fate(Told(Round(1))), Discards(Reason::kDuplicate));
    EXPECT_EQ(task.answer, Says({SayTrained{{1}}})) << "the answer again: it may have been lost";
  }
}

TEST(TaskTest, ToldToCollectWithTheTrainingItSendsItsUpdateInsteadOfAWord) {
  Task task;
  task.Do(ToldToCollect(Round(1), 0));
  EXPECT_EQ(task.Asked(), Says({StartTraining{Round(1)}}));
  EXPECT_EQ(task.Fate(ToldToCollect(Round(1), 0)), Discards(Reason::kDuplicate));
  task.Do(TrainDone{{1}, kDelta});
  EXPECT_EQ(task.Asked(), Says({Encode{Round(1), kDelta, Plain(0)}}));
  task.Do(Encoded(1, 0));
  EXPECT_EQ(task.Asked(), Says({Send{Round(1), Plain(0, 12)}}));
  task.Do(SendDone{{1}, {0}});
  task.Do(ToldToCollect(Round(1), 0));
  EXPECT_EQ(task.Asked(), Says({Send{Round(1), Plain(0, 12)}})) << "lost: the same bytes again";
  EXPECT_EQ(task.Fate(ToldToCollect(Round(1), 0, {kA, kB})), Rejects(Reason::kConflict));
  task.Do(SendDone{{1}, {0}}).Do(ToldToCollect(Round(1), 1, {kA, kB}));
  EXPECT_EQ(task.Asked(), Says({Encode{Round(1), kDelta, Update{.attempt = {1}, .cohort = {kA, kB}}}}))
      << "the round was tried again";
}

TEST(TaskTest, AnUnmaskedUpdateIsNotToBeHadInAMaskedRound) {
  EXPECT_EQ(Task().Fate(ToldToCollect(MaskedRound(1), 0)), Rejects(Reason::kConflict));
  Task task;
  task.Do(Told(MaskedRound(1)));
  EXPECT_EQ(task.Fate(ToldToCollect(MaskedRound(1), 0)), Rejects(Reason::kConflict));
  EXPECT_EQ(task.answer, Says({SayDeclined{{1}, "secagg.out_of_phase"}}));
  task.Do(TrainDone{{1}, kDelta});
  EXPECT_EQ(task.Asked(), Says({SayTrained{{1}}})) << "and nothing is encoded";
}

TEST(TaskTest, ANewRoundStopsTheTrainingOfTheOldOne) {
  Task task = InTraining();
  task.Do(Told(Round(3)));
  EXPECT_EQ(task.Asked(), Says({StopTraining{}, StartTraining{Round(3)}}));
}

TEST(TaskTest, TwoTruthsAboutOneRoundAreAConflict) {
  Assignment other = Round(1);
  other.model_hash = Hash(99);
  EXPECT_EQ(InTraining().Fate(Told(other)), Rejects(Reason::kConflict));
  EXPECT_EQ(InSent().Fate(Told(other)), Rejects(Reason::kConflict));
}

TEST(TaskTest, FailedTrainingIsSaidAndMayBeTriedAgain) {
  Task task = InTraining();
  task.Do(TrainFailed{{1}, "task.failed"});
  EXPECT_EQ(task.Asked(), Says({SayDeclined{{1}, "task.failed"}}));
  task.Do(Told(Round(1)));
  EXPECT_EQ(task.Asked(), Says({StartTraining{Round(1)}}));
}

TEST(TaskTest, ANewAttemptUsesTheDeltaThatIsHeld) {
  for (Task task : {InEncoding(), InSending(), InSent(), InChecking(), InChecked()}) {
    task.Do(Collect(1, 1));
    EXPECT_EQ(task.Asked(), Says({Encode{Round(1), kDelta, Plain(1)}}));
    EXPECT_EQ(task.Fate(Collect(1, 0)), Discards(Reason::kStale)) << "the older attempt has ended for good";
    EXPECT_EQ(task.Fate(Encoded(1, 0)), Discards(Reason::kStale));
    EXPECT_EQ(task.Fate(CommitOf(1, 0)), Discards(Reason::kStale));
    EXPECT_EQ(task.answer, "[]");
  }
}

TEST(TaskTest, ALostUploadIsSentAgainAsItWas) {
  Task task = InSent();
  task.Do(Collect(1, 0));
  EXPECT_EQ(task.Asked(), Says({Send{Round(1), Plain(0, 12)}}));
}

// What is under way when the coordinator asks again may end in the memory that it lost.
TEST(TaskTest, AskedAgainWhileSendingItSendsOnceMoreAfterwards) {
  Task task = InSending();
  task.Do(Collect(1, 0));
  EXPECT_EQ(task.Asked(), "[]");
  EXPECT_EQ(task.Fate(Collect(1, 0)), Discards(Reason::kDuplicate)) << "once is enough";
  task.Do(SendDone{{1}, {0}});
  EXPECT_EQ(task.Asked(), Says({Send{Round(1), Plain(0, 12)}}));
  EXPECT_EQ(task.activity(), "sending");
  task.Do(SendDone{{1}, {0}});
  EXPECT_EQ(task.activity(), "sent");
}

TEST(TaskTest, OneAttemptHasOneCohort) {
  for (Task task : {InEncoding(), InSending(), InSent()}) {
    EXPECT_EQ(task.Fate(CollectTold{{1}, {0}, {kA, kB}}), Rejects(Reason::kConflict));
    EXPECT_EQ(task.Fate(CommitTold{{1}, {{0}, {kA, kB}, {kA}, 12, {}, {}, {}}}),
              Rejects(Reason::kWrongPhase));
  }
}

TEST(TaskTest, OnlyTheFrozenBytesOfAnAttemptMayLeave) {
  Task task = InSending();  // a restart encodes again
  EXPECT_EQ(Says(Outstanding(task.state)), Says({Encode{Round(1), kDelta, Plain(0, 12)}}));
  EXPECT_EQ(task.Fate(Encoded(1, 0)), Discards(Reason::kDuplicate));
  EXPECT_EQ(task.answer, Says({Send{Round(1), Plain(0, 12)}}));
  EXPECT_EQ(task.Fate(EncodeDone{{1}, {0}, 12, Hash(51), {}}), Rejects(Reason::kConflict));
  EXPECT_EQ(task.answer, Says({SayDeclined{{1}, "task.frozen"}}));
  EXPECT_EQ(task.Fate(EncodeDone{{1}, {0}, 13, Hash(50), {}}), Rejects(Reason::kConflict));
}

TEST(TaskTest, AskedForAnUpdateThatItDoesNotHoldItSaysSo) {
  Task idle;
  EXPECT_EQ(idle.Fate(Collect(1, 0)), Rejects(Reason::kWrongPhase));
  EXPECT_EQ(idle.answer, Says({SayDeclined{{1}, "task.no_delta"}}));
  EXPECT_EQ(idle.Fate(CommitOf(1, 0)), Rejects(Reason::kWrongPhase));
  EXPECT_EQ(idle.answer, Says({SayRefused{{1}, {0}, "task.no_delta"}}));
}

// A crash just after "I have trained" went out may lose the record of it; the coordinator then asks for an
// update while the node trains again from its checkpoint.
TEST(TaskTest, AskedForAnUpdateWhileTrainingItSendsItOnceTrained) {
  Task task = InTraining();
  task.Do(Collect(1, 0));
  EXPECT_EQ(task.activity(), "training");
  EXPECT_EQ(task.Asked(), "[]");
  EXPECT_EQ(task.Fate(Collect(1, 0)), Discards(Reason::kDuplicate));
  EXPECT_EQ(task.Fate(CollectTold{{1}, {0}, {kA}}), Rejects(Reason::kConflict));
  task.Do(Collect(1, 2));
  EXPECT_EQ(task.Fate(Collect(1, 1)), Discards(Reason::kStale));
  EXPECT_EQ(Says(Outstanding(task.state)), Says({StartTraining{Round(1)}}));
  task.Do(TrainDone{{1}, kDelta});
  EXPECT_EQ(task.activity(), "encoding");
  EXPECT_EQ(task.Asked(), Says({Encode{Round(1), kDelta, Plain(2)}}));
  EXPECT_EQ(task.state.attempt, AttemptId{2});
}

TEST(TaskTest, ARefusedAttemptIsRefusedAgainAndItsNumberIsUsedUp) {
  Task task = InEncoding();
  task.Do(Failed{{1}, {0}, "update.not_finite"});
  EXPECT_EQ(task.Asked(), Says({SayRefused{{1}, {0}, "update.not_finite"}}));
  EXPECT_EQ(task.activity(), "trained");
  EXPECT_EQ(task.Fate(Collect(1, 0)), Rejects(Reason::kConflict));
  EXPECT_EQ(task.answer, Says({SayRefused{{1}, {0}, "task.no_delta"}}));
  task.Do(Collect(1, 1));
  EXPECT_EQ(task.activity(), "encoding");
}

TEST(TaskTest, ACheckThatFailedIsMadeAgainWhenToldAgain) {
  Task task = InChecking();
  task.Do(Failed{{1}, {0}, "net.unreachable"});
  EXPECT_EQ(task.Asked(), Says({SayRefused{{1}, {0}, "net.unreachable"}}));
  EXPECT_EQ(task.activity(), "sent");
  task.Do(CommitOf(1, 0)).Do(CheckedAs(1, 0));
  EXPECT_EQ(task.activity(), "checked");
}

TEST(TaskTest, AnotherModelThanTheCoordinatorsIsSaidAndNotTaken) {
  Task task = InChecking();
  task.Do(CheckedAs(1, 0, Hash(62)));
  EXPECT_EQ(task.Asked(), Says({SayVerified{{1}, {0}, Hash(62), {}}}));
  EXPECT_EQ(task.activity(), "sent");
}

TEST(TaskTest, TheSameOfferAgainGetsTheSameAnswerAnotherIsAConflict) {
  CommitTold other = CommitOf(1, 0);
  other.offer.sum = Hash(99);
  Task checked = InChecked();
  EXPECT_EQ(checked.Fate(CommitOf(1, 0)), Discards(Reason::kDuplicate));
  EXPECT_EQ(checked.answer, Says({SayVerified{{1}, {0}, Hash(61), {}}}));
  EXPECT_EQ(checked.Fate(other), Rejects(Reason::kConflict));
  EXPECT_EQ(InChecking().Fate(CommitOf(1, 0)), Discards(Reason::kDuplicate));
  EXPECT_EQ(InChecking().Fate(other), Rejects(Reason::kConflict));
}

// A coordinator that lies about sizes must not make a node allocate or check nonsense.
TEST(TaskTest, AnOfferThatDoesNotFitTheUpdateIsRefused) {
  std::vector<CommitTold> bad(4, CommitOf(1, 0));
  bad[0].offer.words = 1ULL << 61;
  bad[1].offer.words = 0;
  bad[2].offer.survivors = {};
  bad[3].offer.survivors = {kA, kB, kC, kStranger};
  for (const CommitTold& told : bad) {
    for (Task task : {InSending(), InSent(), InChecked()}) {
      EXPECT_EQ(task.Fate(told), Rejects(Reason::kConflict));
      EXPECT_EQ(task.answer, Says({SayRefused{{1}, {0}, "secagg.wrong_count"}}));
    }
  }
}

TEST(TaskTest, ASlowSenderStillChecksTheSumOfTheOthers) {
  Task task = InSending();
  task.Do(CommitOf(1, 0));
  EXPECT_EQ(task.activity(), "checking");
  EXPECT_EQ(task.Fate(SendDone{{1}, {0}}), Discards(Reason::kStale));
}

TEST(TaskTest, ARestartTakesItsOwnWorkUpAgain) {
  const auto outstanding = [](const Task& task) { return Says(Outstanding(task.state)); };
  EXPECT_EQ(outstanding(Task()), "[]");
  EXPECT_EQ(outstanding(InTraining()), Says({StartTraining{Round(1)}}));
  EXPECT_EQ(outstanding(InTrained()), "[]");
  EXPECT_EQ(outstanding(InEncoding()), Says({Encode{Round(1), kDelta, Plain(0)}}));
  EXPECT_EQ(outstanding(InSent()), "[]");
  EXPECT_EQ(outstanding(InChecking()), Says({Check{Round(1), Plain(0, 12), CommitOf(1, 0).offer}}));
  EXPECT_EQ(outstanding(InChecked()), "[]");
}

TEST(TaskTest, RoundsAndAttemptsOnlyGrow) {
  Task task = InChecked();
  task.Do(Told(Round(5))).Do(TrainDone{{5}, kDelta}).Do(Collect(5, 3));
  EXPECT_EQ(task.state.round, RoundId{5});
  EXPECT_EQ(task.state.attempt, AttemptId{3});
  EXPECT_EQ(task.Fate(Told(Round(4))), Discards(Reason::kStale));
  EXPECT_EQ(task.Fate(Collect(5, 2)), Discards(Reason::kStale));
}

}  // namespace
}  // namespace accord::task
