// The schedule and arithmetic of Streaming DiLoCo against the regression fixtures of torchft
// (spec/learning.md 7.2).
#include "strategy/streaming.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "strategy/outer.h"
#include "strategy/schedule.h"

namespace accord::strategy {
namespace {

constexpr std::size_t kLayers = 2;

// Two layers of one weight, 1 at the start, whose gradient is always 2; inner rate 1, outer SGD of rate 2;
// every replica does the same, so that one stands for all.
struct Course {
  std::vector<std::array<float, kLayers>> local;               // after each step, from step 0
  std::array<std::map<std::uint64_t, float>, kLayers> global;  // by the step of the outer step
};

Course Train(std::uint64_t delay, double alpha, std::uint64_t steps) {
  const Streaming plan{.steps = 6, .fragments = 2, .delay = delay, .alpha = alpha};
  EXPECT_TRUE(plan.Validate().ok());
  const auto rule = MakeOuterRule({.rule = "fedavg", .lr = 2.0}).value();
  std::array<float, kLayers> local{1.0F, 1.0F};
  std::array<float, kLayers> global = local;
  std::array<double, kLayers> delta{};
  Course run{.local = {local}, .global = {}};
  for (std::uint64_t step = 1; step <= steps; ++step) {
    for (float& weight : local) weight -= 1.0F * 2.0F;
    const StreamingDue due = DueAt(plan, step);
    if (due.update) delta[*due.update] = static_cast<double>(local[*due.update]) - global[*due.update];
    if (due.value) {
      const std::uint32_t i = *due.value;
      const std::span<const double> means[] = {std::span(delta).subspan(i, 1)};
      rule->Step({}, {.weights = std::span(global).subspan(i, 1), .means = means});
      Meet(alpha, std::span(global).subspan(i, 1), std::span(local).subspan(i, 1));
      run.global[i][step] = global[i];
    }
    run.local.push_back(local);
  }
  return run;
}

using Globals = std::map<std::uint64_t, float>;

TEST(StreamingTest, TakesTheGlobalValueAsTorchft) {
  const Course run = Train(0, 0.0, 12);
  const std::vector<std::array<float, kLayers>> first_ten{{1, 1},     {-1, -1},  {-3, -3},   {-11, -5},
                                                          {-13, -7},  {-15, -9}, {-17, -23}, {-19, -25},
                                                          {-21, -27}, {-35, -29}};
  EXPECT_EQ(std::vector(run.local.begin(), run.local.begin() + 10), first_ten);
  EXPECT_EQ(run.global[0], (Globals{{3, -11}, {9, -35}}));
  EXPECT_EQ(run.global[1], (Globals{{6, -23}, {12, -47}}));
}

TEST(StreamingTest, KeepsHalfOfTheLocalValueAsTorchft) {
  const Course run = Train(0, 0.5, 15);
  EXPECT_EQ(run.local[3][0], -8.0F);
  EXPECT_EQ(run.local[9][0], -24.5F);
  EXPECT_EQ(run.local[15][0], -40.25F);
  EXPECT_EQ(run.local[6][1], -17.0F);
  EXPECT_EQ(run.local[12][1], -32.0F);
  EXPECT_EQ(run.global[0].at(3), -11.0F);
  EXPECT_EQ(run.global[0].at(9), -29.0F);
}

TEST(StreamingTest, TakesADelayedValueAsTorchft) {
  const Course run = Train(1, 0.0, 15);
  EXPECT_EQ(run.local[3][0], -7.0F);
  EXPECT_EQ(run.local[9][0], -27.0F);
  EXPECT_EQ(run.local[15][0], -47.0F);
  EXPECT_EQ(run.local[6][1], -19.0F);
  EXPECT_EQ(run.local[12][1], -39.0F);
}

TEST(StreamingTest, KeepsHalfBesideADelayedValueAsTorchft) {
  const Course run = Train(1, 0.5, 15);
  EXPECT_EQ(run.local[3][0], -6.0F);
  EXPECT_EQ(run.local[9][0], -21.5F);
  EXPECT_EQ(run.local[15][0], -35.75F);
  EXPECT_EQ(run.local[6][1], -15.0F);
  EXPECT_EQ(run.local[12][1], -29.0F);
  EXPECT_EQ(run.global[0].at(3), -7.0F);
  EXPECT_EQ(run.global[0].at(9), -25.0F);
}

TEST(StreamingTest, EveryFragmentIsSynchronisedOnceInTheSteps) {
  const Streaming plan{.steps = 100, .fragments = 4, .delay = 5, .alpha = 0.5};
  ASSERT_TRUE(plan.Validate().ok());
  std::map<std::uint32_t, std::vector<std::uint64_t>> updates, values;
  for (std::uint64_t step = 1; step <= 200; ++step) {
    const StreamingDue due = DueAt(plan, step);
    if (due.update) updates[*due.update].push_back(step);
    if (due.value) values[*due.value].push_back(step);
  }
  for (std::uint32_t fragment = 0; fragment < 4; ++fragment) {
    const std::uint64_t end = 25 * (fragment + 1);
    EXPECT_EQ(values[fragment], (std::vector<std::uint64_t>{end, end + 100}));
    EXPECT_EQ(updates[fragment], (std::vector<std::uint64_t>{end - 5, end + 95}));
  }
}

JobSpec Streams(const StreamingSpec& streaming, std::uint64_t local_steps, std::uint64_t synchronous) {
  JobSpec job;
  job.inner = {.has_local_steps = true, .local_steps = local_steps};
  job.streaming = streaming;
  job.round.synchronous = synchronous;
  return job;
}

// A round's steps, its fragment and the one that it meets are those that are due at the steps of a lone run.
TEST(StreamingTest, RoundsTakeWhatIsDueAtTheirSteps) {
  for (const std::uint64_t delay : {0U, 1U, 3U}) {
    const JobSpec job = Streams({.fragments = 3, .delay = delay}, 12, 2);
    const Streaming plan = StreamingOf(job);
    ASSERT_TRUE(plan.Validate().ok());
    for (std::uint64_t round = 3; round < 12; ++round) {
      const StreamingRound what = RoundOf(job, round);
      const std::uint64_t first = StepsBefore(job, round) - 2;
      const std::uint64_t steps = LocalSteps(job, round);
      EXPECT_EQ(DueAt(plan, first + steps).update, what.update) << round;
      if (round > 3) {
        EXPECT_EQ(DueAt(plan, first + delay).value, what.value) << round;
      }
      for (std::uint64_t step = first + 1; step < first + steps; ++step) {
        EXPECT_EQ(DueAt(plan, step).update, std::nullopt);
        if (step == first + delay) continue;
        EXPECT_EQ(DueAt(plan, step).value, std::nullopt);
      }
    }
    EXPECT_EQ(RoundOf(job, 3).value, std::nullopt) << "it begins with the global model";
  }
}

TEST(StreamingTest, SynchronousRoundsAreOfTheWholeModel) {
  const JobSpec job = Streams({.fragments = 2}, 4, 2);
  EXPECT_EQ(RoundOf(job, 2).update, std::nullopt);
  EXPECT_EQ(RoundOf(job, 2).value, std::nullopt);
  EXPECT_EQ(RoundOf(job, 3).update, 0U);
  EXPECT_EQ(RoundOf(job, 3).turn, 1U);
  EXPECT_EQ(RoundOf(job, 4).update, 1U);
  EXPECT_EQ(RoundOf(job, 4).value, 0U);
  EXPECT_EQ(RoundOf(job, 4).turn, 1U);
  EXPECT_EQ(RoundOf(job, 5).turn, 2U);
}

TEST(StreamingTest, NodesGoOnFromTheirOwnWeightsUnlessEachRoundIsOfAll) {
  EXPECT_FALSE(GoesOn({}));
  EXPECT_TRUE(GoesOn({.fragments = 2}));
  EXPECT_TRUE(GoesOn({.delay = 1}));
  EXPECT_TRUE(GoesOn({.alpha = 0.5}));
}

TEST(StreamingTest, WithoutAShareOfTheLocalValueTheGlobalOneIsTakenToTheBit) {
  const std::array<float, 2> global{-0.0F, 3.0F};
  std::array<float, 2> local{5.0F, std::numeric_limits<float>::infinity()};
  Meet(0.0, global, local);
  EXPECT_TRUE(std::signbit(local[0]));
  EXPECT_EQ(local[1], 3.0F);
}

TEST(StreamingTest, LayersAreDealtOutInTurn) {
  EXPECT_EQ(FragmentOf("model.layers.0.mlp.up_proj.weight", 3), 0U);
  EXPECT_EQ(FragmentOf("model.layers.7.mlp.up_proj.weight", 3), 1U);
  EXPECT_EQ(FragmentOf("model.layers.11.input_layernorm.weight", 3), 2U);
  EXPECT_EQ(FragmentOf("layers.1.bias", 3), 1U);
  EXPECT_EQ(FragmentOf("model.embed_tokens.weight", 3), 0U);
  EXPECT_EQ(FragmentOf("model.norm.weight", 3), 2U);
  EXPECT_EQ(FragmentOf("lm_head.weight", 3), 2U);
}

TEST(StreamingTest, FragmentsCoverTheModelOnce) {
  ModelLayout layout;
  for (const char* name : {"lm_head", "model.embed_tokens", "model.layers.0.a", "model.layers.0.b",
                           "model.layers.1.a", "model.layers.2.a", "model.norm"}) {
    const std::uint64_t size = 10 + layout.tensors.size();
    layout.tensors.push_back({.name = name, .shape = {size}, .offset = layout.size, .size = size});
    layout.size += size;
  }
  EXPECT_EQ(ElementsOf(layout.tensors, 0, 2), (std::vector<ElementRange>{{10, 11 + 12 + 13}, {60, 15}}));
  EXPECT_EQ(ElementsOf(layout.tensors, 1, 2), (std::vector<ElementRange>{{0, 10}, {46, 14}, {75, 16}}));
  EXPECT_EQ(ElementsOf(layout.tensors, 0, 1), (std::vector<ElementRange>{{0, layout.size}}));
}

TEST(StreamingTest, RefusesWhatMakesNoSense) {
  const auto refused = [](const Streaming& plan) { return plan.Validate().error(); };
  EXPECT_EQ(refused({.steps = 100, .fragments = 3}), "job.invalid");
  EXPECT_EQ(refused({.steps = 0, .fragments = 1}), "job.invalid");
  EXPECT_EQ(refused({.steps = 100, .fragments = 0}), "job.invalid");
  EXPECT_EQ(refused({.steps = 100, .fragments = 4, .delay = 25}), "job.invalid");
  EXPECT_EQ(refused({.steps = 100, .fragments = 4, .delay = 24, .alpha = 1.5}), "job.invalid");
  EXPECT_EQ(refused({.steps = 100, .fragments = 4, .delay = 24, .alpha = 1.0}), "");
}

}  // namespace
}  // namespace accord::strategy
