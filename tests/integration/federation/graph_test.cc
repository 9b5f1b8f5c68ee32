// A cohort that is too large for everyone to mask with everyone: 201 real nodes draw a neighbour graph, and
// the sum is what it would be without masks.
#include <gtest/gtest.h>

#include "base/errors.h"
#include "rpc/process.h"
#include "tests/integration/federation/federation.h"

namespace accord::testing {
namespace {

TEST(GraphFederationTest, TwoHundredAndOneNodesMaskAlongAGraph) {
  constexpr std::uint32_t kNodes = 201;  // one more than the full graph takes
  if (rpc::RaiseFileLimit() < 4096) GTEST_SKIP() << "needs 4,096 open files (ulimit -Hn)";
  Federation federation;
  federation.patience = std::chrono::minutes(4);  // minutes of work for two busy cores
  for (std::uint32_t i = 0; i < kNodes; ++i) {
    const float step = i % 2 == 0 ? 0.02F : -0.01F;
    federation.AddNode("n" + std::to_string(i), {.step = step, .examples = 100 + i});
  }
  federation.PinAll();
  JobChanges changes;
  changes.rounds = 1;
  changes.evaluate = false;
  changes.min_nodes = kNodes;
  changes.min_survivors = 111;  // u_min of 201 with T = 20
  changes.corrupt = 20;
  changes.max_wait = "4m";  // with min_wait: no phase of so many ends before they are through, on any machine
  std::vector<rpc::JobView> ends;
  for (const char* mode : {"off", "malicious"}) {
    changes.secure = mode;
    const auto job = federation.Submit(JobText(changes) + "min_wait = \"4m\"\n");
    ASSERT_TRUE(job.ok()) << mode << ": " << Describe(job.status());
    ends.push_back(federation.WaitForEnd(*job));
    ASSERT_EQ(ends.back().state, job::Phase::kFinished) << mode;
    ASSERT_EQ(ends.back().history.size(), 1U);
    EXPECT_EQ(ends.back().history[0].survivors, kNodes) << mode;
    EXPECT_EQ(ends.back().history[0].attempts, 1U) << mode;
  }
  EXPECT_EQ(ends[0].model_hash, ends[1].model_hash);
}

}  // namespace
}  // namespace accord::testing
