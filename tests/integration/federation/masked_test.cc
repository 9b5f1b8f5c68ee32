// Masked rounds with the production parts: the same models as without masks, through restarts and losses.
#include <gtest/gtest.h>

#include <latch>

#include "base/errors.h"
#include "tests/integration/federation/federation.h"

namespace accord::testing {
namespace {

using job::Phase;

JobChanges Masked(const char* mode = "malicious") {
  JobChanges changes;
  changes.secure = mode;
  return changes;
}

void AddThree(Federation& federation) {
  federation.AddNode("ke", {.step = 0.013F, .examples = 17});
  federation.AddNode("br", {.step = -0.02F, .examples = 400});
  federation.AddNode("no", {.step = 0.3F, .examples = 999});
}

TEST(MaskedFederationTest, EveryModeGivesTheSameModel) {
  Federation federation;
  AddThree(federation);
  federation.PinAll();
  std::vector<rpc::JobView> ends;
  for (const char* mode : {"off", "semi-honest", "malicious"}) {
    const auto job = federation.Submit(JobText(Masked(mode)));
    ASSERT_TRUE(job.ok()) << mode << ": " << Describe(job.status());
    ends.push_back(federation.WaitForEnd(*job));
    ASSERT_EQ(ends.back().state, Phase::kFinished) << mode;
    ASSERT_EQ(ends.back().history.size(), 4U) << mode;
    for (const rpc::RoundResultView& round : ends.back().history) EXPECT_EQ(round.attempts, 1U) << mode;
  }
  EXPECT_EQ(ends[0].model_hash, ends[1].model_hash);
  EXPECT_EQ(ends[0].model_hash, ends[2].model_hash);
  EXPECT_EQ(ends[2].secure, SecureMode::kMalicious);
  EXPECT_EQ(ends[0].final_metrics[0].value, ends[2].final_metrics[0].value);
}

TEST(MaskedFederationTest, ARestartedCoordinatorGoesOn) {
  Federation federation;
  std::latch training(1), restarted(1);
  for (const char* name : {"br", "no"}) federation.AddNode(name);
  federation.AddNode("ke", {.before_round = [&](std::uint64_t round, const std::stop_token&) {
                       if (round != 2) return;
                       training.count_down();
                       restarted.wait();
                     }});
  federation.PinAll();
  const auto job = federation.Submit(JobText(Masked()));
  ASSERT_TRUE(job.ok()) << Describe(job.status());
  training.wait();
  federation.StopCoordinator();
  federation.StartCoordinator();
  restarted.count_down();
  EXPECT_EQ(federation.WaitForEnd(*job).state, Phase::kFinished);
}

// Between two rounds a node loses its memory: it takes the newest model on the word of the others.
TEST(MaskedFederationTest, ARestartedNodeTakesTheModelOnTheOthersWord) {
  Federation federation;
  std::latch training(1), restarted(1);
  for (const char* name : {"br", "no"}) federation.AddNode(name);
  TestNode& ke =
      federation.AddNode("ke", {.before_round = [&](std::uint64_t round, const std::stop_token& stop) {
                           if (round != 2 || stop.stop_requested()) return;
                           if (training.try_wait()) return;
                           training.count_down();
                           restarted.wait();
                         }});
  federation.PinAll();
  const auto job = federation.Submit(JobText(Masked()));
  ASSERT_TRUE(job.ok()) << Describe(job.status());
  training.wait();
  restarted.count_down();
  federation.StopNode(ke);
  federation.StartNode(ke);
  const rpc::JobView end = federation.WaitForEnd(*job);
  EXPECT_EQ(end.state, Phase::kFinished);
}

TEST(MaskedFederationTest, TwoOfFiveMayVanish) {
  Federation federation;
  std::vector<TestNode*> nodes;
  for (const char* name : {"a", "b", "c", "d", "e"}) nodes.push_back(&federation.AddNode(name));
  federation.PinAll();
  JobChanges changes = Masked();
  changes.corrupt = 0;
  changes.max_wait = "10s";  // the vanished are waited for, in one phase or two
  changes.min_nodes = 5;     // so that all of them are in the cohort
  changes.rounds = 1;
  changes.evaluate = false;
  const auto job = federation.Submit(JobText(changes));
  ASSERT_TRUE(job.ok()) << Describe(job.status());
  federation.WaitFor(*job, [](const rpc::JobView& view) {
    return !view.history.empty() || (view.current && view.current->phase >= round::Phase::kAdvertise);
  });
  federation.StopNode(*nodes[4]);
  federation.StopNode(*nodes[3]);
  const rpc::JobView end = federation.WaitForEnd(*job);
  ASSERT_EQ(end.state, Phase::kFinished);
  for (const rpc::RoundResultView& round : end.history) {
    EXPECT_GE(round.survivors, round.committed ? 3U : 0U);
  }
}

TEST(MaskedFederationTest, WithoutAPinnedRegistryNobodyMasks) {
  Federation federation;
  AddThree(federation);
  JobChanges changes = Masked();
  changes.max_wait = "10s";  // of every phase, also once they mask
  const auto job = federation.Submit(JobText(changes));
  ASSERT_TRUE(job.ok()) << Describe(job.status());
  const rpc::JobView paused =
      federation.WaitFor(*job, [](const rpc::JobView& view) { return view.state == Phase::kPaused; });
  EXPECT_EQ(paused.reason.error(), "job.no_quorum");
  federation.PinAll();
  federation.RestartNodes();
  EXPECT_EQ(federation.WaitForEnd(*job).state, Phase::kFinished) << "pinned, they begin by themselves";
}

}  // namespace
}  // namespace accord::testing
