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
  // Answered by the job's strand, once it has let go of the files of round 1: they would make room for
  // round 2.
  ASSERT_TRUE(federation.client().GetJob(job->id.Hex()).ok());
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

// Which store the disk is too small for: updates of 267 KB, three of them in files; or, when they wait in
// memory, the sum of that size and the model of 400 KB.
struct Shortage {
  const char* store;
  std::uint64_t upload_memory;
  std::uint64_t left;
};

class ShortDiskTest : public ::testing::TestWithParam<Shortage> {};

TEST_P(ShortDiskTest, NothingIsLostWhicheverStoreHasNoRoom) {
  SmallDisk disk;
  if (!disk.Mount(96 << 20)) GTEST_SKIP() << "needs root or user namespaces, to mount a small disk";
  Federation federation(disk.path() / "coordinator", GetParam().upload_memory);
  std::latch training(1), filled(1);
  for (const char* name : {"br", "no"}) federation.AddNode(name);
  federation.AddNode("ke", {.before_round = [&](std::uint64_t round, const std::stop_token&) {
                       if (round != 1) return;
                       training.count_down();
                       filled.wait();
                     }});
  const auto job = federation.Submit(JobText({.rounds = 1, .features = 999}));
  ASSERT_TRUE(job.ok()) << Describe(job.status());
  training.wait();
  disk.Fill(GetParam().left);
  filled.count_down();
  const rpc::JobView paused =
      federation.WaitFor(*job, [](const rpc::JobView& view) { return view.state == job::Phase::kPaused; });
  EXPECT_EQ(paused.reason.error(), errors::kStoreDiskFull.id);
  std::string why;
  const Status read = federation.client().JobLogs(job->id.Hex(), false, [&](const rpc::LogLineView& line) {
    if (line.event == "job.disk_full") why = line.text;
    return why.empty();
  });
  EXPECT_TRUE(read.ok()) << Describe(read);
  EXPECT_NE(why.find(disk.path() / "coordinator" / GetParam().store), std::string::npos) << why;
  disk.Free();
  const rpc::JobView end = federation.WaitForEnd(*job);
  EXPECT_EQ(end.state, job::Phase::kFinished) << Describe(end.reason);
  EXPECT_EQ(end.rounds_done, 1U);
}

INSTANTIATE_TEST_SUITE_P(DiskFullTest, ShortDiskTest,
                         ::testing::Values(Shortage{"spool", 0, 400 << 10},
                                           Shortage{"blobs", 64 << 20, 200 << 10}),
                         [](const auto& which) { return std::string(which.param.store); });

}  // namespace
}  // namespace accord::testing
