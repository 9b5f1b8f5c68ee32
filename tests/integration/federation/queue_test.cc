// Several jobs of one federation: places at the coordinator, training slots at the nodes.
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <map>
#include <mutex>

#include "base/errors.h"
#include "tests/integration/federation/federation.h"

namespace accord::testing {
namespace {

using job::Phase;

std::string Text(const std::string& name, const std::string& priority) {
  JobChanges changes;
  changes.name = name;
  changes.priority = priority;
  changes.rounds = 1;
  return JobText(changes);
}

// Three nodes, all of which train until the test lets them go on.
class QueueTest : public ::testing::Test {
 protected:
  void AddNodes() {
    for (const char* name : {"br", "ke", "no"}) {
      federation_.AddNode(name, {.before_round =
                                     [this](std::uint64_t, std::stop_token) {
                                       if (begun_++ < 3) training_.count_down();
                                       go_on_.wait();
                                     },
                                 .trains = [this, name](const std::string& job) { Note(name, job); }});
    }
  }
  void Note(const std::string& node, const std::string& job) {
    const std::lock_guard lock(mutex_);
    trained_[node].push_back(job);
  }
  rpc::JobView Submit(const std::string& name, const std::string& priority) {
    const auto job = federation_.Submit(Text(name, priority));
    EXPECT_TRUE(job.ok()) << Describe(job.status());
    return job.ok() ? *job : rpc::JobView{};
  }
  rpc::JobView UntilItWaitsBehind(const rpc::JobView& job, std::uint32_t ahead) {
    return federation_.WaitFor(
        job, [&](const rpc::JobView& view) { return view.state == Phase::kQueued && view.ahead == ahead; });
  }

  std::mutex mutex_;
  std::map<std::string, std::vector<std::string>> trained_;  // names of jobs, by node, as they began
  std::atomic<int> begun_{0};
  std::latch training_{3}, go_on_{1};  // before the nodes, which use them
  Federation federation_;
};

TEST_F(QueueTest, JobsWaitForAPlaceByPriority) {
  federation_.Reconfigure([](config::CoordinatorConfig& config) { config.limits.max_running = 1; });
  AddNodes();
  const rpc::JobView first = Submit("first", "low");
  training_.wait();
  const rpc::JobView low = Submit("late", "low");
  UntilItWaitsBehind(low, 0);
  const rpc::JobView high = Submit("urgent", "high");
  UntilItWaitsBehind(low, 1);
  EXPECT_EQ(UntilItWaitsBehind(high, 0).priority, Priority::kHigh);
  go_on_.count_down();
  const rpc::JobView done = federation_.WaitForEnd(first);
  const rpc::JobView urgent = federation_.WaitForEnd(high);
  const rpc::JobView late = federation_.WaitForEnd(low);
  EXPECT_EQ(late.state, Phase::kFinished);
  EXPECT_GE(urgent.started, done.finished);
  EXPECT_GE(late.started, urgent.finished);
}

TEST_F(QueueTest, ACoordinatorThatComesBackServesItsQueue) {
  federation_.Reconfigure([](config::CoordinatorConfig& config) { config.limits.max_running = 1; });
  AddNodes();
  const rpc::JobView first = Submit("first", "normal");
  training_.wait();
  const rpc::JobView second = Submit("second", "normal");
  UntilItWaitsBehind(second, 0);
  federation_.StopCoordinator();
  federation_.StartCoordinator();
  EXPECT_EQ(UntilItWaitsBehind(second, 0).state, Phase::kQueued);
  go_on_.count_down();
  EXPECT_EQ(federation_.WaitForEnd(first).state, Phase::kFinished);
  EXPECT_EQ(federation_.WaitForEnd(second).state, Phase::kFinished);
}

TEST_F(QueueTest, ANodeTrainsTheMoreUrgentJobFirst) {
  // Nodes say with each heartbeat whether they wait for a slot.
  federation_.Reconfigure([](config::CoordinatorConfig& config) { config.limits.heartbeat = Millis(4000); });
  AddNodes();
  const rpc::JobView first = Submit("first", "normal");
  training_.wait();  // every node's slot is taken
  const rpc::JobView low = Submit("late", "low");
  const rpc::JobView high = Submit("urgent", "high");
  for (const rpc::JobView& job : {low, high}) {
    federation_.WaitFor(job, [](const rpc::JobView& view) {
      return view.current && view.current->nodes.size() == 3 &&
             std::ranges::all_of(view.current->nodes,
                                 [](const auto& node) { return node.state == "waiting"; });
    });
  }
  go_on_.count_down();
  for (const rpc::JobView& job : {low, high, first})
    EXPECT_EQ(federation_.WaitForEnd(job).state, Phase::kFinished);
  const std::lock_guard lock(mutex_);
  ASSERT_EQ(trained_.size(), 3U);
  for (const auto& [node, jobs] : trained_)
    EXPECT_THAT(jobs, ::testing::ElementsAre("first", "urgent", "late")) << node;
}

}  // namespace
}  // namespace accord::testing
