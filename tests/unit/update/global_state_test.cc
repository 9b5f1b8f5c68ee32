// What lives beside a model: where it stands in the file, and how a round moves it.
#include "update/global_state.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "model/frozen.h"
#include "model/init.h"
#include "model/layout.h"
#include "model/safetensors.h"

namespace accord::update {
namespace {

JobSpec Spec(const std::string& rule, double clip_rms = 0.0) {
  JobSpec spec;
  spec.model = {.kind = "mlp", .input = {3}, .classes = 2, .hidden = {4}};
  spec.outer = {.rule = rule};
  spec.update.clip_rms = clip_rms;
  return spec;
}

std::vector<std::string> NamesOf(const ModelLayout& layout) {
  std::vector<std::string> names;
  for (const TensorSpec& tensor : layout.tensors) names.push_back(tensor.name);
  return names;
}

TEST(GlobalStateTest, IsTheModelWhereNothingIsKept) {
  const ModelLayout global = *GlobalLayout(Spec("fedavg"));
  const ModelLayout model = *model::BuildLayout(Spec("fedavg").model);
  EXPECT_EQ(NamesOf(global), NamesOf(model));
  EXPECT_EQ(ParametersOf(global), model.size);
}

TEST(GlobalStateTest, TheVectorsOfARuleStandBehindTheWeightsInTheirOrder) {
  const ModelLayout global = *GlobalLayout(Spec("fedadam", 3.0));
  const ModelLayout model = *model::BuildLayout(Spec("fedadam").model);
  std::vector<std::string> names = NamesOf(model);
  for (const std::string vector : {"~m.", "~v."}) {
    for (const std::string& name : NamesOf(model)) names.push_back(vector + name);
  }
  names.emplace_back("~~rms");
  EXPECT_EQ(NamesOf(global), names);
  EXPECT_EQ(global.size, 3 * model.size + 2);
  EXPECT_EQ(ParametersOf(global), model.size);
  EXPECT_EQ(NamesOf(ModelOf(global)), NamesOf(model));
  EXPECT_EQ(ModelOf(global).size, model.size);
}

TEST(GlobalStateTest, IsOfWhatIsExchangedAlone) {
  JobSpec spec = Spec("diloco");
  spec.personal = {.kind = PersonalKind::kFedPer, .tensors = {"layers.1"}};
  EXPECT_EQ(NamesOf(*GlobalLayout(spec)),
            (std::vector<std::string>{"layers.0.bias", "layers.0.weight", "~momentum.layers.0.bias",
                                      "~momentum.layers.0.weight"}));
  spec.personal.tensors = {"layers.2"};
  EXPECT_EQ(GlobalLayout(spec).status().error(), "job.invalid");
}

TEST(GlobalStateTest, StartsAsTheRuleSays) {
  const JobSpec spec = Spec("fedadam", 3.0);
  const ModelLayout global = *GlobalLayout(spec);
  const ModelLayout model = ModelOf(global);
  std::vector<float> weights(model.size);
  model::InitialWeights(model, 5, weights);
  std::vector<float> values(global.size, -1.0F);
  model::InitialWeights(global, 5, values);
  const GlobalParts parts = *Split(spec, values);
  EXPECT_TRUE(std::ranges::equal(parts.weights, weights)) << "as without a state";
  ASSERT_EQ(parts.state.size(), 2U);
  EXPECT_TRUE(std::ranges::all_of(parts.state[0], [](float x) { return x == 0.0F; }));
  EXPECT_TRUE(std::ranges::all_of(parts.state[1], [](float x) { return x == 1e-6F; }));
  EXPECT_EQ(std::ranges::count(parts.rms, 0.0F), 2);
}

TEST(GlobalStateTest, StartsFromTheWeightsThatThePlanNames) {
  JobSpec spec = Spec("fedadam", 3.0);
  const ModelLayout global = *GlobalLayout(spec);
  const ModelLayout model = ModelOf(global);
  std::vector<float> start(model.size);
  for (std::size_t i = 0; i < start.size(); ++i) start[i] = 0.5F + static_cast<float>(i);
  spec.model.start = model::NameOfHash(model::ModelHash(model, start));
  std::vector<float> state(global.size, -1.0F);
  ASSERT_TRUE(FirstState(spec, global, start, state).ok());
  const GlobalParts parts = *Split(spec, state);
  EXPECT_TRUE(std::ranges::equal(parts.weights, start));
  EXPECT_TRUE(std::ranges::all_of(parts.state[1], [](float x) { return x == 1e-6F; }));
  EXPECT_TRUE(CheckFirstState(spec, global, state).ok());
  EXPECT_EQ(*FirstModel(spec, start), model::ModelHash(global, state));

  EXPECT_EQ(FirstModel(spec).status().error(), "model.start") << "nobody has them by heart";
  start[3] += 1.0F;
  EXPECT_EQ(FirstState(spec, global, start, state).error(), "model.start");
  EXPECT_EQ(FirstState(spec, global, std::span(start).first(2), state).error(), "model.start");
}

TEST(GlobalStateTest, OtherWeightsAndAnotherStateAreNotTheFirst) {
  JobSpec spec = Spec("diloco");
  const ModelLayout global = *GlobalLayout(spec);
  std::vector<float> state(global.size);
  model::InitialWeights(global, spec.seed, state);
  EXPECT_TRUE(CheckFirstState(spec, global, state).ok()) << "the seed's";
  state[1] += 1.0F;
  EXPECT_EQ(CheckFirstState(spec, global, state).error(), "model.start");
  const auto weights = std::span(state).first(ParametersOf(global));
  spec.model.start = model::NameOfHash(model::ModelHash(ModelOf(global), weights));
  EXPECT_TRUE(CheckFirstState(spec, global, state).ok());
  state.back() = 1.0F;  // a momentum
  EXPECT_EQ(CheckFirstState(spec, global, state).error(), "model.start");
}

TEST(GlobalStateTest, TheBaseOfARoundIsReadFromTheEndOfTheFile) {
  const JobSpec spec = Spec("diloco", 3.0);
  const ModelLayout with = *GlobalLayout(spec);
  const std::vector<float> tail = {7.0F, 0.5F, 0.25F};
  const RoundBase round{spec, with, {1}};
  EXPECT_EQ(round.Before(tail).parameters, ParametersOf(with));
  EXPECT_EQ(round.Before(tail).rms, 0.5F);
  EXPECT_EQ(round.After(tail).rms, 0.25F);
  const ModelLayout without = *GlobalLayout(Spec("diloco"));
  EXPECT_EQ((RoundBase{spec, without, {1}}.Before(tail).rms), 0.0F);
}

TEST(GlobalStateTest, OfAJobThatStreamsEachFragmentHasAnRmsOfItsOwn) {
  JobSpec spec = Spec("fedavg", 3.0);
  spec.streaming.fragments = 2;
  spec.round.synchronous = 1;
  const ModelLayout global = *GlobalLayout(spec);
  EXPECT_EQ(global.tensors.back().shape, (std::vector<std::uint64_t>{2, 2}));
  const std::vector<float> tail = {7.0F, 0.5F, 0.25F, 0.125F, 0.0625F};
  const std::uint64_t first = 3 * 4 + 4, second = 4 * 2 + 2;  // layers.0 and layers.1
  EXPECT_EQ((RoundBase{spec, global, {1}}.Before(tail).parameters), first + second);
  EXPECT_EQ((RoundBase{spec, global, {2}}.Before(tail).parameters), first);
  EXPECT_EQ((RoundBase{spec, global, {2}}.Before(tail).rms), 0.5F);
  EXPECT_EQ((RoundBase{spec, global, {2}}.After(tail).rms), 0.25F);
  EXPECT_EQ((RoundBase{spec, global, {3}}.Before(tail).parameters), second);
  EXPECT_EQ((RoundBase{spec, global, {5}}.Before(tail).rms), 0.125F);
  EXPECT_EQ((RoundBase{spec, global, {5}}.After(tail).rms), 0.0625F);
}

TEST(GlobalStateTest, RefusesARuleThatMakesNoSense) {
  JobSpec spec = Spec("diloco");
  spec.outer.momentum = 1.0;
  EXPECT_EQ(GlobalLayout(spec).status().error(), "job.invalid");
}

}  // namespace
}  // namespace accord::update
