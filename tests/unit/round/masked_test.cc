// Masked rounds through p2 to p7: who is waited for, what a quorum is, what binds later attempts.
#include "tests/unit/round/fixture.h"

namespace accord::round {
namespace {

const NodeId kD = Node(4), kE = Node(5);
const NodeSet kFive{kA, kB, kC, kD, kE};

// Five nodes, T = 0 set: t = 3, u_min = 3.
Plan FivePlan() {
  Plan plan = MaskedPlan();
  plan.min_nodes = 5;
  plan.min_survivors = 2;
  plan.corrupt = 0;
  return plan;
}

Round InAdvertise(const Plan& plan = FivePlan()) {
  Round round(plan);
  round.Do(Candidates{kFive, Hash(40)});
  for (const NodeId node : kFive) round.Do(Trained{node});
  return round;
}
AttemptId IdOf(const Round& round) { return AttemptOf(round.state)->id; }
Round& Advertise(Round& round, const NodeSet& nodes) {
  for (const NodeId node : nodes) round.Do(Advertised{node, IdOf(round)});
  return round;
}
Round& Share(Round& round, const NodeSet& nodes) {
  for (const NodeId node : nodes) round.Do(Shared{node, IdOf(round)});
  return round;
}
Round& Upload(Round& round, const NodeSet& nodes) {
  for (const NodeId node : nodes) round.Do(Uploaded{node, IdOf(round), Hash(node.bytes[0]), {1}});
  return round;
}
Round InMaskedCollect(const Plan& plan = FivePlan()) {
  Round round = InAdvertise(plan);
  Share(Advertise(round, kFive), kFive).Do(SharesStored{IdOf(round), Hash(30)});
  return round;
}
Round InSurvivors(const NodeSet& uploaded = kFive, const Plan& plan = FivePlan()) {
  Round round = InMaskedCollect(plan);
  Upload(round, uploaded);
  if (uploaded.size() < kFive.size()) round.After(200).Do(Tick{});
  return round;
}
Round InMaskedUnmask(const NodeSet& uploaded = kFive, const Plan& plan = FivePlan()) {
  Round round = InSurvivors(uploaded, plan);
  for (const NodeId node : {kA, kB, kC}) round.Do(SurvivorsSigned{node, IdOf(round), {9}});
  return round;
}
Round InMaskedCommit() {
  Round round = InMaskedUnmask();
  for (const NodeId node : {kA, kB, kC}) round.Do(Opened{node, IdOf(round)});
  return round.Do(Summed{IdOf(round), TestOutcome()});
}

TEST(MaskedRound, GoesThroughEveryPhaseAndTellsEachItsDuty) {
  Round round = InAdvertise();
  EXPECT_EQ(round.phase(), Phase::kAdvertise);
  ASSERT_EQ(round.Effects<Tell>().size(), 1U);
  EXPECT_EQ(round.Effects<Tell>()[0].nodes, kFive);
  EXPECT_TRUE(std::holds_alternative<AdvertiseDuty>(*DutyOf(round.state, kA)));
  Advertise(round, kFive);
  EXPECT_EQ(round.phase(), Phase::kShare);
  EXPECT_EQ(std::get<ShareDuty>(*DutyOf(round.state, kA)).roster, kFive);
  Share(round, kFive);
  ASSERT_EQ(round.Effects<StoreShares>().size(), 1U);
  EXPECT_EQ(round.Effects<StoreShares>()[0].nodes, kFive);
  EXPECT_EQ(DutyOf(round.state, kA), std::nullopt) << "nobody uploads before the shares are on disk";
  round.Do(SharesStored{{4}, Hash(30)});
  EXPECT_EQ(round.phase(), Phase::kCollect);
  Upload(round, kFive);
  EXPECT_EQ(round.phase(), Phase::kSurvivors);
  EXPECT_TRUE(std::holds_alternative<SurvivorsDuty>(*DutyOf(round.state, kE)));
  for (const NodeId node : {kA, kB, kC}) round.Do(SurvivorsSigned{node, {4}, {9}});
  EXPECT_EQ(round.phase(), Phase::kUnmask) << "three signatures are the quorum of five";
  EXPECT_TRUE(std::holds_alternative<UnmaskDuty>(*DutyOf(round.state, kA)));
  EXPECT_TRUE(std::holds_alternative<SurvivorsDuty>(*DutyOf(round.state, kE))) << "it has not signed yet";
  for (const NodeId node : {kA, kB, kC}) round.Do(Opened{node, {4}});
  ASSERT_EQ(round.Effects<TakeSum>().size(), 1U);
  EXPECT_EQ(round.Effects<TakeSum>()[0].survivors, kFive);
  round.Do(Summed{{4}, TestOutcome()});
  EXPECT_EQ(round.phase(), Phase::kCommit);
  for (const NodeId node : kFive) round.Do(Verified{node, {4}, TestOutcome().model_hash, {7}});
  EXPECT_TRUE(round.As<Closed>().committed);
  EXPECT_EQ(round.As<Closed>().proofs.size(), 5U);
  EXPECT_EQ(round.As<Closed>().members.registry, Hash(40));
}

TEST(MaskedRound, ALateSignerMayStillOpen) {
  Round round = InMaskedUnmask();
  round.Do(SurvivorsSigned{kE, {4}, {9}});
  EXPECT_EQ(round.Effects<Tell>()[0].nodes, NodeSet{kE});
  EXPECT_TRUE(std::holds_alternative<UnmaskDuty>(*DutyOf(round.state, kE)));
}

TEST(MaskedRound, SemiHonestNodesOpenAtOnce) {
  Plan plan = FivePlan();
  plan.mode = SecureMode::kSemiHonest;
  Round round = InMaskedCollect(plan);
  Upload(round, kFive);
  EXPECT_EQ(round.phase(), Phase::kUnmask);
  EXPECT_TRUE(std::holds_alternative<SurvivorsDuty>(*DutyOf(round.state, kA)));
  EXPECT_EQ(round.Fate(SurvivorsSigned{kA, {4}, {9}}), Rejects(Reason::kWrongPhase));
}

TEST(MaskedRound, OneKilledInUploadAndOneAfterItStillEnds) {
  Round round = InSurvivors({kA, kB, kC, kD});  // E never uploaded, D never speaks again
  EXPECT_EQ(round.As<Survivors>().attempt.signing, (NodeSet{kA, kB, kC, kD}));
  for (const NodeId node : {kA, kB, kC}) round.Do(SurvivorsSigned{node, {4}, {9}});
  for (const NodeId node : {kA, kB, kC}) round.Do(Opened{node, {4}});
  round.Do(Summed{{4}, TestOutcome()});
  for (const NodeId node : {kA, kB, kC}) round.Do(Verified{node, {4}, TestOutcome().model_hash, {7}});
  EXPECT_EQ(round.phase(), Phase::kCommit) << "D is awaited until the deadline";
  round.After(300).Do(Tick{});
  EXPECT_TRUE(round.As<Closed>().committed);
}

TEST(MaskedRound, FewerThanULeastNeverSum) {
  Round round = InMaskedCollect();
  Upload(round, {kA, kB});
  round.After(200).Do(Tick{});
  EXPECT_EQ(round.phase(), Phase::kAdvertise) << "the next attempt";
  EXPECT_EQ(AttemptOf(round.state)->id, AttemptId{5});
  EXPECT_TRUE(round.Effects<TakeSum>().empty());
  EXPECT_TRUE(AttemptOf(round.state)->signing.empty()) << "nobody was asked to sign";
}

TEST(MaskedRound, ASignedSetBindsTheNextAttemptAndTheNextTry) {
  Round round = InSurvivors({kA, kB, kC, kD});
  round.After(50).Do(Tick{});  // no quorum signed
  EXPECT_EQ(round.phase(), Phase::kAdvertise);
  EXPECT_EQ(AttemptOf(round.state)->cohort, (NodeSet{kA, kB, kC, kD})) << "E trained too, but did not sign";
  round.Do(Dropped{kD, Reason::kStopped});
  EXPECT_EQ(round.phase(), Phase::kClosed) << "without D that set can never be whole";
  EXPECT_EQ(round.As<Closed>().bound, (NodeSet{kA, kB, kC, kD}));

  Plan next = FivePlan();
  next.bound = round.As<Closed>().bound;
  next.first_attempt = {5};
  Round again(next);
  EXPECT_EQ(again.Fate(Candidates{{kA, kB, kC, kE}, Hash(40)}), Discards(Reason::kNoQuorum));
  again.Do(Candidates{kFive, Hash(40)});
  EXPECT_EQ(again.As<Train>().members.cohort, next.bound) << "they, and nobody else";
}

TEST(MaskedRound, ANodeThatLeavesTheAttemptIsInTheNextOne) {
  Round round = InAdvertise();
  Advertise(round, {kA, kB, kC, kD});
  round.Do(LeftAttempt{kE, {4}, {}});
  EXPECT_EQ(round.phase(), Phase::kShare) << "the others suffice";
  Share(round, {kA, kB});
  round.Do(LeftAttempt{kC, {4}, {}});
  round.Do(LeftAttempt{kD, {4}, {}});
  EXPECT_EQ(round.phase(), Phase::kAdvertise) << "two are too few";
  EXPECT_EQ(AttemptOf(round.state)->cohort, kFive);
}

TEST(MaskedRound, WhoIsBlamedIsLeftOutOfTheNextAttempt) {
  Round round = InAdvertise();
  Advertise(round, kFive);
  for (const NodeId node : {kA, kB, kC}) round.Do(LeftAttempt{node, {4}, kE});
  EXPECT_EQ(round.phase(), Phase::kAdvertise);
  EXPECT_EQ(AttemptOf(round.state)->cohort, (NodeSet{kA, kB, kC, kD}));
  EXPECT_EQ(MembersOf(round.state)->dropped.at(kE), Reason::kBlamed);
}

TEST(MaskedRound, OneWordAgainstAnotherLeavesOutBoth) {
  Plan plan = FivePlan();
  plan.corrupt = 1;  // one of them may lie: a single accuser proves nothing
  Round round(plan);
  round.Do(Candidates{kFive, Hash(40)});
  for (const NodeId node : kFive) round.Do(Trained{node});
  Advertise(round, kFive);
  round.Do(LeftAttempt{kA, {4}, kE}).Do(LeftAttempt{kB, {4}, {}});
  EXPECT_EQ(AttemptOf(round.state)->cohort, (NodeSet{kB, kC, kD}));
  EXPECT_EQ(MembersOf(round.state)->dropped.at(kA), Reason::kBlamed);
}

TEST(MaskedRound, MoreAccusersThanMayLieStay) {
  Plan plan = FivePlan();
  plan.corrupt = 1;
  Round round(plan);
  round.Do(Candidates{kFive, Hash(40)});
  for (const NodeId node : kFive) round.Do(Trained{node});
  Advertise(round, kFive);
  round.Do(LeftAttempt{kA, {4}, kE}).Do(LeftAttempt{kB, {4}, kE});
  EXPECT_EQ(AttemptOf(round.state)->cohort, (NodeSet{kA, kB, kC, kD}));
}

TEST(MaskedRound, ARestartInP2OrP3BeginsTheNextAttempt) {
  Round advertise = InAdvertise();
  advertise.Do(Restarted{Millis(10)});
  EXPECT_EQ(AttemptOf(advertise.state)->id, AttemptId{5});
  Round share = InAdvertise();
  Share(Advertise(share, kFive), {kA}).Do(Restarted{Millis(10)});
  EXPECT_EQ(share.phase(), Phase::kAdvertise);
  EXPECT_EQ(AttemptOf(share.state)->id, AttemptId{5});
}

TEST(MaskedRound, SharesThatCouldNeverBeOpenedBeginTheNextAttempt) {
  Round round = InAdvertise();
  Share(Advertise(round, kFive), kFive).Do(SumFailed{{4}});
  EXPECT_EQ(round.phase(), Phase::kAdvertise);
  EXPECT_EQ(AttemptOf(round.state)->id, AttemptId{5});
}

TEST(MaskedRound, ABoundSetNeverBecomesASmallerOne) {
  Plan plan = FivePlan();
  plan.bound = kFive;
  plan.attempts = 1;
  Round round = InMaskedCollect(plan);
  Upload(round, {kA, kB, kC, kD});
  round.After(200).Do(Tick{});
  EXPECT_EQ(round.phase(), Phase::kClosed) << "four of the five who signed are another set";
  EXPECT_EQ(round.As<Closed>().bound, kFive);

  Round dropped = InMaskedUnmask({kA, kB, kC, kD});
  dropped.Do(UploadsLost{{kA, kB, kC, kD}});
  Upload(dropped, {kA});
  dropped.Do(Dropped{kA, Reason::kDeclined});
  Upload(dropped, {kB, kC, kD});
  EXPECT_EQ(dropped.phase(), Phase::kClosed);
  EXPECT_EQ(dropped.As<Closed>().bound, (NodeSet{kA, kB, kC, kD}));
}

TEST(MaskedRound, WhatIsLostWithItsSendersMemoryIsNotAwaited) {
  Round round = InMaskedUnmask({kA, kB, kC, kD});
  round.Do(UploadsLost{{kA, kB, kC, kD}});
  Upload(round, {kA, kB, kC}).Do(LeftAttempt{kD, {4}, {}});
  EXPECT_EQ(round.phase(), Phase::kAdvertise);
  EXPECT_EQ(AttemptOf(round.state)->cohort, (NodeSet{kA, kB, kC, kD}));
}

// ---------------------------------------------------------------- the slow of p5 and p6

TEST(MaskedRound, WhoIsSlowerThanTheQuorumOpensTheSumBeforeItSeesIt) {
  Round round = InMaskedCommit();  // A, B and C were the quorum
  EXPECT_EQ(round.Effects<Tell>()[0].nodes, (NodeSet{kA, kB, kC})) << "the others know what they owe";
  EXPECT_TRUE(std::holds_alternative<CommitDuty>(*DutyOf(round.state, kA)));
  EXPECT_TRUE(std::holds_alternative<SurvivorsDuty>(*DutyOf(round.state, kE)));
  round.Do(SurvivorsSigned{kE, {4}, {9}});
  EXPECT_EQ(round.Effects<Tell>()[0].nodes, NodeSet{kE});
  EXPECT_EQ(std::get<UnmaskDuty>(*DutyOf(round.state, kE)).signatures.size(), 4U);
  round.Do(Opened{kE, {4}});
  EXPECT_EQ(round.Effects<Tell>()[0].nodes, NodeSet{kE});
  EXPECT_TRUE(std::holds_alternative<CommitDuty>(*DutyOf(round.state, kE)));
}

TEST(MaskedRound, TheSlowCanCertifyWhenTheQuorumVanishes) {
  Round round = InMaskedCommit();
  for (const NodeId node : {kC, kD, kE}) {
    if (node != kC) round.Do(SurvivorsSigned{node, {4}, {9}}).Do(Opened{node, {4}});
    round.Do(Verified{node, {4}, TestOutcome().model_hash, {7}});
  }
  round.After(300).Do(Tick{});
  EXPECT_TRUE(round.As<Closed>().committed) << "A and B, who opened it, are gone";
}

TEST(MaskedRound, OpeningsBesideTheSumCount) {
  Round round = InMaskedUnmask();
  for (const NodeId node : {kA, kB, kC}) round.Do(Opened{node, {4}});
  round.Do(SurvivorsSigned{kD, {4}, {9}}).Do(Opened{kD, {4}});
  EXPECT_TRUE(round.Effects<TakeSum>().empty()) << "it is being taken";
  round.Do(Summed{{4}, TestOutcome()});
  EXPECT_EQ(round.Effects<Tell>()[0].nodes, (NodeSet{kA, kB, kC, kD}));
}

// ---------------------------------------------------------------- a neighbour graph

NodeId Numbered(std::size_t i) {
  NodeId id;
  id.bytes[0] = static_cast<std::uint8_t>(i >> 8);
  id.bytes[1] = static_cast<std::uint8_t>(i);
  return id;
}
NodeSet Large() {
  NodeSet nodes;
  for (std::size_t i = 1; i <= 201; ++i) nodes.insert(Numbered(i));
  return nodes;
}
Round InLargeAdvertise() {
  Plan plan = FivePlan();
  plan.corrupt = 20;
  Round round(plan);
  round.Do(Candidates{Large(), Hash(40)});
  for (const NodeId node : Large()) round.Do(Trained{node});
  return round;
}

TEST(MaskedRound, ALargeCohortDrawsItsGraphBeforeItShares) {
  Round round = InLargeAdvertise();
  Advertise(round, Large());
  EXPECT_TRUE(std::holds_alternative<NonceDuty>(*DutyOf(round.state, Numbered(1))));
  EXPECT_EQ(round.Fate(Shared{Numbered(1), {4}}), Rejects(Reason::kWrongPhase));
  for (const NodeId node : Large()) round.Do(NonceOpened{node, {4}});
  EXPECT_EQ(round.Effects<Tell>()[0].nodes, Large());
  EXPECT_TRUE(std::holds_alternative<ShareDuty>(*DutyOf(round.state, Numbered(1))));
  Share(round, Large());
  EXPECT_EQ(round.Effects<StoreShares>()[0].nodes, Large());
}

TEST(MaskedRound, WhoWithholdsItsNonceIsNotInTheNextAttempt) {
  Round round = InLargeAdvertise();
  Advertise(round, Large());
  for (std::size_t i = 2; i <= 201; ++i) round.Do(NonceOpened{Numbered(i), {4}});
  round.After(50).Do(Tick{});
  EXPECT_EQ(round.phase(), Phase::kAdvertise);
  EXPECT_EQ(AttemptOf(round.state)->cohort.size(), 200U);
  EXPECT_EQ(MembersOf(round.state)->dropped.at(Numbered(1)), Reason::kSilent);

  Round left = InLargeAdvertise();
  Advertise(left, Large());
  left.Do(LeftAttempt{Numbered(7), {4}, {}});
  EXPECT_EQ(AttemptOf(left.state)->id, AttemptId{5}) << "nobody waits for a graph that cannot be drawn";
  EXPECT_EQ(AttemptOf(left.state)->cohort.size(), 200U);
}

TEST(MaskedRound, WhoDoesNotAdvertiseCannotBeInAGraph) {
  Round round = InLargeAdvertise();
  for (std::size_t i = 2; i <= 201; ++i) round.Do(Advertised{Numbered(i), {4}});
  round.After(50).Do(Tick{});
  EXPECT_EQ(AttemptOf(round.state)->cohort.size(), 200U);
}

// ---------------------------------------------------------------- accusations

TEST(MaskedRound, ARestartInP6AsksForTheSharesAgain) {
  Round round = InMaskedUnmask();
  round.Do(Opened{kA, {4}}).Do(Opened{kB, {4}}).Do(Restarted{Millis(10)});
  EXPECT_TRUE(round.As<Unmask>().opened.empty()) << "what was revealed is nowhere on disk";
  const std::vector<Effect> again = Outstanding(round.plan, round.state);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(std::get<Tell>(again[0]).nodes, kFive);
}

TEST(MaskedRound, UploadsLostInP6ComeAgainAndTheSetStays) {
  Round round = InMaskedUnmask({kA, kB, kC, kD});
  round.Do(UploadsLost{{kA, kB, kC, kD}});
  EXPECT_EQ(round.phase(), Phase::kCollect);
  EXPECT_EQ(round.Fate(Uploaded{kA, {4}, Hash(99), {1}}), Rejects(Reason::kConflict));
  EXPECT_EQ(round.Fate(Uploaded{kE, {4}, Hash(5), {1}}), Discards(Reason::kLate));
  Upload(round, {kA, kB, kC, kD});
  EXPECT_EQ(round.phase(), Phase::kUnmask) << "they signed already";
  EXPECT_EQ(round.As<Unmask>().signatures.size(), 3U);
}

TEST(MaskedRound, AnUploadThatDoesNotComeAgainEndsTheAttempt) {
  Round round = InMaskedUnmask({kA, kB, kC, kD});
  round.Do(UploadsLost{{kA, kB, kC, kD}});
  Upload(round, {kA, kB, kC});
  round.After(200).Do(Tick{});
  EXPECT_EQ(round.phase(), Phase::kAdvertise);
  EXPECT_EQ(AttemptOf(round.state)->cohort, (NodeSet{kA, kB, kC, kD})) << "a signed set does not shrink";
}

TEST(MaskedRound, TooFewOrTooManyNodesForMasksAreNoQuorum) {
  Plan plan = FivePlan();
  plan.min_nodes = 2;
  EXPECT_EQ(Round(plan).Fate(Candidates{{kA, kB}, Hash(40)}), Discards(Reason::kNoQuorum));
  plan.corrupt = 2;
  EXPECT_EQ(Round(plan).Fate(Candidates{{kA, kB, kC}, Hash(40)}), Discards(Reason::kNoQuorum)) << "T > n - 2";
}

TEST(MaskedRound, AMismatchDoesNotCount) {
  Round round = InMaskedCommit();
  for (const NodeId node : {kA, kB}) round.Do(Verified{node, {4}, TestOutcome().model_hash, {7}});
  for (const NodeId node : {kC, kD}) round.Do(Verified{node, {4}, Hash(66), {7}});
  round.After(300).Do(Tick{});
  EXPECT_FALSE(round.As<Closed>().committed) << "two of a quorum of three";
}

}  // namespace
}  // namespace accord::round
