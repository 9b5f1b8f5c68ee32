// The main job with the production parts: coordinator and nodes over mTLS, restarts, refusals, the lab's own
// commands.
#include "tests/integration/federation/federation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <latch>

#include "base/errors.h"
#include "node/control.h"

namespace accord::testing {
namespace {

using job::Phase;

TEST(FederationTest, TrainsEvaluatesAndEveryNodeAgrees) {
  Federation federation;
  for (const char* name : {"ke", "br", "no"}) federation.AddNode(name);
  const auto job = federation.Submit(JobText());
  ASSERT_TRUE(job.ok()) << Describe(job.status());
  const rpc::JobView end = federation.WaitForEnd(*job);
  ASSERT_EQ(end.state, Phase::kFinished);
  ASSERT_EQ(end.history.size(), 4U);  // three rounds and the evaluation
  for (const rpc::RoundResultView& round : end.history) EXPECT_EQ(round.survivors, 3U);
  ASSERT_EQ(end.final_metrics.size(), 2U);
  EXPECT_NEAR(end.final_metrics[0].value, 0.5, 1e-6);
  EXPECT_NEAR(end.final_metrics[1].value, 0.7, 1e-9);
  EXPECT_EQ(end.final_metrics[1].examples, 30U);
}

TEST(FederationTest, TwoRunsOfOneJobGiveTheSameModel) {
  Federation federation;
  federation.AddNode("ke", {.step = 0.013F, .examples = 17});
  federation.AddNode("br", {.step = -0.02F, .examples = 400});
  federation.AddNode("no", {.step = 0.3F, .examples = 999});
  const auto first = federation.Submit(JobText());
  const rpc::JobView one = federation.WaitForEnd(*first);
  const auto second = federation.Submit(JobText());
  const rpc::JobView two = federation.WaitForEnd(*second);
  ASSERT_NE(one.id, two.id);
  EXPECT_EQ(one.model_hash, two.model_hash);
}

TEST(FederationTest, TheSameSubmissionIsTheSameJob) {
  Federation federation;
  const Bytes token(16, 3);
  const std::string text = JobText();
  const auto first = federation.client().SubmitJob(AsBytes(text), token);
  const auto again = federation.client().SubmitJob(AsBytes(text), token);
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_EQ(first->id, again->id);
  EXPECT_EQ(federation.client().ListJobs()->size(), 1U);
}

TEST(FederationTest, ARestartedCoordinatorGoesOnWithTheSameRound) {
  Federation federation;
  std::latch training(1), restarted(1);
  for (const char* name : {"br", "no"}) federation.AddNode(name);
  federation.AddNode("ke", {.before_round = [&](std::uint64_t round, const std::stop_token&) {
                       if (round != 2) return;
                       training.count_down();
                       restarted.wait();
                     }});
  const auto job = federation.Submit(JobText());
  training.wait();
  federation.WaitFor(*job, [](const rpc::JobView& view) {  // whose bytes the restart loses
    return view.current &&
           std::ranges::count(view.current->nodes, "uploaded", &rpc::NodeProgressView::state) == 2;
  });
  federation.StopCoordinator();
  federation.StartCoordinator();
  restarted.count_down();
  const rpc::JobView end = federation.WaitForEnd(*job);
  ASSERT_EQ(end.state, Phase::kFinished);
  ASSERT_EQ(end.history.size(), 4U);
  EXPECT_EQ(end.history[1].attempts, 1U);
}

TEST(FederationTest, ARestartedNodeGoesOn) {
  Federation federation;
  std::latch training(1);
  std::atomic<bool> first{true};
  for (const char* name : {"br", "no"}) federation.AddNode(name);
  TestNode& restarted =
      federation.AddNode("ke", {.before_round = [&](std::uint64_t, const std::stop_token& stop) {
                           if (!first.exchange(false)) return;
                           training.count_down();
                           std::mutex mutex;
                           std::condition_variable_any stopped;
                           std::unique_lock lock(mutex);
                           stopped.wait_for(lock, stop, std::chrono::seconds(60), [] { return false; });
                         }});
  const auto job = federation.Submit(JobText());
  training.wait();
  federation.StopNode(restarted);
  federation.StartNode(restarted);
  EXPECT_EQ(federation.WaitForEnd(*job).state, Phase::kFinished);
}

// The coordinator ends what is opened with a certificate when that ends: the node is not there any more.
TEST(FederationTest, ANodeConnectsAgainWithItsRenewedCertificate) {
  Federation federation;
  federation.patience = std::chrono::minutes(2);  // seen late, it is seen again a minute after its renewal
  federation.Reconfigure([](config::CoordinatorConfig& config) {
    config.security.certificate_ttl =
        std::chrono::minutes(4);  // begun five minutes ago: past its half at once
    config.limits.heartbeat = Millis(1'000);
  });
  federation.AddNode("ke");
  const auto until = [&](const std::function<bool(const rpc::NodeView&)>& holds) {
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < federation.patience) {
      const auto node = federation.client().GetNode("ke");
      if (node.ok() && node->connected && holds(*node)) return node->since;
    }
    ADD_FAILURE() << "it never came";
    return TimePoint();
  };
  const TimePoint first = until([](const rpc::NodeView&) { return true; });
  until([&](const rpc::NodeView& node) { return node.since > first; });
  const auto job = federation.Submit(JobText({.min_nodes = 1, .min_survivors = 1}));
  ASSERT_TRUE(job.ok()) << Describe(job.status());
  EXPECT_EQ(federation.WaitForEnd(*job).state, Phase::kFinished) << "as able as before";
}

TEST(FederationTest, ALabStopsItsNodeAndTheJobPausesForWantOfQuorum) {
  Federation federation;
  std::latch training(1);
  for (const char* name : {"br", "no"}) federation.AddNode(name);
  TestNode& lab =
      federation.AddNode("ke", {.before_round = [&](std::uint64_t, const std::stop_token& stop) {
                           training.count_down();
                           std::mutex mutex;
                           std::condition_variable_any stopped;
                           std::unique_lock lock(mutex);
                           stopped.wait_for(lock, stop, std::chrono::seconds(60), [] { return false; });
                         }});
  // Three rounds that wait in vain for a training would pause the job for another reason.
  const auto job = federation.Submit(JobText({.max_wait = "5s"}));
  training.wait();
  const auto stopped = node::AskNode(lab.config.node.state, "stop", "toy");
  ASSERT_TRUE(stopped.ok()) << Describe(stopped.status());
  const rpc::JobView paused =
      federation.WaitFor(*job, [](const rpc::JobView& view) { return view.state == Phase::kPaused; });
  EXPECT_EQ(paused.reason.error(), errors::kJobNoQuorum.id);
  ASSERT_TRUE(federation.client().CancelJob(job->id.Hex(), "test").ok());
  EXPECT_EQ(federation.WaitForEnd(*job).state, Phase::kCancelled);
}

TEST(FederationTest, AnUpdateWithNanNeverLeavesTheNode) {
  Federation federation;
  for (const char* name : {"br", "no"}) federation.AddNode(name);
  federation.AddNode("ke", {.not_a_number = true});
  const auto job = federation.Submit(JobText({.max_wait = "5s"}));
  EXPECT_TRUE(federation.NodesThatLogged(*job, errors::kUpdateNotFinite.id, 1).contains("ke"));
  const rpc::JobView paused =
      federation.WaitFor(*job, [](const rpc::JobView& view) { return view.state == Phase::kPaused; });
  EXPECT_EQ(paused.rounds_done, 0U);
}

TEST(FederationTest, TheJobGoesOnWithoutANodeThatRefusesWhenEnoughAreLeft) {
  Federation federation;
  for (const char* name : {"br", "no", "ke"}) federation.AddNode(name);
  federation.AddNode("zz", {.not_a_number = true});
  const auto job = federation.Submit(JobText({.min_nodes = 4, .min_survivors = 3}));
  const rpc::JobView end = federation.WaitForEnd(*job);
  EXPECT_EQ(end.state, Phase::kFinished);
  EXPECT_EQ(end.history[0].survivors, 3U);
  EXPECT_EQ(end.history[0].cohort, 4U);
}

TEST(FederationTest, AnUnmappedDataSetIsRefusedByName) {
  Federation federation;
  for (const char* name : {"br", "no", "ke"}) federation.AddNode(name);
  const auto job = federation.Submit(JobText({.max_wait = "1s", .dataset = "secret"}));
  federation.NodesThatLogged(*job, errors::kTaskRefused.id, 3);
  const rpc::JobView paused =
      federation.WaitFor(*job, [](const rpc::JobView& view) { return view.state == Phase::kPaused; });
  EXPECT_EQ(paused.reason.error(), errors::kJobNoQuorum.id);
}

TEST(FederationTest, ErasingRemovesWhatAJobLeftAndTheLedgerSaysSo) {
  Federation federation;
  for (const char* name : {"br", "no"}) federation.AddNode(name);
  TestNode& lab = federation.AddNode("ke");
  const auto job = federation.Submit(JobText());
  EXPECT_EQ(federation.WaitForEnd(*job).state, Phase::kFinished);
  const auto erased = node::AskNode(lab.config.node.state, "erase", "toy");
  ASSERT_TRUE(erased.ok()) << Describe(erased.status());
  federation.StopNode(lab);  // which may hear of the job's end only now, and removes directories then
  for (const auto& entry : std::filesystem::recursive_directory_iterator(lab.config.node.state / "deltas")) {
    EXPECT_FALSE(entry.is_regular_file()) << entry.path();
  }
}

}  // namespace
}  // namespace accord::testing
