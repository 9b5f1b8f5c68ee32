// What the lab decides at its own node, and the end of a job.
#include "base/errors.h"
#include "tests/unit/task/fixture.h"

namespace accord::task {
namespace {

TEST(LabTest, AStopEndsAllWorkAtOnceAndIsSaid) {
  for (Task task : AllActivities()) {
    task.Do(Stop{});
    EXPECT_EQ(task.Asked(), Says({StopTraining{}, SayDeclined{{0}, "task.stopped"}}));
    EXPECT_EQ(task.activity(), "idle");
    EXPECT_EQ(task.Fate(Stop{}), Discards(Reason::kDuplicate));
  }
}

TEST(LabTest, AfterAStopTheUsedAttemptIsNeverUsedAgain) {
  Task task = InSending();
  task.Do(Stop{}).Do(Allow{});
  EXPECT_EQ(task.Asked(), Says({SayPrepared{}}));
  task.Do(Told(Round(1))).Do(TrainDone{{1}, kDelta});
  EXPECT_EQ(task.Fate(Collect(1, 0)), Rejects(Reason::kConflict));
  EXPECT_EQ(task.answer, Says({SayRefused{{1}, {0}, "task.no_delta"}}));
  task.Do(Collect(1, 1));
}

TEST(LabTest, AUsedAttemptIsNotPromisedWhileTrainingEither) {
  Task task = InSending();
  task.Do(Stop{}).Do(Allow{}).Do(Told(Round(1)));
  EXPECT_EQ(task.Fate(Collect(1, 0)), Rejects(Reason::kConflict));
}

TEST(LabTest, ErasingRemovesFilesAndLeavesTheRound) {
  Task task = InSent();
  task.Do(Erase{});
  EXPECT_EQ(task.Asked(), Says({StopTraining{}, EraseFiles{}, SayDeclined{{1}, "task.erased"}}));
  EXPECT_TRUE(task.state.erased);
  EXPECT_EQ(task.activity(), "idle");
  task.Do(Erase{});
  EXPECT_EQ(task.Asked(), Says({StopTraining{}, EraseFiles{}})) << "again is allowed";
}

TEST(LabTest, AnAttemptThatWasAnsweredIsNotAnsweredByOtherBytes) {
  Task task = InSending();
  task.Do(Erase{}).Do(ToldToCollect(Round(1), 0)).Do(TrainDone{{1}, {.file = Hash(77), .examples = 9}});
  EXPECT_EQ(task.Asked(), Says({SayTrained{{1}}})) << "trained again, but the attempt has its bytes";
  EXPECT_EQ(task.Fate(Collect(1, 0)), Rejects(Reason::kConflict));
  task.Do(Collect(1, 1));
  EXPECT_EQ(std::get<Encoding>(task.state.activity).update.attempt, AttemptId{1});
}

TEST(LabTest, WhatANewRoundWritesIsNotErased) {
  Task task = InSent();
  task.Do(Erase{}).Do(Told(Round(2)));
  EXPECT_FALSE(task.state.erased);
}

TEST(LabTest, TheEndErasesFilesAndIsHeardOnce) {
  for (Task task : AllActivities()) {
    task.Do(EndTold{});
    EXPECT_EQ(task.Asked(), Says({StopTraining{}, EraseFiles{}}));
    EXPECT_EQ(task.Fate(EndTold{}), Discards(Reason::kDuplicate));
    EXPECT_EQ(task.Fate(Told(Round(9))), Discards(Reason::kOver));
  }
}

TEST(LabTest, ALabMayStopAndEraseAJobThatHasEnded) {
  Task task = InSent();
  task.Do(EndTold{}).Do(Stop{});
  EXPECT_EQ(task.Asked(), Says({StopTraining{}})) << "nobody needs to hear it";
  EXPECT_EQ(Says(Outstanding(task.state)), "[]") << "nor after a restart";
  task.Do(Erase{});
  EXPECT_EQ(task.Asked(), Says({StopTraining{}, EraseFiles{}}));
}

TEST(LabTest, AllowWithoutAStopChangesNothing) {
  EXPECT_EQ(InTraining().Fate(Allow{}), Discards(Reason::kDuplicate));
}

TEST(LabTest, EveryWordToTheCoordinatorHasAPageInTheTableOfErrors) {
  for (const char* id :
       {"task.stopped", "task.erased", "task.frozen", "task.no_delta", "task.failed", "secagg.wrong_count"})
    EXPECT_NE(FindError(id), nullptr) << id;
}

}  // namespace
}  // namespace accord::task
