// How many steps a node takes where the plan lets slow ones take fewer, and what becomes of its update.
#include "node/pace.h"

#include <functional>

#include "base/file.h"
#include "strategy/dynamic_steps.h"
#include "tests/unit/node/lab.h"
#include "update/headers.h"
#include "update/next_model.h"

namespace accord::node {
namespace {

using std::chrono::milliseconds;

JobSpec UnevenSpec() {
  JobSpec spec = *config::ParseJob(PlanText("off"), "job");
  spec.inner = {.optimizer = OptimizerKind::kSgd,
                .lr = 0.1,
                .has_local_steps = true,
                .local_steps = 100,
                .round_time = std::chrono::seconds(10),
                .min_steps = 4};
  spec.outer = {.rule = "fedavg"};
  spec.update.clip = 100.0;
  spec.update.bits = 24;
  spec.eval.metrics.clear();
  return spec;
}

class PaceTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::uint64_t Choose(std::uint64_t round) const {
    return Pace(spec_, dir_.path()).Choose(round);
  }

  const JobSpec spec_ = UnevenSpec();
  const testing::TempDir dir_;
};

TEST_F(PaceTest, GoesByWhatItsStepsTook) {
  Pace pace(spec_, dir_.path());
  EXPECT_FALSE(pace.Known());
  EXPECT_EQ(pace.Choose(1), 4U) << "the least";
  pace.Took(milliseconds(200));
  EXPECT_TRUE(pace.Known());
  EXPECT_EQ(pace.Choose(2), 50U);
  pace.Took(milliseconds(500));
  EXPECT_EQ(pace.Choose(3), 20U);
  pace.Took(milliseconds(0));
  EXPECT_EQ(pace.Choose(4), 20U) << "no step was taken, nothing was learnt";
}

TEST_F(PaceTest, KeepsARoundsChoiceOverRestartsAndRepeats) {
  {
    Pace pace(spec_, dir_.path());
    EXPECT_EQ(pace.Choose(1), 4U);
    pace.Took(milliseconds(200));
    EXPECT_EQ(pace.Choose(2), 50U);
  }
  EXPECT_EQ(Choose(2), 50U) << "killed before it was done";
  Pace(spec_, dir_.path()).Took(milliseconds(1000));
  EXPECT_EQ(Choose(2), 50U) << "repeated when the machine had become slower";
  EXPECT_EQ(Choose(3), 10U);
}

TEST_F(PaceTest, ADamagedFileIsNoChoice) {
  EXPECT_EQ(Choose(1), 4U);
  Pace(spec_, dir_.path()).Took(milliseconds(1));
  EXPECT_EQ(Choose(2), 100U);
  Bytes file = *ReadFile(dir_ / "pace");
  for (const std::size_t at : {0UL, 7UL, 20UL, file.size() - 1}) {
    Bytes damaged = file;
    damaged[at] ^= 1;
    ASSERT_TRUE(WriteFileAtomic(dir_ / "pace", damaged, FileMode::kPrivate).ok());
    EXPECT_EQ(Choose(2), 4U) << at;
  }
  file.pop_back();
  ASSERT_TRUE(WriteFileAtomic(dir_ / "pace", file, FileMode::kPrivate).ok());
  EXPECT_EQ(Choose(2), 4U);
}

TEST_F(PaceTest, AGivenSpeedGoesBeforeTheMeasuredOne) {
  Pace pace(spec_, dir_.path(), milliseconds(400));
  EXPECT_EQ(pace.Choose(1), 25U);
  pace.Took(milliseconds(1));
  EXPECT_EQ(pace.Choose(2), 25U);
}

// Walks so far a step, from wherever it begins.
class Walker final : public Trainer {
 public:
  Walker(ModelLayout layout, float stride) : layout_(std::move(layout)), stride_(stride) {}
  [[nodiscard]] const ModelLayout& Layout() const override { return layout_; }
  [[nodiscard]] Result<TrainOutcome> Train(const TrainRequest& request) override {
    asked_.push_back(request.steps);
    const std::uint64_t steps = request.steps > 0 ? request.steps : 100;
    for (std::size_t i = 0; i < request.result.size(); ++i)
      request.result[i] = request.weights[i] + stride_ * static_cast<float>(steps);
    return TrainOutcome{.examples = 10, .steps = steps, .step_time = milliseconds(200)};
  }
  [[nodiscard]] Result<EvalOutcome> Evaluate(std::span<const float>, std::stop_token) override {
    return EvalOutcome{};
  }
  std::vector<std::uint64_t> asked_;

 private:
  ModelLayout layout_;
  float stride_;
};

// A round among nodes of different speeds, from updates to the next model.
class UnevenRoundTest : public ::testing::Test {
 protected:
  struct Node {
    float stride;
    milliseconds step;
  };
  struct Outcome {
    std::vector<float> model;
    std::vector<round::MetricSum> metrics;
  };

