// A job that streams with a delay: the node trains on while the sum of its round is made.
#include <atomic>
#include <latch>

#include "base/errors.h"
#include "model/init.h"
#include "model/safetensors.h"
#include "tests/unit/node/lab.h"

namespace accord::node {
namespace {

class AheadTest : public ::testing::Test {
 protected:
  AheadTest() {
    lab_.config.policy.allow_unmasked = true;
    lab_.hooks.train = [this](const TrainRequest& request) { trained_ = request.round; };
    lab_.hooks.ahead = [this](const TrainRequest& request) {
      ahead_ = request.round;
      return during_(request);
    };
    lab_.Prepare();
    lab_.Await<rpc::Prepared>();
    const JobSpec spec = *config::ParseJob(AsText(lab_.plan), "job");
    const ModelLayout layout = *update::GlobalLayout(spec);
    std::vector<float> weights(layout.size);
    model::InitialWeights(layout, spec.seed, weights);
    model_ = model::ModelHash(layout, weights);
  }

  // A round begins; the model is always the first one.
  void Tell(std::uint64_t round) {
    lab_.task->OnTrain({.job = lab_.job(), .round = {round}, .model_hash = model_, .deadline = {}});
  }
  // Of the two slots `free` have done what was posted before.
  void LetOthersTrain(std::ptrdiff_t free) {
    std::latch here(free), gone(free);
    for (std::ptrdiff_t i = 0; i < free; ++i) {
      lab_.services().training.Post(Priority::kLow, [&] {
        here.arrive_and_wait();
        gone.count_down();
      });
    }
    gone.wait();
  }
  [[nodiscard]] std::filesystem::path Files(const std::string& name) const {
    return lab_.dir / "jobs" / lab_.job().Hex() / name;
  }

  std::function<Status(const TrainRequest&)> during_ = [](const TrainRequest&) { return Status(); };
  std::atomic<std::uint64_t> trained_{0}, ahead_{0};  // the latest round
  Digest model_;
  Lab lab_{"ke", 0.1F, "off", "[streaming]\nfragments = 1\ndelay = 1\n"};
};

TEST_F(AheadTest, TheNextRoundWaitsForTheStepsAheadOfIt) {
  std::latch begun(1), go(1);
  during_ = [&](const TrainRequest& request) {
    if (request.round != 2) return Status();
    EXPECT_EQ(request.checkpoint, Files("round-2"));
    EXPECT_EQ(request.state, Files("kept"));
    begun.count_down();
    go.wait();
    return Status();
  };
  Tell(1);
  EXPECT_EQ(lab_.Await<rpc::Trained>().round, RoundId{1}) << "said while it trains on";
  begun.wait();
  EXPECT_EQ(ahead_, 2U);
  Tell(2);
  lab_.Poll();
  LetOthersTrain(1);
  EXPECT_EQ(trained_, 1U) << "one trainer does one thing at a time";
  go.count_down();
  EXPECT_EQ(lab_.Await<rpc::Trained>().round, RoundId{2});
  EXPECT_EQ(trained_, 2U);
}

TEST_F(AheadTest, NothingIsAheadOfTheEvaluation) {
  for (const std::uint64_t round : {1, 2, 3}) {
    Tell(round);
    EXPECT_EQ(lab_.Await<rpc::Trained>().round, RoundId{round});
  }
  LetOthersTrain(2);
  EXPECT_EQ(ahead_, 3U);
}

TEST_F(AheadTest, WhatWasAheadOfARoundWithoutThisNodeIsForgotten) {
  Tell(1);
  lab_.Await<rpc::Trained>();
  std::filesystem::create_directories(Files("round-1"));
  std::filesystem::create_directories(Files("kept"));
  Tell(2);
  lab_.Await<rpc::Trained>();
  EXPECT_FALSE(std::filesystem::exists(Files("round-1")));
  EXPECT_TRUE(std::filesystem::exists(Files("kept")));
}

TEST_F(AheadTest, AnEraseEndsItAndLeavesNothing) {
  std::latch begun(1), left(1);
  during_ = [&](const TrainRequest& request) {
    begun.count_down();
    std::latch stopped(1);
    const std::stop_callback stop(request.stop, [&] { stopped.count_down(); });
    stopped.wait();
    std::filesystem::create_directories(request.checkpoint);  // as a trainer that is stopped
    left.count_down();
    return Fail(errors::kTaskStopped, "stopped");
  };
  Tell(1);
  lab_.Await<rpc::Trained>();
  begun.wait();
  lab_.task->OnLab(task::Erase{}, [](const Status& status) { EXPECT_TRUE(status.ok()) << Describe(status); });
  EXPECT_TRUE(lab_.RunUntil([&] { return left.try_wait() && !std::filesystem::exists(Files("round-2")); }));
}

}  // namespace
}  // namespace accord::node
