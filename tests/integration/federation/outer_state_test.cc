// Jobs whose outer rule keeps a state: it travels with the weights, so that restarts, late nodes and masked
// rounds come to the model that an undisturbed job comes to.
#include <gtest/gtest.h>

#include <atomic>
#include <latch>

#include "base/errors.h"
#include "config/job_file.h"
#include "model/init.h"
#include "model/safetensors.h"
#include "tests/integration/federation/federation.h"
#include "update/global_state.h"

namespace accord::testing {
namespace {

constexpr std::uint32_t kRounds = 4;
const char* const kDiLoCo = "rule = \"diloco\", lr = 0.7, momentum = 0.9";

// "malicious 4": masked, with rotated updates of 4 bits whose clip follows the update before; "malicious 4
// streaming": of two fragments in turn.
JobChanges Changes(const std::string& how) {
  JobChanges changes{.rounds = kRounds, .secure = how, .outer = kDiLoCo, .synchronous = 1};
  if (!how.starts_with("malicious 4")) return changes;
  if (how.ends_with("streaming")) changes.fragments = 2;
  changes.secure = "malicious";
  changes.update = "bits = 4, clip = 0.5, clip_rms = 4.0, transform = \"hadamard\"";
  return changes;
}

// The global state that a job ended with, as `accord model download` gets it.
std::vector<float> Downloaded(Federation& federation, const rpc::JobView& job, const ModelLayout& layout) {
  Bytes file;
  const Status got = federation.client().DownloadBlob(
      job.model_hash, 0, [&](std::uint64_t, std::uint64_t, ByteView bytes) -> Status {
        file.insert(file.end(), bytes.begin(), bytes.end());
        return {};
      });
  EXPECT_TRUE(got.ok()) << Describe(got);
  auto weights = model::ReadSafetensors(file, layout);
  EXPECT_TRUE(weights.ok()) << Describe(weights.status());
  return *std::move(weights);
}

// Three nodes; "ke" stops before round 3, until it may go on.
class OuterStateFederation {
 protected:
  OuterStateFederation() {
    others_ = {&federation_.AddNode("br", {.step = -0.02F, .examples = 400}),
               &federation_.AddNode("no", {.step = 0.3F, .examples = 999})};
    federation_.AddNode(
        "ke",
        {.step = 0.013F, .examples = 17, .before_round = [this](std::uint64_t round, const std::stop_token&) {
           if (round != 3 || !gated_.exchange(false)) return;
           reached_.count_down();
           open_.wait();
         }});
    federation_.PinAll();
  }
  ~OuterStateFederation() {
    if (!open_.try_wait()) open_.count_down();
  }

