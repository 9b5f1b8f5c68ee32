// Masked rounds at a node: the order of their messages, what is repeated, and what ends an attempt.
#include "base/errors.h"
#include "tests/unit/task/fixture.h"

namespace accord::task {
namespace {

Effect Say(Answer answer, std::uint32_t attempt = 0) { return SayAnswer{{1}, {attempt}, answer}; }
Effect Refuse(const char* error, std::uint32_t attempt = 0) { return SayRefused{{1}, {attempt}, error}; }

Update Offering(std::uint32_t attempt = 0) {
  Update update{.attempt = {attempt}, .cohort = kAll};
  update.ctx = Offered(1, attempt).ctx;
  return update;
}
Update Frozen() {
  Update update = Offering();
  update.words = 12;
  update.root = Hash(50);
  return update;
}

TEST(MaskedTaskTest, FollowsARoundFromTheOfferToTheProvenModel) {
  Task task = MaskedTrained();
  task.Do(Offered(1, 0));
  EXPECT_EQ(task.Asked(), Says({Say(Answer::kAdvert)}));
  task.Do(Rostered(1, 0));
  EXPECT_EQ(task.Asked(), Says({Say(Answer::kShares)}));
  task.Do(Collect(1, 0));
  EXPECT_EQ(task.Asked(), Says({Encode{MaskedRound(1), kDelta, Offering()}}));
  task.Do(Masked(1, 0));
  EXPECT_EQ(task.Asked(), Says({Send{MaskedRound(1), Frozen()}}));
  task.Do(SendDone{{1}, {0}}).Do(Survived(1, 0));
  EXPECT_EQ(task.Asked(), Says({Say(Answer::kSet)}));
  task.Do(Certified(1, 0));
  EXPECT_EQ(task.Asked(), Says({Say(Answer::kUnmask)}));
  task.Do(OpenedCommit(1, 0));
  Update opened = Frozen();
  opened.u3 = kSurvivors;
  opened.u3_hash = Hash(71);
  EXPECT_EQ(task.Asked(), Says({Check{MaskedRound(1), opened, OpenedCommit(1, 0).offer}}));
  task.Do(ProvenAs(1, 0));
  EXPECT_EQ(task.Asked(), Says({SayVerified{{1}, {0}, Hash(61), {1, 2, 3}}}));
  task.Do(Told({{2}, round::Purpose::kTrain, Hash(61), SecureMode::kMalicious}, 1));
  EXPECT_EQ(task.activity(), "training");
  EXPECT_EQ(task.state.proven, RoundId{1});
}

TEST(MaskedTaskTest, InALargeCohortTheGraphIsDrawnBeforeTheShares) {
  Task task = InAdvertised();
  task.Do(RosteredForAGraph(1, 0));
  EXPECT_EQ(task.Asked(), Says({Say(Answer::kNonce)}));
  EXPECT_EQ(task.Fate(RosteredForAGraph(1, 0)), Discards(Reason::kDuplicate));
  EXPECT_EQ(task.answer, Says({Say(Answer::kNonce)}));
  task.Do(Drawn(1, 0));
  EXPECT_EQ(task.Asked(), Says({Say(Answer::kShares)}));
  EXPECT_EQ(task.Fate(Drawn(1, 0)), Discards(Reason::kDuplicate));
  EXPECT_EQ(task.answer, Says({Say(Answer::kShares)}));
  task.Do(Collect(1, 0));
  EXPECT_EQ(task.activity(), "encoding");
}

TEST(MaskedTaskTest, AnHonestCoordinatorIsAnsweredByTheSharesAtOnce) {
  Task task = MaskedSent(SecureMode::kSemiHonest);
  task.Do(Survived(1, 0));
  EXPECT_EQ(task.activity(), "unmasked");
  EXPECT_EQ(task.Asked(), Says({Say(Answer::kUnmask)}));
  EXPECT_EQ(task.Fate(Survived(1, 0)), Discards(Reason::kDuplicate));
  EXPECT_EQ(task.answer, Says({Say(Answer::kUnmask)}));
  EXPECT_EQ(task.state.signed_sets.size(), 1U);
}

TEST(MaskedTaskTest, NoShareLeavesBeforeTheCertificate) {
  for (Task task : {InAdvertised(), InShared(), MaskedEncoding(), MaskedSending(), MaskedSent()}) {
    EXPECT_EQ(task.Fate(Certified(1, 0)), Rejects(Reason::kWrongPhase)) << task.activity();
    EXPECT_EQ(task.answer, Says({Refuse("secagg.no_certificate")}));
    EXPECT_EQ(task.Fate(OpenedCommit(1, 0)), Rejects(Reason::kWrongPhase));
    EXPECT_EQ(task.answer, Says({Refuse("secagg.out_of_phase")}));
  }
  EXPECT_EQ(InSigned().Fate(OpenedCommit(1, 0)), Rejects(Reason::kWrongPhase));
}

TEST(MaskedTaskTest, NoUpdateLeavesWithoutSharedMasks) {
  for (Task task : {MaskedTrained(), InAdvertised()}) {
    EXPECT_EQ(task.Fate(Collect(1, 0)), Rejects(Reason::kWrongPhase));
    EXPECT_EQ(task.answer, Says({Refuse("secagg.out_of_phase")}));
  }
}

TEST(MaskedTaskTest, WhatWasToldBeforeIsAnsweredAsBefore) {
  for (Task task : InAttempt()) {
    EXPECT_EQ(task.Fate(Offered(1, 0)), Discards(Reason::kDuplicate)) << task.activity();
    EXPECT_EQ(task.answer, Says({Say(Answer::kAdvert)}));
    if (task.activity() == "advertised") continue;
    EXPECT_EQ(task.Fate(Rostered(1, 0)), Discards(Reason::kDuplicate));
    EXPECT_EQ(task.answer, Says({Say(task.activity() == "drawing" ? Answer::kNonce : Answer::kShares)}));
  }
  for (Task task : {InSigned(), InUnmasked(), MaskedChecking(), MaskedChecked()}) {
    EXPECT_EQ(task.Fate(Survived(1, 0)), Discards(Reason::kDuplicate));
    EXPECT_EQ(task.answer, Says({Say(Answer::kSet)}));
  }
  for (Task task : {InUnmasked(), MaskedChecking(), MaskedChecked()}) {
    EXPECT_EQ(task.Fate(Certified(1, 0)), Discards(Reason::kDuplicate));
    EXPECT_EQ(task.answer, Says({Say(Answer::kUnmask)}));
  }
  Task checked = MaskedChecked();
  EXPECT_EQ(checked.Fate(OpenedCommit(1, 0)), Discards(Reason::kDuplicate));
  EXPECT_EQ(checked.answer, Says({SayVerified{{1}, {0}, Hash(61), {1, 2, 3}}}));
}

TEST(MaskedTaskTest, AnotherOfferOfOneAttemptIsRefused) {
  OfferTold other = Offered(1, 0);
  other.ctx = Hash(99);
  for (Task task : InAttempt()) {
    EXPECT_EQ(task.Fate(other), Rejects(Reason::kConflict));
    EXPECT_EQ(task.answer, Says({Refuse("secagg.stale_attempt")}));
  }
}

// A coordinator that restarted after p4 has lost uploads; its nodes may be past p4.
TEST(MaskedTaskTest, ALostUploadIsSentAgainAndNothingElseChanges) {
  Task sent = MaskedSent();
  sent.Do(Collect(1, 0));
  EXPECT_EQ(sent.Asked(), Says({Send{MaskedRound(1), Frozen()}}));
  for (Task task : {InSigned(), InUnmasked(), MaskedChecked()}) {
    EXPECT_EQ(task.Fate(Collect(1, 0)), Discards(Reason::kDuplicate));
    EXPECT_NE(task.answer, "[]") << task.activity();
  }
}

TEST(MaskedTaskTest, TheSurvivorsMayBeKnownBeforeThisNodeKnowsThatItHasSent) {
  Task task = MaskedSending();
  task.Do(Survived(1, 0));
  EXPECT_EQ(task.activity(), "signed");
  EXPECT_EQ(task.Fate(SendDone{{1}, {0}}), Discards(Reason::kStale));
}

TEST(MaskedTaskTest, ASecondSetIsRefusedInEveryForm) {
  SurvivorsTold other = Survived(1, 0, kAll);
  other.u3_hash = Hash(73);
  for (Task task : {InSigned(), InUnmasked(), MaskedChecking(), MaskedChecked()}) {
    EXPECT_EQ(task.Fate(other), Rejects(Reason::kConflict));
    EXPECT_EQ(task.answer, Says({Refuse("secagg.second_u3")}));
  }
  std::vector<CommitTold> bad(3, OpenedCommit(1, 0));
  bad[0].offer.opened->u3_hash = Hash(73);
  bad[1].offer.survivors = kAll;
  bad[2].offer.opened.reset();
  for (const CommitTold& told : bad) {
    Task task = InUnmasked();
    EXPECT_EQ(task.Fate(told), Rejects(Reason::kConflict));
    EXPECT_EQ(task.answer, Says({Refuse("secagg.second_u3")}));
  }
}

TEST(MaskedTaskTest, ASumOfAnotherLengthIsRefused) {
  CommitTold told = OpenedCommit(1, 0);
  told.offer.words = 1ULL << 61;
  Task task = InUnmasked();
  EXPECT_EQ(task.Fate(told), Rejects(Reason::kConflict));
  EXPECT_EQ(task.answer, Says({Refuse("secagg.wrong_length")}));
}

TEST(MaskedTaskTest, AnUnmaskedRoundHearsNothingOfMasks) {
  for (Task task : AllActivities()) {
    if (task.activity() == "idle") continue;
    for (const Event& event :
         std::vector<Event>{Offered(1, 0), Rostered(1, 0), Survived(1, 0), Certified(1, 0)}) {
      EXPECT_EQ(task.Fate(event), Rejects(Reason::kWrongPhase));
      EXPECT_EQ(task.answer, Says({Refuse("secagg.out_of_phase")}));
    }
  }
}

// ---------------------------------------------------------------- attempts

TEST(MaskedTaskTest, ANewerOfferEndsTheOlderAttemptForGood) {
  for (Task task : InAttempt()) {
    task.Do(Offered(1, 1, task.state.signed_sets.empty() ? kAll : kSurvivors));
    EXPECT_EQ(task.Asked(), Says({Say(Answer::kAdvert, 1)}));
    EXPECT_EQ(task.activity(), "advertised");
    for (const Event& event :
         std::vector<Event>{Offered(1, 0), Rostered(1, 0), Collect(1, 0), Masked(1, 0), SendDone{{1}, {0}},
                            Survived(1, 0), Certified(1, 0), OpenedCommit(1, 0), ProvenAs(1, 0),
                            Failed{{1}, {0}, ""}, Aborted{{1}, {0}, ""}}) {
      EXPECT_EQ(task.Fate(event), Discards(Reason::kStale)) << event.index();
      EXPECT_EQ(task.answer, "[]");
    }
  }
}

TEST(MaskedTaskTest, AnAttemptThatWasNeverOfferedIsOutOfPhase) {
  for (const Event& event :
       std::vector<Event>{Rostered(1, 1), Collect(1, 1), Survived(1, 1), Certified(1, 1)}) {
    for (Task task : InAttempt()) {
      EXPECT_EQ(task.Fate(event), Rejects(Reason::kWrongPhase));
      EXPECT_EQ(task.answer, Says({Refuse("secagg.out_of_phase", 1)}));
    }
  }
}

TEST(MaskedTaskTest, ARefusalEndsTheAttemptAndKeepsTheDelta) {
  for (Task task : InAttempt()) {
    task.Do(Aborted{{1}, {0}, "secagg.bad_share"});
    EXPECT_EQ(task.Asked(), Says({Refuse("secagg.bad_share")}));
    EXPECT_EQ(task.activity(), "trained");
    for (const Event& event : std::vector<Event>{Offered(1, 0), Rostered(1, 0), Collect(1, 0), Survived(1, 0),
                                                 Certified(1, 0), OpenedCommit(1, 0)}) {
      EXPECT_EQ(task.Fate(event), Rejects(Reason::kConflict));
      EXPECT_EQ(task.answer, Says({Refuse("secagg.bad_share")})) << "the same answer again";
    }
    task.Do(Offered(1, 1, task.state.signed_sets.empty() ? kAll : kSurvivors));
  }
}

TEST(MaskedTaskTest, ASumThatCouldNotBeFetchedIsCheckedAgainAndAnotherModelIsSaid) {
  Task task = MaskedChecking();
  task.Do(Failed{{1}, {0}, "net.unreachable"});
  EXPECT_EQ(task.Asked(), Says({Refuse("net.unreachable")}));
  EXPECT_EQ(task.activity(), "unmasked");
  task.Do(OpenedCommit(1, 0)).Do(ProvenAs(1, 0, Hash(62)));
  EXPECT_EQ(task.Asked(), Says({SayVerified{{1}, {0}, Hash(62), {1, 2, 3}}}));
  EXPECT_EQ(task.activity(), "unmasked");
}

TEST(MaskedTaskTest, AnUpdateThatCannotBeEncodedEndsTheAttempt) {
  Task task = MaskedEncoding();
  task.Do(Failed{{1}, {0}, "update.not_finite"});
  EXPECT_EQ(task.activity(), "trained");
  EXPECT_EQ(task.Fate(Collect(1, 0)), Rejects(Reason::kConflict));
  EXPECT_EQ(task.answer, Says({Refuse("update.not_finite")}));
}

// ---------------------------------------------------------------- a delta that is gone

TEST(LostDeltaTest, IsTrainedAgainForTheNextAttempt) {
  Task waits = MaskedTrained();
  waits.Do(DeltaLost{{1}, {0}});
  EXPECT_EQ(waits.Asked(), Says({StartTraining{MaskedRound(1)}})) << "the attempt can wait for it";
  Task task = MaskedEncoding();
  task.Do(DeltaLost{{1}, {0}});
  EXPECT_EQ(task.Asked(), Says({Refuse("task.no_delta"), StartTraining{MaskedRound(1)}}));
  EXPECT_EQ(task.Fate(Collect(1, 0)), Rejects(Reason::kConflict)) << "nothing is masked twice";
  EXPECT_EQ(task.answer, Says({Refuse("task.no_delta")}));
  Delta other = kDelta;
  other.file = Hash(41);
  task.Do(TrainDone{{1}, other});
  EXPECT_EQ(task.Asked(), Says({SayTrained{{1}}}));
  EXPECT_EQ(task.Fate(Collect(1, 0)), Rejects(Reason::kConflict));
  task.Do(Offered(1, 1));
}

// Unmasked, the coordinator asks for the attempt's bytes again; these are another attempt's.
TEST(LostDeltaTest, InAnUnmaskedRoundLeavesTheAttemptToo) {
  Task task = InSending();
  task.Do(DeltaLost{{1}, {0}});
  EXPECT_EQ(task.Asked(), Says({Refuse("task.no_delta"), StartTraining{Round(1)}}));
  EXPECT_EQ(task.Fate(Collect(1, 0)), Rejects(Reason::kConflict));
  task.Do(Collect(1, 1)).Do(TrainDone{{1}, kDelta});
  EXPECT_EQ(task.activity(), "encoding");
}

// Two sums of one set that differ in one node's update alone would show how its updates differ.
TEST(LostDeltaTest, OnceAnUpdateLeftOnlyTheSameOneIsTakenAgain) {
  Delta other = kDelta;
  other.eval_correct = 4;
  for (Task task : {MaskedSending(), MaskedSent(), InSigned(), InUnmasked(), MaskedChecked()}) {
    task.Do(Stop{}).Do(Allow{}).Do(Told(MaskedRound(1)));
    Task same = task;
    same.Do(TrainDone{{1}, kDelta}).Do(Offered(1, 1, task.state.signed_sets.empty() ? kAll : kSurvivors));
    task.Do(TrainDone{{1}, other});
    EXPECT_EQ(task.Asked(), Says({SayDeclined{{1}, "task.frozen"}}));
    EXPECT_EQ(task.activity(), "idle");
    task.Do(Told(MaskedRound(2), 1)).Do(TrainDone{{2}, other});
    EXPECT_EQ(task.activity(), "trained") << "another round has another update";
  }
  Task lost = MaskedSent();
  lost.Do(Aborted{{1}, {0}, "secagg.bad_share"}).Do(DeltaLost{{1}, {1}}).Do(TrainDone{{1}, other});
  EXPECT_EQ(lost.Asked(), Says({SayDeclined{{1}, "task.frozen"}}));
}

// ---------------------------------------------------------------- restarts

TEST(MaskedTaskTest, ARestartEndsTheAttemptWhoseKeysAreGone) {
  for (Task task : InAttempt()) {
    EXPECT_EQ(Says(Outstanding(task.state)), "[]") << "nothing is masked twice";
    if (task.activity() == "checked") {
      EXPECT_EQ(task.Fate(MemoryLost{}), Discards(Reason::kStale)) << "its proof is in the journal";
      continue;
    }
    const std::string sets = Dump(task.state.signed_sets);
    task.Do(MemoryLost{});
    EXPECT_EQ(task.Asked(), "[]");
    EXPECT_EQ(Dump(task.state.signed_sets), sets) << "what was signed stays signed";
    for (const Event& event : std::vector<Event>{Offered(1, 0), Rostered(1, 0), Collect(1, 0), Survived(1, 0),
                                                 Certified(1, 0), OpenedCommit(1, 0)}) {
      EXPECT_EQ(task.Fate(event), Rejects(Reason::kConflict));
      EXPECT_EQ(task.answer, Says({Refuse("secagg.memory_lost")}));
    }
    EXPECT_EQ(task.Fate(Told(MaskedRound(1))), Discards(Reason::kDuplicate));
    EXPECT_EQ(task.answer, Says({SayTrained{{1}}})) << "the delta is held";
    task.Do(Offered(1, 1, task.state.signed_sets.empty() ? kAll : kSurvivors));
  }
  for (Task task : AllActivities()) EXPECT_EQ(task.Fate(MemoryLost{}), Discards(Reason::kStale));
}

TEST(MaskedTaskTest, TrainingGoesOnAfterARestart) {
  Task task = MaskedTraining();
  EXPECT_EQ(task.Fate(MemoryLost{}), Discards(Reason::kStale));
  EXPECT_EQ(Says(Outstanding(task.state)), Says({StartTraining{MaskedRound(1)}}));
}

// ---------------------------------------------------------------- one set per model

TEST(SignedSetTest, AnotherCohortOnTheSameModelIsSpent) {
  for (Task task : {InSigned(), InUnmasked(), MaskedChecking(), MaskedChecked()}) {
    EXPECT_EQ(task.Fate(Offered(1, 1)), Rejects(Reason::kConflict));
    EXPECT_EQ(task.answer, Says({Refuse("secagg.spent_model", 1)}));
    task.Do(Offered(1, 1, kSurvivors)).Do(Rostered(1, 1)).Do(Collect(1, 1)).Do(Masked(1, 1));
    EXPECT_EQ(task.Fate(Survived(1, 1, {kA})), Rejects(Reason::kConflict));
    EXPECT_EQ(task.answer, Says({Refuse("secagg.spent_model", 1)}));
    task.Do(Survived(1, 1));
  }
}

TEST(SignedSetTest, OutlivesTheAttemptTheRoundAndTheLabsOtherWords) {
  Task task = InSigned();
  task.Do(Aborted{{1}, {0}, "secagg.bad_certificate"}).Do(Stop{}).Do(Allow{}).Do(Erase{});
  task.Do(Told(MaskedRound(1))).Do(TrainDone{{1}, kDelta});
  EXPECT_EQ(task.Fate(Offered(1, 1)), Rejects(Reason::kConflict));
  Assignment later = MaskedRound(2);
  later.model_hash =
      MaskedRound(1).model_hash;  // the round was given up; the next starts from the same model
  task.Do(Told(later)).Do(TrainDone{{2}, kDelta});
  EXPECT_EQ(task.Fate(Offered(2, 0)), Rejects(Reason::kConflict));
  EXPECT_EQ(task.answer, Says({SayRefused{{2}, {0}, "secagg.spent_model"}}));
}

TEST(SignedSetTest, AnEvaluationOfTheModelHasASetOfItsOwn) {
  Task task = MaskedChecked();
  task.Do(Told({{2}, round::Purpose::kEvaluate, MaskedRound(1).model_hash, SecureMode::kMalicious}));
  task.Do(TrainDone{{2}, kDelta}).Do(Offered(2, 0)).Do(Rostered(2, 0)).Do(Collect(2, 0)).Do(Masked(2, 0));
  task.Do(Survived(2, 0, kAll));
  EXPECT_EQ(task.state.signed_sets.size(), 2U);
}

TEST(SignedSetTest, AnotherCommittedModelMakesItHistory) {
  Task task = MaskedChecked();
  task.Do(Told(MaskedRound(2), 1));
  EXPECT_TRUE(task.state.signed_sets.empty());
  task.Do(TrainDone{{2}, kDelta}).Do(Offered(2, 0));
}

TEST(SignedSetTest, TheLabMayFreeItsNodeFromItKnowingly) {
  Task task = InSigned();
  task.Do(Free{});
  EXPECT_EQ(task.Asked(), "[]");
  EXPECT_EQ(task.Fate(Free{}), Discards(Reason::kDuplicate));
  task.Do(Offered(1, 1));
}

// ---------------------------------------------------------------- the model of a round

TEST(MaskedModelTest, AnUnknownModelWithoutProofIsRefused) {
  for (Task task : {Task(), MaskedTrained(), MaskedChecked()}) {
    EXPECT_EQ(task.Fate(Told(MaskedRound(2))), Rejects(Reason::kConflict));
    EXPECT_EQ(task.answer, Says({SayDeclined{{2}, "secagg.wrong_model"}}));
    EXPECT_EQ(task.Fate(Told(MaskedRound(2), 2)), Rejects(Reason::kConflict)) << "proven by itself";
    task.Do(Told(MaskedRound(2), 1));
    EXPECT_EQ(task.state.model, Hash(2));
  }
}

// What a coordinator calls the first model is one only when training has found that it is the plan's.
TEST(MaskedModelTest, AModelThatTrainingRefusedIsNotKnown) {
  Task task = MaskedTraining();
  task.Do(TrainFailed{{1}, "model.mismatch"});
  Assignment second = MaskedRound(2);
  second.model_hash = MaskedRound(1).model_hash;
  EXPECT_EQ(task.Fate(Told(second)), Rejects(Reason::kConflict));
}

TEST(MaskedModelTest, AnOlderModelNeverComesBack) {
  Task task;
  task.Do(Told(MaskedRound(5), 4));
  Assignment older = MaskedRound(6);
  older.model_hash = Hash(9);
  EXPECT_EQ(task.Fate(Told(older, 4)), Rejects(Reason::kConflict));
  EXPECT_EQ(task.Fate(Told(older, 3)), Rejects(Reason::kConflict));
  task.Do(Told(older, 5));
}

TEST(MaskedModelTest, TheSameModelAgainNeedsNoProof) {
  Task task = MaskedChecked();
  Assignment again = MaskedRound(2);
  again.model_hash = MaskedRound(1).model_hash;
  task.Do(Told(again));
}

TEST(MaskedModelTest, AfterAForkedResultPeopleMustLook) {
  Task task = MaskedChecked();
  task.Do(Aborted{{1}, {0}, "secagg.forked_result"});
  EXPECT_EQ(task.Fate(Told(MaskedRound(2), 1)), Rejects(Reason::kConflict));
  EXPECT_EQ(task.answer, Says({SayDeclined{{2}, "secagg.forked_result"}}));
  task.Do(Stop{}).Do(Allow{}).Do(Told(MaskedRound(2), 1));
}

TEST(MaskedTaskTest, EveryWordToTheCoordinatorHasAPageInTheTableOfErrors) {
  for (const char* id : {"secagg.out_of_phase", "secagg.second_u3", "secagg.stale_attempt",
                         "secagg.spent_model", "secagg.no_certificate", "secagg.wrong_length",
                         "secagg.memory_lost", "secagg.wrong_model", "secagg.forked_result"})
    EXPECT_NE(FindError(id), nullptr) << id;
}

}  // namespace
}  // namespace accord::task
