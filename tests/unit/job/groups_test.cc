// Jobs with groups: a round a group, the barrier, and the model of all sums.
#include "base/errors.h"
#include "job/codec.h"
#include "tests/unit/job/fixture.h"

namespace accord::job {
namespace {

Plan TwoGroups(std::uint32_t min_groups = 1) {
  Plan plan = TestPlan();
  plan.groups = 2;
  plan.min_groups = min_groups;
  return plan;
}

// A job whose events name their group, and whose journal is kept.
class GroupJob : public Job {
 public:
  explicit GroupJob(const Plan& job_plan = TwoGroups()) : Job(job_plan) {}

  void Say(const Event& event) {
    records_.push_back(Encode({now, event}));
    Do(event);
  }
  void In(std::uint32_t group, const round::Event& event) {
    Say(InRound{RoundOf(state, group)->plan.round, event, group});
  }
  void Begin() {
    Say(Approve{});
    Say(Enqueue{});
    Say(Start{Hash(1)});
  }
  void Train(std::uint32_t group) {
    In(group, round::Candidates{kAll});
    for (const NodeId node : kAll) In(group, round::Trained{node});
  }
  void Finish(std::uint32_t group) {
    const AttemptId attempt = std::get<round::Collect>(RoundOf(state, group)->state).attempt.id;
    for (const NodeId node : kAll) In(group, round::Uploaded{node, attempt, Hash(node.bytes[0])});
    const auto sum = static_cast<std::uint8_t>(50 + group);
    In(group, round::Summed{attempt, {Hash(sum), 12, ProgressOf(state).model_hash, {}}});
    for (const NodeId node : kAll) In(group, round::Verified{node, attempt, ProgressOf(state).model_hash});
  }
  void Whole(std::uint32_t group) {
    Train(group);
    Finish(group);
  }
  // Nobody trains in time.
  void FailRound(std::uint32_t group) {
    In(group, round::Candidates{kAll});
    After(1000);
    In(group, round::Tick{});
  }
  void Combine(std::vector<round::LeftOut> left_out = {}) {
    const RoundId round = RoundsOf(state)[0].plan.round;
    const bool evaluation = RoundsOf(state)[0].plan.purpose == round::Purpose::kEvaluate;
    const Digest model =
        evaluation ? ProgressOf(state).model_hash : Hash(static_cast<std::uint8_t>(100 + round.value));
    Say(Combined{round, model, {{0, 0.5, 0}}, std::move(left_out)});
  }
  [[nodiscard]] const RoundSummary& last() const { return HistoryOf(state).back(); }
  [[nodiscard]] std::string Replayed() const {
    State again = Submit(At(1'000'000));
    for (const Bytes& bytes : records_) {
      const Record record = *Decode(bytes);
      again = Step(plan, again, std::get<Event>(record.content), record.time).next;
    }
    return Dump(again);
  }