  Federation federation_;
  std::vector<TestNode*> others_;  // than "ke"
  std::latch reached_{1}, open_{1};
  std::atomic<bool> gated_{false};
};

class OuterStateTest : public OuterStateFederation, public ::testing::TestWithParam<const char*> {
 protected:
  rpc::JobView Undisturbed() {
    return federation_.WaitForEnd(*federation_.Submit(JobText(Changes(GetParam()))));
  }
  rpc::JobView SubmitGated(std::uint32_t rounds = kRounds) {
    gated_ = true;
    JobChanges changes = Changes(GetParam());
    changes.rounds = rounds;
    auto job = federation_.Submit(JobText(changes));
    EXPECT_TRUE(job.ok()) << Describe(job.status());
    reached_.wait();
    return *job;
  }
};

class OuterStepTest : public OuterStateTest {};
class StreamingFederationTest : public OuterStateFederation, public ::testing::Test {};

// All three train the same in each round, so the mean update is `mean`, up to its rounding.
TEST_P(OuterStepTest, WeightsAndMomentumAreOneModel) {
  const auto spec = config::ParseJob(JobText(Changes(GetParam())), "job");
  const ModelLayout layout = *update::GlobalLayout(*spec);
  std::vector<float> start(layout.size);
  model::InitialWeights(layout, spec->seed, start);
  const rpc::JobView end = Undisturbed();
  ASSERT_EQ(end.state, job::Phase::kFinished);
  EXPECT_EQ(end.parameters, 1000U);
  const bool few_bits = spec->update.bits == 4;
  const std::vector<float> found = Downloaded(federation_, end, layout);
  ASSERT_EQ(found.size(), few_bits ? 2'002U : 2'000U);
  const double mean = (0.013 * 17 - 0.02 * 400 + 0.3 * 999) / 1416;
  const double momentum = -mean * (1 + 0.9 + 0.81);
  const double step = mean + 0.7 * mean * ((1.9) + (1 + 0.9 * 1.9) + (1 + 0.9 * 2.71));
  double moved = 0.0;
  double kept = 0.0;
  for (std::size_t i = 0; i < 1'000; ++i) {
    moved += (found[i] - start[i]) / 1'000;
    kept += found[1'000 + i] / 1'000;
  }
  EXPECT_NEAR(moved, step, few_bits ? 0.05 : 5e-4);
  EXPECT_NEAR(kept, momentum, few_bits ? 0.05 : 5e-4);
}

TEST_P(OuterStateTest, ARestartedCoordinatorGoesOnWithTheState) {
  const Digest undisturbed = Undisturbed().model_hash;
  const rpc::JobView job = SubmitGated();
  federation_.StopCoordinator();
  federation_.StartCoordinator();
  open_.count_down();
  const rpc::JobView end = federation_.WaitForEnd(job);
  EXPECT_EQ(end.state, job::Phase::kFinished);
  EXPECT_EQ(end.model_hash, undisturbed);
}

TEST_P(OuterStateTest, ARestartedNodeGetsTheStateWithTheModel) {
  const Digest undisturbed = Undisturbed().model_hash;
  const rpc::JobView job = SubmitGated();
  federation_.StopNode(*others_[0]);
  federation_.StartNode(*others_[0]);
  open_.count_down();
  const rpc::JobView end = federation_.WaitForEnd(job);
  EXPECT_EQ(end.state, job::Phase::kFinished);
  EXPECT_EQ(end.model_hash, undisturbed);
}

TEST_P(OuterStateTest, ANodeThatJoinsInMidRunTakesPart) {
  TestNode& late = federation_.AddNode("sn", {.step = 0.1F});
  federation_.PinAll();
  federation_.StopNode(late);
  const rpc::JobView job = SubmitGated(kRounds + 2);
  federation_.StartNode(late);
  federation_.UntilPrepared("sn");
  open_.count_down();
  const rpc::JobView end = federation_.WaitForEnd(job);
  ASSERT_EQ(end.state, job::Phase::kFinished);
  ASSERT_EQ(end.history.size(), kRounds + 3);
  EXPECT_EQ(end.history[1].survivors, 3U);
  EXPECT_EQ(end.history[kRounds + 1].survivors, 4U)
      << "it verified the sum of its round, and so came to the same model";
}

// Toys begin each round with the model that they are given: a round moves its fragment, and nothing else.
TEST_F(StreamingFederationTest, EachRoundMovesTheFragmentWhoseTurnItIs) {
  for (const std::uint32_t rounds : {2U, 4U}) {
    JobChanges changes{.rounds = rounds, .secure = "malicious", .synchronous = 1, .fragments = 2};
    const auto spec = config::ParseJob(JobText(changes), "job");
    const ModelLayout layout = *update::GlobalLayout(*spec);
    std::vector<float> start(layout.size);
    model::InitialWeights(layout, spec->seed, start);
    const rpc::JobView end = federation_.WaitForEnd(*federation_.Submit(JobText(changes)));
    ASSERT_EQ(end.state, job::Phase::kFinished);
    const std::vector<float> found = Downloaded(federation_, end, layout);
    const double mean = (0.013 * 17 - 0.02 * 400 + 0.3 * 999) / 1416;
    for (std::size_t i = 0; i < found.size(); ++i) {
      const bool first = i < 90;
      const int turns = rounds == 2 ? (first ? 2 : 1) : (first ? 3 : 2);
      ASSERT_NEAR(found[i] - start[i], turns * mean, 2e-3) << i << " after " << rounds;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, OuterStepTest, ::testing::Values("off", "malicious", "malicious 4"));
INSTANTIATE_TEST_SUITE_P(Modes, OuterStateTest,
                         ::testing::Values("off", "malicious", "malicious 4", "malicious 4 streaming"));

}  // namespace
}  // namespace accord::testing