  Outcome Round(JobSpec spec, const std::vector<Node>& nodes) {
    JobFacts facts;
    facts.spec = std::make_shared<const JobSpec>(spec);
    facts.layout = std::make_shared<const ModelLayout>(*update::GlobalLayout(spec));
    const auto weights = std::make_shared<const std::vector<float>>(facts.layout->size, 0.0F);
    const auto cohort = static_cast<std::uint32_t>(nodes.size());
    std::vector<std::uint64_t> sum;
    for (std::size_t at = 0; at < nodes.size(); ++at) {
      const Node& node = nodes[at];
      facts.node.bytes[0] = static_cast<std::uint8_t>(at);
      Walker walker(update::ModelOf(*facts.layout), node.stride);
      KeptDelta kept;
      const auto delta = TrainRound({.facts = facts,
                                     .round = round_,
                                     .weights = weights,
                                     .trainer = &walker,
                                     .deltas = deltas_.get(),
                                     .checkpoint = dir_ / "checkpoint",
                                     .progress = std::make_shared<WorkProgress>(),
                                     .stop = {},
                                     .step_time = node.step},
                                    &kept);
      EXPECT_TRUE(delta.ok()) << Describe(delta.status());
      const auto words = Words(facts, *delta, cohort, kept.values);
      EXPECT_EQ(words, Words(facts, *delta, cohort, nullptr)) << "from its file as from memory";
      sum.resize(words.size());
      for (std::size_t i = 0; i < words.size(); ++i) sum[i] += words[i];
    }
    Outcome outcome{*weights, {}};
    const auto metrics = update::NextModel(
        spec, {.round = round_.round, .cohort = cohort, .survivors = cohort, .words = sum}, outcome.model);
    EXPECT_TRUE(metrics.ok()) << Describe(metrics.status());
    outcome.metrics = *metrics;
    return outcome;
  }

  std::vector<std::uint64_t> Words(const JobFacts& facts, const task::Delta& delta, std::uint32_t cohort,
                                   const Weights& values) {
    const auto update = EncodeUpdate({.facts = facts,
                                      .round = round_,
                                      .delta = delta,
                                      .cohort = cohort,
                                      .deltas = deltas_.get(),
                                      .values = values,
                                      .spools = spools_.get(),
                                      .masking = {},
                                      .stop = {}});
    EXPECT_TRUE(update.ok()) << Describe(update.status());
    const ByteView bytes = *update->spool->Tile(0, update->words * 8);
    std::vector<std::uint64_t> words(update->words);
    std::memcpy(words.data(), bytes.data(), bytes.size());
    return words;
  }

  static double Steps(const Outcome& outcome) {
    for (const round::MetricSum& metric : outcome.metrics)
      if (metric.metric == static_cast<std::uint8_t>(update::Figure::kSteps)) return metric.value;
    return -1.0;
  }

