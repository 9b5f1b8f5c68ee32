// A node that dies in mid-epoch goes on from its checkpoint and ends at the bits of an undisturbed run.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/trainer/fixture.h"

namespace accord::trainer {
namespace {

class ResumeTest : public TinyJobTest {
 protected:
  static constexpr std::uint64_t kDiesAfter = 6;  // of eight steps; an epoch has four

  static TorchOptions EveryStep() {
    TorchOptions options = OneThread();
    options.checkpoint_interval = std::chrono::milliseconds(0);
    return options;
  }
  std::filesystem::path Checkpoint() const { return directory_ / "round"; }
  std::filesystem::path File() const { return Checkpoint() / "training.ckpt"; }

  // Runs a node that is stopped after kDiesAfter steps.
  void LeaveCheckpoint(std::uint64_t round = 1) {
    const std::unique_ptr<Trainer> trainer = Make();
    const std::vector<float> start = Start(*trainer);
    std::vector<float> result(start.size());
    std::stop_source stop;
    const auto outcome = trainer->Train({.round = round,
                                         .weights = start,
                                         .result = result,
                                         .checkpoint = Checkpoint(),
                                         .progress =
                                             [&](std::uint64_t done, std::uint64_t) {
                                               if (done == kDiesAfter) stop.request_stop();
                                             },
                                         .stop = stop.get_token()});
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.status().error(), errors::kTaskStopped.id);
    ASSERT_TRUE(std::filesystem::exists(File()));
  }
  // Steps that a fresh trainer takes before it is done, and its result.
  std::pair<std::uint64_t, std::vector<float>> GoOn(std::uint64_t round = 1) {
    std::uint64_t steps = 0;
    const std::unique_ptr<Trainer> trainer = Make();
    std::vector<float> result = Train(
        *trainer, {.round = round, .checkpoint = Checkpoint(), .progress = [&](auto, auto) { ++steps; }});
    return {steps, std::move(result)};
  }
  std::vector<float> Undisturbed(std::uint64_t round = 1) { return Train(*Make(), {.round = round}); }
};

TEST_F(ResumeTest, AfterAKillTheResultIsTheSameBits) {
  for (const OptimizerKind kind : {OptimizerKind::kSgd, OptimizerKind::kAdamW}) {
    job_.inner.optimizer = kind;
    job_.inner.lr = kind == OptimizerKind::kSgd ? 0.1 : 0.01;
    const std::vector<float> expected = Undisturbed();
    const pid_t child = ::fork();
    if (child == 0) {
      const std::unique_ptr<Trainer> trainer = Make(EveryStep());
      (void)Train(*trainer, {.checkpoint = Checkpoint(), .progress = [](std::uint64_t done, std::uint64_t) {
                               if (done == kDiesAfter) ::raise(SIGKILL);
                             }});
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    const auto [steps, result] = GoOn();
    EXPECT_EQ(steps, 8 - kDiesAfter);
    EXPECT_EQ(result, expected);
    std::filesystem::remove_all(Checkpoint());
  }
}

TEST_F(ResumeTest, AfterAStopTheResultIsTheSameBits) {
  LeaveCheckpoint();
  const auto [steps, result] = GoOn();
  EXPECT_EQ(steps, 8 - kDiesAfter);
  EXPECT_EQ(result, Undisturbed());
}

TEST_F(ResumeTest, AnotherRoundsCheckpointIsIgnored) {
  LeaveCheckpoint(1);
  const auto [steps, result] = GoOn(2);
  EXPECT_EQ(steps, 8U);
  EXPECT_EQ(result, Undisturbed(2));
}

TEST_F(ResumeTest, ACheckpointOfAnotherPlanIsIgnored) {
  LeaveCheckpoint();
  job_.inner.lr = 0.05;
  const auto [steps, result] = GoOn();
  EXPECT_EQ(steps, 8U);
  EXPECT_EQ(result, Undisturbed());
}

TEST_F(ResumeTest, ACheckpointFromOtherWeightsIsIgnored) {
  LeaveCheckpoint();
  const std::unique_ptr<Trainer> trainer = Make();
  std::vector<float> start = Start(*trainer), result(start.size());
  start[0] += 1.0F;
  std::uint64_t steps = 0;
  ASSERT_TRUE(trainer
                  ->Train({.round = 1,
                           .weights = start,
                           .result = result,
                           .checkpoint = Checkpoint(),
                           .progress = [&](auto, auto) { ++steps; }})
                  .ok());
  EXPECT_EQ(steps, 8U);
}

TEST_F(ResumeTest, ADamagedCheckpointIsIgnored) {
  LeaveCheckpoint();
  std::filesystem::resize_file(File(), std::filesystem::file_size(File()) - 1);
  const auto [steps, result] = GoOn();
  EXPECT_EQ(steps, 8U);
  EXPECT_EQ(result, Undisturbed());
}

TEST_F(ResumeTest, TrainingGoesOnWhenACheckpointCannotBeWritten) {
  WriteBytes(Checkpoint(), Bytes{1});  // a file where the directory should be
  std::uint64_t steps = 0;
  const std::unique_ptr<Trainer> trainer = Make(EveryStep());
  EXPECT_EQ(Train(*trainer, {.checkpoint = Checkpoint(), .progress = [&](auto, auto) { ++steps; }}),
            Undisturbed());
  EXPECT_EQ(steps, 8U);
}

// The choice of steps was lost, and the checkpoint was not: what was trained is what is told.
TEST_F(ResumeTest, ACheckpointOfMoreStepsThanAreAskedForCounts) {
  LeaveCheckpoint();
  const std::unique_ptr<Trainer> trainer = Make();
  const std::vector<float> start = Start(*trainer);
  std::vector<float> result(start.size());
  const auto outcome = trainer->Train(
      {.round = 1, .steps = 3, .weights = start, .result = result, .checkpoint = Checkpoint()});
  ASSERT_TRUE(outcome.ok()) << Describe(outcome.status());
  EXPECT_EQ(outcome->steps, kDiesAfter);
  EXPECT_EQ(outcome->step_time.value().count(), 0) << "none was taken now";
}

TEST_F(ResumeTest, AShortRoundWritesNone) {
  (void)Train(*Make(), {.checkpoint = Checkpoint()});
  EXPECT_FALSE(std::filesystem::exists(File()));
}

}  // namespace
}  // namespace accord::trainer
