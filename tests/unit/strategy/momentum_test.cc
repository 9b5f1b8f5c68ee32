#include "strategy/momentum.h"

#include <limits>

#include "tests/unit/strategy/rule_steps.h"

namespace accord::strategy {
namespace {

const OuterSpec kDiLoCo{.rule = "diloco", .lr = 0.7, .momentum = 0.9};
const OuterSpec kFedAvgM{.rule = "fedavgm", .lr = 1.0, .momentum = 0.9};

TEST(MomentumTest, StepsAsTheReferenceDoes) {
  ExpectSteps(kDiLoCo, {{0.867, -1.734, 0.4335}, {0.7438, -1.7536, 0.43175}, {0.70432, -1.76144, 0.404275}});
  ExpectSteps(kFedAvgM, {{0.9, -1.8, 0.45}, {0.76, -1.72, 0.425}, {0.664, -1.688, 0.3925}});
}

// From a computation of the same with f32 weights and momentum, in another language.
TEST(MomentumTest, GivesFrozenBits) {
  EXPECT_EQ(Bits(ThreeSteps(kDiLoCo).back()),
            (std::vector<std::uint32_t>{0x3F344E51U, 0xBFE176DEU, 0x3ECEFD22U}));
  EXPECT_EQ(Bits(ThreeSteps(kFedAvgM).back()),
            (std::vector<std::uint32_t>{0x3F29FBE7U, 0xBFD81062U, 0x3EC8F5C2U}));
}

TEST(MomentumTest, TheFirstMomentumIsThePseudoGradient) {
  Stepped model(kDiLoCo, {1.0F, 2.0F});
  ASSERT_EQ(model.needs().state.size(), 1U);
  EXPECT_EQ(model.needs().state[0].name, "momentum");
  model.Step({-0.5, 0.25});
  EXPECT_EQ(model.state()[0], (std::vector<float>{0.5F, -0.25F}));
}

TEST(MomentumTest, GoesOnWithoutUpdates) {
  Stepped model(kFedAvgM, {0.0F});
  model.Step({1.0});
  model.Step({0.0});
  EXPECT_EQ(model.weights()[0], 1.9F);
}

TEST(MomentumTest, NoMomentumIsFedAvg) {
  OuterSpec spec = kDiLoCo;
  spec.momentum = 0.0;
  EXPECT_EQ(ThreeSteps(spec), ThreeSteps({.rule = "fedavg", .lr = 0.7}));
}

TEST(MomentumTest, DoesNotDependOnTheTiling) {
  ExpectNoTilesSeen(kDiLoCo);
  ExpectNoTilesSeen(kFedAvgM);
}

TEST(MomentumTest, RefusesWhatMakesNoSense) {
  for (const std::string rule : {"diloco", "fedavgm"}) {
    EXPECT_EQ(MakeOuterRule({.rule = rule, .lr = 0.0}).status().error(), "job.invalid");
    EXPECT_EQ(MakeOuterRule({.rule = rule, .momentum = 1.0}).status().error(), "job.invalid");
    EXPECT_EQ(MakeOuterRule({.rule = rule, .momentum = -0.1}).status().error(), "job.invalid");
    EXPECT_EQ(
        MakeOuterRule({.rule = rule, .momentum = std::numeric_limits<double>::quiet_NaN()}).status().error(),
        "job.invalid");
  }
}

}  // namespace
}  // namespace accord::strategy