  const testing::TempDir dir_;
  const std::unique_ptr<store::Blobs> deltas_ = *store::Blobs::Open(dir_ / "deltas");
  const std::unique_ptr<store::SpoolPool> spools_ =
      *store::SpoolPool::Open({.directory = dir_ / "spool", .memory_budget = 1 << 20});
  task::Assignment round_{RoundId{1}, round::Purpose::kTrain, {}, SecureMode::kOff};
};

// FedNova: x' = x - tau_eff sum p d, tau_eff = sum p a, by hand: of three nodes of one weight, two of which
// take 100 steps of +0.01 and one 20 of -0.02, tau_eff = (100 + 100 + 20) / 3 and the mean step is 0.
TEST_F(UnevenRoundTest, IsFedNovasStep) {
  const Outcome outcome = Round(
      UnevenSpec(), {{0.01F, milliseconds(100)}, {0.01F, milliseconds(50)}, {-0.02F, milliseconds(500)}});
  EXPECT_NEAR(Steps(outcome), 220.0 / 300.0, 1e-9);
  for (const float value : outcome.model) ASSERT_NEAR(value, 0.0, 1e-4);
  // Of plain averages it would be (1 + 1 - 0.4) / 3: the slow one would hardly count.
}

TEST_F(UnevenRoundTest, SlowNodesShortenTheStepAndDoNotTurnIt) {
  const Outcome outcome = Round(
      UnevenSpec(), {{0.01F, milliseconds(100)}, {0.01F, milliseconds(100)}, {0.03F, milliseconds(1000)}});
  // tau_eff = (100 + 100 + 10) / 3 = 70 steps of (0.01 + 0.01 + 0.03) / 3.
  for (const float value : outcome.model) ASSERT_NEAR(value, 70.0 * 0.05 / 3.0, 1e-4);
}

TEST_F(UnevenRoundTest, MomentumCountsByItsReach) {
  JobSpec spec = UnevenSpec();
  spec.inner.momentum = 0.9;
  const Outcome outcome =
      Round(spec, {{0.01F, milliseconds(100)}, {0.01F, milliseconds(100)}, {0.01F, milliseconds(1000)}});
  const double reach = 41.3810596090 / strategy::Reach(spec, 1, 100) * spec.inner.lr;
  const double effective = (2.0 + reach) / 3.0;
  EXPECT_NEAR(Steps(outcome), effective, 1e-7);
  for (const float value : outcome.model)
    ASSERT_NEAR(value, effective * (2.0 * 1.0 + 0.1 / reach) / 3.0, 1e-4);
}

// Where all take all steps the model is to the bit that of a job without dynamic steps.
TEST_F(UnevenRoundTest, WithoutSlowNodesNothingChanges) {
  JobSpec plain = UnevenSpec();
  plain.inner.round_time = Millis(0);
  const std::vector<Node> nodes{
      {0.011F, milliseconds(1)}, {-0.007F, milliseconds(1)}, {0.003F, milliseconds(1)}};
  for (const auto weights : {WeightPolicy::kExact, WeightPolicy::kEqual}) {
    JobSpec uneven = UnevenSpec();
    uneven.update.weights = plain.update.weights = weights;
    const Outcome outcome = Round(uneven, nodes);
    EXPECT_EQ(Steps(outcome), 1.0);
    EXPECT_EQ(outcome.model, Round(plain, nodes).model);
  }
}

// The RMS that the next clip follows from is that of what nodes send, not of the shortened step.
TEST_F(UnevenRoundTest, TheClipFollowsWhatNodesSend) {
  JobSpec spec = UnevenSpec();
  spec.update.clip_rms = 6.0;
  spec.outer = {.rule = "diloco", .lr = 0.7, .momentum = 0.9};
  const Outcome outcome =
      Round(spec, {{0.01F, milliseconds(1000)}, {0.01F, milliseconds(1000)}, {0.01F, milliseconds(1000)}});
  EXPECT_NEAR(Steps(outcome), 0.1, 1e-7);
  const auto layout = *update::GlobalLayout(spec);
  EXPECT_NEAR(outcome.model[layout.size - 2], 1.0, 1e-3) << "as if each had taken all steps";
}

// So that its first round takes as long as the others, and nothing of the timing is in its update.
TEST_F(UnevenRoundTest, ANodeTimesTheFewestStepsBeforeItsFirstRound) {
  const JobSpec spec = UnevenSpec();
  JobFacts facts;
  facts.spec = std::make_shared<const JobSpec>(spec);
  facts.layout = std::make_shared<const ModelLayout>(*update::GlobalLayout(spec));
  Walker walker(*facts.layout, 0.01F);
  for (const std::uint64_t round : {1U, 2U}) {
    KeptDelta kept;
    const auto delta = TrainRound({.facts = facts,
                                   .round = {RoundId{round}, round::Purpose::kTrain, {}, SecureMode::kOff},
                                   .weights = std::make_shared<const std::vector<float>>(facts.layout->size),
                                   .trainer = &walker,
                                   .deltas = deltas_.get(),
                                   .state = dir_ / "state",
                                   .progress = std::make_shared<WorkProgress>()},
                                  &kept);
    ASSERT_TRUE(delta.ok()) << Describe(delta.status());
    EXPECT_NEAR(kept.values->front(), 1.0, 1e-5) << "50 steps, normalised to 100";
    EXPECT_EQ(kept.values->back(), 0.5F);
  }
  EXPECT_EQ(walker.asked_, (std::vector<std::uint64_t>{4, 50, 50}));
}

TEST_F(UnevenRoundTest, ATrainerThatDoesNotCountItsStepsIsRefused) {
  class Silent final : public Trainer {
   public:
    explicit Silent(ModelLayout layout) : layout_(std::move(layout)) {}
    [[nodiscard]] const ModelLayout& Layout() const override { return layout_; }
    [[nodiscard]] Result<TrainOutcome> Train(const TrainRequest&) override { return TrainOutcome{}; }
    [[nodiscard]] Result<EvalOutcome> Evaluate(std::span<const float>, std::stop_token) override {
      return EvalOutcome{};
    }
    ModelLayout layout_;
  };
  const JobSpec spec = UnevenSpec();
  JobFacts facts;
  facts.spec = std::make_shared<const JobSpec>(spec);
  facts.layout = std::make_shared<const ModelLayout>(*update::GlobalLayout(spec));
  Silent trainer(*facts.layout);
  const auto delta = TrainRound({.facts = facts,
                                 .round = round_,
                                 .weights = std::make_shared<const std::vector<float>>(facts.layout->size),
                                 .trainer = &trainer,
                                 .deltas = deltas_.get(),
                                 .progress = std::make_shared<WorkProgress>()});
  ASSERT_FALSE(delta.ok());
  EXPECT_NE(delta.status().message().find("how many steps"), std::string::npos);
}

}  // namespace
}  // namespace accord::node
