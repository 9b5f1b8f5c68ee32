// The coordinator's disk fills up in mid-job: the job pauses and says so, and goes on by itself when there is
// space.
#include <gtest/gtest.h>

#include <latch>

#include "base/errors.h"
#include "tests/integration/federation/federation.h"
#include "tests/support/small_disk.h"

namespace accord::testing {
namespace {

TEST(DiskFullTest, TheJobPausesSaysSoAndGoesOnByItself) {
  SmallDisk disk;
  if (!disk.Mount(96 << 20)) GTEST_SKIP() << "needs root or user namespaces, to mount a small disk";
  Federation federation(disk.path() / "coordinator");
  std::latch training(1), filled(1);
  for (const char* name : {"br", "no"}) federation.AddNode(name);
  federation.AddNode("ke", {.before_round = [&](std::uint64_t round, const std::stop_token&) {
                       if (round != 2) return;
                       training.count_down();
                       filled.wait();
                     }});
  const auto job = federation.Submit(JobText());
  ASSERT_TRUE(job.ok());
  training.wait();
  disk.Fill();
  filled.count_down();
  const rpc::JobView paused =
      federation.WaitFor(*job, [](const rpc::JobView& view) { return view.state == job::Phase::kPaused; });
  EXPECT_EQ(paused.reason.error(), errors::kStoreDiskFull.id);
  EXPECT_EQ(paused.rounds_done, 1U);
  disk.Free();
  const rpc::JobView end = federation.WaitForEnd(*job);
  EXPECT_EQ(end.state, job::Phase::kFinished);
  EXPECT_EQ(end.rounds_done, 3U);
}

}  // namespace
}  // namespace accord::testing
