// Which elements of a model a round's updates are of.
#include "update/exchange.h"

#include <gtest/gtest.h>

#include "update/global_state.h"

namespace accord::update {
namespace {

JobSpec Spec(std::uint32_t fragments) {
  JobSpec spec;
  spec.model = {.kind = "llama",
                .llama = {.vocab_size = 11,
                          .hidden_size = 8,
                          .intermediate_size = 12,
                          .num_hidden_layers = 3,
                          .num_attention_heads = 2,
                          .max_position_embeddings = 16}};
  spec.outer.rule = "diloco";
  spec.streaming.fragments = fragments;
  spec.round.synchronous = 1;
  return spec;
}

constexpr std::uint64_t kLayer = 4 * 8 * 8 + 3 * 8 * 12 + 2 * 8;
constexpr std::uint64_t kEmbedding = 11 * 8;
constexpr std::uint64_t kNorm = 8;

TEST(ExchangeTest, ARoundIsOfTheFragmentWhoseTurnItIs) {
  const JobSpec spec = Spec(2);
  const ModelLayout global = *GlobalLayout(spec);
  EXPECT_EQ(ExchangedSize(spec, global, {1}), ParametersOf(global)) << "a synchronous round";
  EXPECT_EQ(ExchangedSize(spec, global, {2}), kEmbedding + 2 * kLayer);
  EXPECT_EQ(ExchangedSize(spec, global, {3}), kLayer + kNorm);
  EXPECT_EQ(ExchangedSize(spec, global, {4}), kEmbedding + 2 * kLayer);
  EXPECT_EQ(LargestFragment(spec, global), kEmbedding + 2 * kLayer);
  const auto elements = ExchangedElements(spec, global.tensors, {3});
  ASSERT_EQ(elements.size(), 2U) << "the state behind the model has no part in it";
  EXPECT_EQ(elements[0], (strategy::ElementRange{kEmbedding + kLayer, kLayer}));
  EXPECT_EQ(elements[1], (strategy::ElementRange{kEmbedding + 3 * kLayer, kNorm}));
}

TEST(ExchangeTest, WithoutFragmentsItIsOfAll) {
  const JobSpec spec = Spec(1);
  const ModelLayout global = *GlobalLayout(spec);
  for (const std::uint64_t round : {1, 2, 3}) {
    EXPECT_EQ(ExchangedSize(spec, global, {round}), ParametersOf(global));
    EXPECT_EQ(SizeOf(ExchangedElements(spec, global.tensors, {round})), ParametersOf(global));
  }
  EXPECT_EQ(LargestFragment(spec, global), ParametersOf(global));
}

TEST(ExchangeTest, EveryFragmentHasALayer) {
  EXPECT_TRUE(GlobalLayout(Spec(3)).ok());
  const auto refused = GlobalLayout(Spec(5));
  EXPECT_EQ(refused.status().error(), "job.invalid");
  EXPECT_NE(refused.status().message().find("streaming.fragments = 5"), std::string::npos);
}

TEST(ExchangeTest, OfAnAdapterBothMatricesOfALayerTravelTogether) {
  JobSpec spec = Spec(3);
  spec.adapter = {.kind = AdapterKind::kLora, .rank = 2};
  const ModelLayout global = *GlobalLayout(spec);
  for (const std::uint64_t round : {2, 3, 4})
    EXPECT_EQ(3 * ExchangedSize(spec, global, {round}), ParametersOf(global));
}

TEST(ExchangeTest, KeepsTheElementsOfSomeRanges) {
  std::vector<float> values{0, 1, 2, 3, 4, 5, 6, 7};
  KeepElements(std::vector<strategy::ElementRange>{{1, 2}, {4, 1}, {6, 2}}, values);
  EXPECT_EQ(values, (std::vector<float>{1, 2, 4, 6, 7}));
  KeepElements(std::vector<strategy::ElementRange>{{0, 5}}, values);
  EXPECT_EQ(values.size(), 5U);
}

}  // namespace
}  // namespace accord::update
