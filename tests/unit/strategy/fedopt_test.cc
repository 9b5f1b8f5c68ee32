#include "strategy/fedopt.h"

#include <cmath>
#include <limits>

#include "tests/unit/strategy/rule_steps.h"

namespace accord::strategy {
namespace {

OuterSpec Adagrad(const std::string& variant = "") {
  return {.rule = "fedadagrad" + variant, .lr = 0.1, .beta1 = 0.0, .tau = 1e-3};
}
OuterSpec Adam(const std::string& variant = "") {
  return {.rule = "fedadam" + variant, .lr = 0.1, .beta1 = 0.9, .beta2 = 0.99, .tau = 1e-3};
}
OuterSpec Yogi(const std::string& variant = "") {
  return {.rule = "fedyogi" + variant, .lr = 0.01, .beta1 = 0.9, .beta2 = 0.99, .tau = 1e-3};
}

TEST(FedOptTest, StepsAsThePaperDoes) {
  ExpectSteps(Adagrad(), {{.9009950001, -1.9004987500, .4019800020},
                          {.8566718518, -1.9450205568, .4384358172},
                          {.8823649909, -1.9625522261, .4205086893}});
  ExpectSteps(Adam(), {{.9094971688, -1.9048739483, .4180064258},
                       {.7945494485, -1.8705289406, .3792619425},
                       {.7178774211, -1.8569345287, .3293892564}});
  ExpectSteps(Yogi(), {{.9909501244, -1.9904875078, .4918019610},
                       {.9794981556, -1.9870662231, .4879422838},
                       {.9718905496, -1.9857181528, .4829938724}});
}

TEST(FedOptTest, StepsAsFlowerDoes) {
  ExpectSteps(Adagrad("-flower"), {{.9009900990, -1.9004975124, .4019607843},
                                   {.8566651935, -1.9450197624, .4384227699},
                                   {.8823592831, -1.9625516009, .4204927079}});
  ExpectSteps(Adam("-flower"), {{.9325036556, -1.9292895440, .4381283510},
                                {.8591392205, -1.9074275327, .4131381796},
                                {.8147333229, -1.8995734431, .3839538532}});
  ExpectSteps(Yogi("-flower"), {{.9909090909, -1.9904761905, .4916666667},
                                {.9794151588, -1.9870516326, .4877513409},
                                {.9717814720, -1.9857023117, .4827337606}});
}

// From a computation of the same with f32 weights and state, in another language.
TEST(FedOptTest, GivesFrozenBits) {
  using Words = std::vector<std::uint32_t>;
  EXPECT_EQ(Bits(ThreeSteps(Adagrad()).back()), (Words{0x3F61E2ACU, 0xBFFB34E9U, 0x3ED74CEAU}));
  EXPECT_EQ(Bits(ThreeSteps(Adam()).back()), (Words{0x3F37C6D0U, 0xBFEDB008U, 0x3EA8A5B5U}));
  EXPECT_EQ(Bits(ThreeSteps(Yogi()).back()), (Words{0x3F78CDD2U, 0xBFFE2C03U, 0x3EF74AF9U}));
  EXPECT_EQ(Bits(ThreeSteps(Adagrad("-flower")).back()), (Words{0x3F61E24CU, 0xBFFB34E5U, 0x3ED74AD2U}));
  EXPECT_EQ(Bits(ThreeSteps(Adam("-flower")).back()), (Words{0x3F50925DU, 0xBFF32539U, 0x3EC4959AU}));
  EXPECT_EQ(Bits(ThreeSteps(Yogi("-flower")).back()), (Words{0x3F78C6ACU, 0xBFFE2B7EU, 0x3EF728E1U}));
}

TEST(FedOptTest, ThePaperStartsTheSecondMomentAtTheSquareOfTau) {
  for (const OuterSpec& spec : {Adagrad(), Adam(), Yogi()}) {
    const Stepped model(spec, {1.0F});
    ASSERT_EQ(model.needs().state.size(), 2U);
    EXPECT_EQ(model.needs().state[0].name, "m");
    EXPECT_EQ(model.needs().state[1].name, "v");
    EXPECT_EQ(model.state()[0][0], 0.0F);
    EXPECT_EQ(model.state()[1][0], 1e-6F);
  }
  EXPECT_EQ(Stepped(Adam("-flower"), {1.0F}).state()[1][0], 0.0F);
}

// Flower's correction takes the damping of a first moment that started at zero out of the rate.
TEST(FedOptTest, FlowersFirstStepIsCorrected) {
  Stepped model(Adam("-flower"), {0.0F});
  model.Step({0.1});
  const double rate = 0.1 * std::sqrt(1.0 - 0.99 * 0.99) / (1.0 - 0.9 * 0.9);
  EXPECT_FLOAT_EQ(model.weights()[0], static_cast<float>(rate * 0.01 / (0.01 + 1e-3)));
}

TEST(FedOptTest, DoesNotDependOnTheTiling) {
  for (const std::string variant : {"", "-flower"}) {
    for (const OuterSpec& spec : {Adagrad(variant), Adam(variant), Yogi(variant)}) ExpectNoTilesSeen(spec);
  }
}

TEST(FedOptTest, StaysFiniteWithoutUpdates) {
  for (const std::string variant : {"", "-flower"}) {
    for (const OuterSpec& spec : {Adagrad(variant), Adam(variant), Yogi(variant)}) {
      Stepped model(spec, {1.0F});
      model.Step({1e-3});
      for (int i = 0; i < 3000; ++i) model.Step({0.0});
      EXPECT_TRUE(std::isfinite(model.weights()[0])) << spec.rule;
      EXPECT_GE(model.state()[1][0], 0.0F) << spec.rule;
    }
  }
}

TEST(FedOptTest, RefusesWhatMakesNoSense) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const std::string rule : {"fedadagrad", "fedadam", "fedyogi", "fedadam-flower"}) {
    const auto refused = [&](OuterSpec spec) {
      spec.rule = rule;
      return MakeOuterRule(spec).status().error();
    };
    EXPECT_EQ(refused({.lr = -1.0}), "job.invalid");
    for (const double decay : {-0.1, 1.0, nan}) {
      EXPECT_EQ(refused({.beta1 = decay}), "job.invalid") << decay;
      EXPECT_EQ(refused({.beta2 = decay}), "job.invalid") << decay;
    }
    for (const double tau : {0.0, -1e-3, nan, 1e-30, 1e30}) {
      EXPECT_EQ(refused({.tau = tau}), "job.invalid") << tau;
    }
  }
}

}  // namespace
}  // namespace accord::strategy