 private:
  std::vector<Bytes> records_;
};

std::string Effects(const std::vector<Effect>& effects) { return Dump(effects); }

TEST(GroupJobTest, OpensARoundForEachAndCombinesWhenAllAreClosed) {
  GroupJob job;
  job.Begin();
  ASSERT_EQ(RoundsOf(job.state).size(), 2U);
  EXPECT_EQ(job.Asked(), Effects({AskCandidates{}}));
  job.Train(0);
  job.Whole(1);
  EXPECT_FALSE(IsCombining(job.state)) << "the other group is under way";
  EXPECT_EQ(RoundOf(job.state, 1)->plan.round, RoundId{1});
  job.Finish(0);
  EXPECT_TRUE(IsCombining(job.state));
  EXPECT_EQ(job.Asked(), Effects({RoundEffect{{1}, round::Discard{{0}}, 0}, job::Combine{{1}}}));
  EXPECT_EQ(Effects(Outstanding(job.state)), Effects({job::Combine{{1}}})) << "asked for again by a restart";
  job.Combine();
  EXPECT_EQ(RoundOf(job.state, 0)->plan.round, RoundId{2});
  EXPECT_EQ(RoundOf(job.state, 1)->plan.model_hash, Hash(101));
  EXPECT_EQ(job.last().survivors, 6U);
  EXPECT_EQ(job.last().cohort, 6U);
  EXPECT_EQ(job.last().words, 12U);
  EXPECT_EQ(job.last().model_hash, Hash(101));
  EXPECT_EQ(job.last().metrics.size(), 1U);
  EXPECT_EQ(job.Replayed(), Dump(job.state));
}

TEST(GroupJobTest, RunsToItsEnd) {
  GroupJob job;
  job.Begin();
  for (int round = 0; round < 3; ++round) {
    job.Train(0);
    job.Whole(1);
    job.Finish(0);
    job.Combine();
  }
  EXPECT_EQ(job.phase(), Phase::kFinished);
  EXPECT_TRUE(job.progress().evaluated);
  EXPECT_EQ(job.progress().model_hash, Hash(102)) << "an evaluation changes nothing";
  EXPECT_EQ(job.Replayed(), Dump(job.state));
}

TEST(GroupJobTest, AGroupThatHasNotBegunHoldsUpNobody) {
  GroupJob job;
  job.Begin();
  job.Whole(1);
  EXPECT_TRUE(IsCombining(job.state));
  job.Combine();
  ASSERT_EQ(job.last().groups.size(), 2U);
  EXPECT_EQ(job.last().groups[0].reason, round::Reason::kNoQuorum);
  EXPECT_EQ(job.last().groups[1].reason, round::Reason::kNone);
  EXPECT_EQ(job.last().survivors, 3U);
  EXPECT_EQ(RoundsOf(job.state).size(), 2U) << "in the next round it may be there";
  EXPECT_EQ(job.Replayed(), Dump(job.state));
}

TEST(GroupJobTest, AGroupThatFailsDropsOutOfTheRound) {
  GroupJob job;
  job.Begin();
  job.Train(0);
  job.FailRound(1);
  EXPECT_FALSE(IsCombining(job.state));
  job.Finish(0);
  job.Combine();
  EXPECT_TRUE(job.last().committed);
  EXPECT_EQ(job.last().groups[1].reason, round::Reason::kTooFewTrained);
  EXPECT_EQ(job.progress().failures, 0U);
}

TEST(GroupJobTest, WithTooFewSumsOnlyTheOthersTryAgain) {
  GroupJob job(TwoGroups(2));
  job.Begin();
  job.Whole(0);
  EXPECT_FALSE(IsCombining(job.state)) << "it is needed, so it is waited for";
  job.FailRound(1);
  EXPECT_EQ(job.progress().failures, 1U);
  EXPECT_FALSE(job.last().committed);
  EXPECT_EQ(job.last().reason, round::Reason::kTooFewTrained);
  ASSERT_EQ(RoundsOf(job.state).size(), 1U);
  EXPECT_EQ(RoundOf(job.state, 0), nullptr) << "it waits with its sum";
  EXPECT_EQ(RoundOf(job.state, 1)->plan.round, RoundId{1});
  EXPECT_EQ(job.Fate(InRound{{1}, round::Trained{kA}, 0}), Discards(round::Reason::kOver));
  job.Whole(1);
  EXPECT_TRUE(IsCombining(job.state));
  job.Combine();
  EXPECT_EQ(job.last().survivors, 6U);
  EXPECT_EQ(job.Replayed(), Dump(job.state));
}

TEST(GroupJobTest, ALackOfNodesInAGroupThatIsNeededPausesUntilTheyAreThere) {
  GroupJob job(TwoGroups(2));
  job.Begin();
  job.Whole(0);
  job.After(1000);
  job.In(1, round::Tick{});
  ASSERT_EQ(job.phase(), Phase::kPaused);
  EXPECT_EQ(ReasonOf(job.state), Reason::kNoQuorum);
  EXPECT_EQ(job.Fate(InRound{{}, round::Candidates{kAll}, 0}), Discards(round::Reason::kLate))
      << "the other group's nodes are of no use";
  job.Say(InRound{{}, round::Candidates{kAll}, 1});
  EXPECT_EQ(job.phase(), Phase::kRunning);
  EXPECT_EQ(job.progress().failures, 0U);
  job.Whole(1);
  EXPECT_TRUE(IsCombining(job.state));
  EXPECT_EQ(job.Replayed(), Dump(job.state));
}

TEST(GroupJobTest, CombinedCountsOnceAndOnlyWhenItWasAskedFor) {
  GroupJob job;
  job.Begin();
  EXPECT_EQ(job.Fate(Combined{{1}, Hash(9), {}, {}}), Rejects(round::Reason::kWrongPhase));
  job.Train(0);
  job.Whole(1);
  job.Finish(0);
  EXPECT_EQ(job.Fate(Combined{{2}, Hash(9), {}, {}}), Rejects(round::Reason::kWrongPhase));
  job.Combine({{1, 0, 12.5}});
  EXPECT_EQ(job.last().left_out, (std::vector<round::LeftOut>{{1, 0, 12.5}}));
  EXPECT_EQ(job.Fate(Combined{{1}, Hash(9), {}, {}}), Discards(round::Reason::kLate));
  EXPECT_TRUE(MustBeDurable(Combined{}, {}));
}

TEST(GroupJobTest, APauseWhileCombiningAsksForItAgain) {
  GroupJob job;
  job.Begin();
  job.Whole(0);
  job.Say(Pause{});
  EXPECT_EQ(job.Fate(Combined{{1}, Hash(9), {}, {}}), Discards(round::Reason::kDuplicate));
  job.Say(Resume{});
  EXPECT_EQ(job.Asked(), Effects({job::Combine{{1}}}));
  job.Combine();
  EXPECT_EQ(job.Replayed(), Dump(job.state));
}

TEST(GroupJobTest, APauseInTheMiddleGivesEachRoundItsTime) {
  GroupJob job;
  job.Begin();
  job.Train(0);
  const NodeId d = round::Node(0xD), e = round::Node(0xE), f = round::Node(0xF);
  job.In(1, round::Candidates{{d, e, f}});
  job.Say(Pause{});
  job.After(5000);
  job.Say(InRound{{1}, round::Dropped{f}, 1});
  job.Say(Resume{});
  const auto& collect = std::get<round::Collect>(RoundOf(job.state, 0)->state);
  const auto& train = std::get<round::Train>(RoundOf(job.state, 1)->state);
  EXPECT_GE(collect.deadline, job.now);
  EXPECT_GE(train.deadline, job.now);
  EXPECT_TRUE(collect.members.dropped.empty()) << "it was said of the other group";
  EXPECT_TRUE(train.members.dropped.contains(f));
  EXPECT_EQ(DeadlineOf(job.state), std::min(collect.deadline, train.deadline));
  EXPECT_EQ(job.Replayed(), Dump(job.state));
}

TEST(GroupJobTest, TheGatesMayEndTheJob) {
  GroupJob job;
  job.Begin();
  job.Whole(0);
  job.Say(Fail{Reason::kTooFewGroups});
  EXPECT_EQ(job.phase(), Phase::kFailed);
  EXPECT_EQ(Name(ReasonOf(job.state)), errors::kJobTooFewGroups.id);
}

TEST(GroupJobTest, AMaskedJobKeepsWhatTheModelWasMadeOf) {
  Plan plan = TwoGroups();
  GroupJob job(plan);
  job.Begin();
  job.Train(0);
  job.Whole(1);
  job.Finish(0);
  job.Combine();
  EXPECT_EQ(job.progress().made, nullptr) << "nothing was certified";
  EXPECT_EQ(job.progress().groups[0].sum, nullptr) << "the next round begins from nothing";
}

}  // namespace
}  // namespace accord::job
