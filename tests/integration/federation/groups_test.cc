// Jobs with groups: the production parts, two groups of three nodes.
#include <gmock/gmock.h>

#include <functional>
#include <latch>
#include <utility>

#include "base/errors.h"
#include "tests/integration/federation/federation.h"
#include "tests/support/door.h"

namespace accord::testing {
namespace {

using job::Phase;
using ::testing::Contains;
using ::testing::HasSubstr;

// What group b of the plan is made of, unless a test says otherwise.
constexpr const char* kB = R"(["b1", "b2", "b3"])";

std::string GroupText(const char* mode, const std::string& keys = "min_groups = 2\n", const char* b = kB,
                      JobChanges changes = {}) {
  changes.secure = mode;
  changes.max_wait = "20s";
  return JobText(changes) + "[groups]\n" + keys +
         "[groups.a]\nnodes = [\"a1\", \"a2\", \"a3\"]\n[groups.b]\nnodes = " + b + "\n";
}

void AddGroupA(Federation& federation,
               std::function<void(std::uint64_t, std::stop_token)> before_round = {}) {
  federation.AddNode("a1", {.step = 0.013F, .examples = 17, .before_round = std::move(before_round)});
  federation.AddNode("a2", {.step = -0.02F, .examples = 400});
  federation.AddNode("a3", {.step = 0.03F, .examples = 999});
}
void AddGroupB(Federation& federation) {
  federation.AddNode("b1", {.step = 0.017F, .examples = 50});
  federation.AddNode("b2", {.step = 0.001F, .examples = 700});
  federation.AddNode("b3", {.step = -0.04F, .examples = 200});
}

rpc::JobView RunJob(Federation& federation, const std::string& text) {
  const auto job = federation.Submit(text);
  EXPECT_TRUE(job.ok()) << Describe(job.status());
  if (!job.ok()) return {};
  rpc::JobView end = federation.WaitForEnd(*job);
  EXPECT_EQ(end.state, Phase::kFinished) << Describe(end.reason);
  return end;
}

TEST(GroupsFederationTest, EveryModeGivesTheModelOfAllNodesTogether) {
  Federation federation;
  AddGroupA(federation);
  AddGroupB(federation);
  federation.PinAll();
  JobChanges together;
  together.min_nodes = together.min_survivors = 6;
  const rpc::JobView whole = RunJob(federation, JobText(together));
  for (const char* mode : {"off", "semi-honest", "malicious"}) {
    const rpc::JobView end = RunJob(federation, GroupText(mode));
    EXPECT_EQ(end.model_hash, whole.model_hash) << mode;
    ASSERT_EQ(end.history.size(), 4U) << mode;
    for (const rpc::RoundResultView& round : end.history) {
      EXPECT_EQ(round.survivors, 6U) << mode;
      EXPECT_EQ(round.attempts, 1U) << mode;
    }
    ASSERT_EQ(end.final_metrics.size(), whole.final_metrics.size()) << mode;
    EXPECT_EQ(end.final_metrics[0].value, whole.final_metrics[0].value) << mode;
    EXPECT_EQ(end.final_metrics[0].examples, 60U) << mode;
  }
}

TEST(GroupsFederationTest, GroupsThatStreamGiveTheModelOfAllNodesTogether) {
  Federation federation;
  AddGroupA(federation);
  AddGroupB(federation);
  federation.PinAll();
  JobChanges streams{.outer = "rule = \"diloco\"",
                     .update = "bits = 8, clip = 0.5, clip_rms = 4.0, transform = \"hadamard\"",
                     .fragments = 2};
  JobChanges together = streams;
  together.min_nodes = together.min_survivors = 6;
  const rpc::JobView whole = RunJob(federation, JobText(together));
  const rpc::JobView end =
      RunJob(federation, GroupText("malicious", "min_groups = 2\nmax_norm = 10.0\n", kB, streams));
  EXPECT_EQ(end.model_hash, whole.model_hash);
}

TEST(GroupsFederationTest, AGroupBelowItsQuorumDropsOutByNameAndTheOtherGoesOn) {
  Federation federation;
  AddGroupA(federation);
  federation.AddNode("b1");
  federation.AddNode("b2");
  federation.PinAll();
  const rpc::JobView end = RunJob(federation, GroupText("malicious", "min_groups = 1\n"));
  ASSERT_EQ(end.history.size(), 4U);
  for (const rpc::RoundResultView& round : end.history) {
    EXPECT_EQ(round.survivors, 3U);
    EXPECT_THAT(round.warnings, Contains(HasSubstr("group b gave no sum: Too few nodes")));
  }
}

TEST(GroupsFederationTest, APoisonedGroupIsLeftOutByItsNormAndTheModelIsThatOfTheOther) {
  Door b_trains;  // one group would be enough: b is left behind if a is done before b is prepared
  b_trains.Close();
  Federation federation;
  AddGroupA(federation, [&](std::uint64_t, const std::stop_token& stop) { b_trains.Pass(stop); });
  federation.AddNode("b1", {.step = 0.9F,  // of 1000 weights: the mean's norm is above 10
                            .examples = 900,
                            .before_round = [&](std::uint64_t, const std::stop_token&) { b_trains.Open(); }});
  federation.AddNode("b2", {.step = 0.001F, .examples = 700});
  federation.AddNode("b3", {.step = -0.04F, .examples = 200});
  federation.PinAll();
  const rpc::JobView end = RunJob(federation, GroupText("malicious", "min_groups = 1\nmax_norm = 3.0\n"));
  ASSERT_EQ(end.history.size(), 4U);
  for (std::size_t round = 0; round < 3; ++round) {
    EXPECT_EQ(end.history[round].survivors, 6U);
    EXPECT_THAT(end.history[round].warnings,
                Contains(HasSubstr("group b was left out of the step: the norm")));
    EXPECT_THAT(end.history[round].warnings, ::testing::Not(Contains(HasSubstr("group a"))));
  }
  EXPECT_EQ(end.final_metrics[0].examples, 60U) << "an evaluation passes no gate";
  const rpc::JobView alone =
      RunJob(federation, GroupText("malicious", "min_groups = 1\n", R"(["x1", "x2", "x3"])"));
  EXPECT_EQ(end.model_hash, alone.model_hash);
}

TEST(GroupsFederationTest, WhenTooFewPassTheGatesTheJobFailsAndSaysWho) {
  Federation federation;
  AddGroupA(federation);
  federation.AddNode("b1", {.step = 0.9F, .examples = 900});
  federation.AddNode("b2");
  federation.AddNode("b3");
  federation.PinAll();
  const auto job = federation.Submit(GroupText("malicious", "min_groups = 2\nmax_norm = 3.0\n"));
  ASSERT_TRUE(job.ok()) << Describe(job.status());
  const rpc::JobView end = federation.WaitForEnd(*job);
  EXPECT_EQ(end.state, Phase::kFailed);
  EXPECT_EQ(end.reason.error(), errors::kJobTooFewGroups.id);
}

// Both sides lose their memory between two rounds: the node makes the model of the groups' certified sums, of
// a base that it fetches.
TEST(GroupsFederationTest, RestartsOfBothSidesGoOn) {
  Federation federation;
  std::latch training(1), restarted(1);
  AddGroupA(federation);
  federation.AddNode("b1");
  federation.AddNode("b2");
  TestNode& b3 =
      federation.AddNode("b3", {.before_round = [&](std::uint64_t round, const std::stop_token& stop) {
                           if (round != 3 || stop.stop_requested() || training.try_wait()) return;
                           training.count_down();
                           restarted.wait();
                         }});
  federation.PinAll();
  const auto job = federation.Submit(GroupText("malicious"));
  ASSERT_TRUE(job.ok()) << Describe(job.status());
  training.wait();
  restarted.count_down();
  federation.StopNode(b3);
  federation.StopCoordinator();
  federation.StartCoordinator();
  federation.StartNode(b3);
  const rpc::JobView end = federation.WaitForEnd(*job);
  EXPECT_EQ(end.state, Phase::kFinished) << Describe(end.reason);
}

TEST(GroupsFederationTest, AJobWhoseGroupsMakeNoSenseIsRefusedWithTheArithmetic) {
  Federation federation;
  const auto refused = [&](const std::string& text) {
    const auto job = federation.Submit(text);
    EXPECT_FALSE(job.ok()) << text;
    return job.ok() ? "" : job.status().message();
  };
  EXPECT_THAT(refused(GroupText("malicious", "min_groups = 2\nmax_norm = 50.0\n")),
              HasSubstr("update.clip * sqrt(parameters)"));
  EXPECT_THAT(refused(GroupText("malicious", "min_groups = 3\n")), HasSubstr("3 of 2 groups"));
  EXPECT_THAT(refused(GroupText("malicious", "min_groups = 1\n", R"(["b1", "b2"])")),
              HasSubstr("has 2 nodes; its rounds begin with round.min_nodes = 3"));
}

}  // namespace
}  // namespace accord::testing
