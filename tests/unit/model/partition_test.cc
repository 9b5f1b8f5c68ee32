// What of a job is trained, what of it is exchanged, and which wishes are none.
#include "model/partition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "model/init.h"
#include "model/layout.h"

namespace accord::model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

JobSpec Llama() {
  JobSpec job;
  job.seed = 4;
  job.model.kind = "llama";
  job.model.llama = {.vocab_size = 19,
                     .hidden_size = 8,
                     .intermediate_size = 12,
                     .num_hidden_layers = 2,
                     .num_attention_heads = 4,
                     .num_key_value_heads = 2,
                     .max_position_embeddings = 16};
  return job;
}

JobSpec WithAdapter(AdapterKind kind, std::vector<std::string> projections = {}) {
  JobSpec job = Llama();
  job.adapter = {.kind = kind, .rank = 2, .alpha = 6.0, .projections = std::move(projections)};
  return job;
}

JobSpec FedPer(std::vector<std::string> tensors) {
  JobSpec job = Llama();
  job.personal = {.kind = PersonalKind::kFedPer, .tensors = std::move(tensors)};
  return job;
}

std::vector<std::string> NamesOf(const ModelLayout& layout) {
  std::vector<std::string> names;
  for (const TensorSpec& tensor : layout.tensors) names.push_back(tensor.name);
  return names;
}

std::string ErrorOf(const JobSpec& job) {
  const Status status = MakePartition(job).status();
  EXPECT_EQ(status.error(), "job.invalid");
  return status.message();
}

TEST(PartitionTest, IsTheWholeModelWhereThePlanSaysNothing) {
  const Partition parts = MakePartition(Llama()).value();
  EXPECT_EQ(NamesOf(parts.shared), NamesOf(BuildLayout(Llama().model).value()));
  EXPECT_EQ(NamesOf(parts.trained), NamesOf(parts.shared));
  EXPECT_EQ(parts.personal.size, 0U);
  EXPECT_FALSE(HasPersonal(Llama()));
}

TEST(PartitionTest, OfLoraIsBothMatricesUnderTheirNamesInPeft) {
  const Partition parts = MakePartition(WithAdapter(AdapterKind::kLora, {"v_proj"})).value();
  const std::string layer = "base_model.model.model.layers.";
  EXPECT_THAT(
      NamesOf(parts.shared),
      ElementsAre(layer + "0.self_attn.v_proj.lora_A.weight", layer + "0.self_attn.v_proj.lora_B.weight",
                  layer + "1.self_attn.v_proj.lora_A.weight", layer + "1.self_attn.v_proj.lora_B.weight"));
  EXPECT_THAT(parts.shared.tensors[0].shape, ElementsAre(2, 8));
  EXPECT_THAT(parts.shared.tensors[1].shape, ElementsAre(4, 2)) << "two of four heads share v";
  EXPECT_EQ(parts.shared.size, 2U * (16 + 8));
  EXPECT_DOUBLE_EQ(parts.shared.tensors[0].init.bound, 1.0 / std::sqrt(8.0));
  EXPECT_EQ(parts.shared.tensors[1].init.bound, 0.0);
  EXPECT_EQ(parts.shared.tensors[1].init.constant, 0.0);
}

TEST(PartitionTest, OfAnAdapterWithoutNamesIsAllSevenProjections) {
  EXPECT_EQ(MakePartition(WithAdapter(AdapterKind::kLora))->trained.tensors.size(), 2U * 2 * 7);
}

TEST(PartitionTest, FfaExchangesBAlone) {
  const Partition parts = MakePartition(WithAdapter(AdapterKind::kFfaLora, {"q_proj", "down_proj"})).value();
  ASSERT_EQ(parts.shared.tensors.size(), 4U);
  for (const TensorSpec& tensor : parts.shared.tensors) EXPECT_TRUE(tensor.name.ends_with("lora_B.weight"));
  EXPECT_EQ(NamesOf(parts.trained), NamesOf(parts.shared));
  EXPECT_FALSE(HasPersonal(WithAdapter(AdapterKind::kFfaLora)));
}

TEST(PartitionTest, FedSaExchangesAAndKeepsB) {
  const JobSpec job = WithAdapter(AdapterKind::kFedSaLora, {"q_proj"});
  const Partition parts = MakePartition(job).value();
  for (const TensorSpec& tensor : parts.shared.tensors) EXPECT_TRUE(tensor.name.ends_with("lora_A.weight"));
  for (const TensorSpec& tensor : parts.personal.tensors) EXPECT_TRUE(tensor.name.ends_with("lora_B.weight"));
  EXPECT_EQ(parts.shared.size + parts.personal.size, parts.trained.size);
  EXPECT_TRUE(HasPersonal(job));
}

TEST(PartitionTest, FedPerKeepsWhatIsNamed) {
  const Partition parts = MakePartition(FedPer({"model.norm", "input_layernorm", "layers.1.mlp"})).value();
  EXPECT_THAT(NamesOf(parts.personal),
              ElementsAre("model.layers.0.input_layernorm.weight", "model.layers.1.input_layernorm.weight",
                          "model.layers.1.mlp.down_proj.weight", "model.layers.1.mlp.gate_proj.weight",
                          "model.layers.1.mlp.up_proj.weight", "model.norm.weight"));
  EXPECT_EQ(parts.shared.tensors.size() + parts.personal.tensors.size(), parts.trained.tensors.size());
  EXPECT_EQ(parts.shared.tensors.front().offset, 0U) << "a layout of its own";
}

TEST(PartitionTest, FedPerOfAnAdapterMayKeepLayersOfIt) {
  JobSpec job = WithAdapter(AdapterKind::kLora, {"q_proj"});
  job.personal = {.kind = PersonalKind::kFedPer, .tensors = {"layers.1"}};
  const Partition parts = MakePartition(job).value();
  EXPECT_EQ(parts.personal.tensors.size(), 2U);
  EXPECT_EQ(parts.shared.tensors.size(), 2U);
}

TEST(PartitionTest, NamesAreWholeComponents) {
  JobSpec job = Llama();
  job.model.llama.num_hidden_layers = 11;
  job.personal = {.kind = PersonalKind::kFedPer, .tensors = {"model.layers.1"}};
  for (const std::string& name : NamesOf(MakePartition(job)->personal))
    EXPECT_TRUE(name.starts_with("model.layers.1.")) << name;
  EXPECT_THAT(ErrorOf(FedPer({"model.layers.0.input"})), HasSubstr("\"model.layers.0.input\""));
}

TEST(PartitionTest, RefusesWhatIsNotThereByName) {
  EXPECT_THAT(ErrorOf(WithAdapter(AdapterKind::kLora, {"q_proj", "c_proj"})), HasSubstr("\"c_proj\""));
  EXPECT_THAT(ErrorOf(WithAdapter(AdapterKind::kLora, {"proj"})), HasSubstr("\"proj\""));
  EXPECT_THAT(ErrorOf(WithAdapter(AdapterKind::kLora, {"embed_tokens"})), HasSubstr("model.embed_tokens"));
  EXPECT_THAT(ErrorOf(WithAdapter(AdapterKind::kLora, {"input_layernorm"})), HasSubstr("input_layernorm"));
  EXPECT_THAT(ErrorOf(WithAdapter(AdapterKind::kLora, {"lm_head"})), HasSubstr("lm_head")) << "it is tied";
  EXPECT_THAT(ErrorOf(FedPer({"lm_head"})), HasSubstr("lm_head"));
}

TEST(PartitionTest, RefusesARankAboveTheSmallerSide) {
  JobSpec job = WithAdapter(AdapterKind::kLora, {"v_proj"});
  job.adapter.rank = 4;
  EXPECT_TRUE(MakePartition(job).ok());
  job.adapter.rank = 5;
  EXPECT_THAT(ErrorOf(job), HasSubstr("model.layers.0.self_attn.v_proj [4, 8]"));
}

TEST(PartitionTest, RefusesAPlanThatExchangesNothing) {
  EXPECT_THAT(ErrorOf(FedPer({"model"})), HasSubstr("nothing is left"));
}

TEST(PartitionTest, RefusesASecondPersonalPart) {
  JobSpec job = WithAdapter(AdapterKind::kFedSaLora);
  job.personal = {.kind = PersonalKind::kDitto, .local_steps = 1};
  EXPECT_THAT(ErrorOf(job), HasSubstr("fedsa-lora"));
}

TEST(PartitionTest, OtherModelsHaveAdaptersOnMatricesThatAreNamed) {
  JobSpec job;
  job.model = {.kind = "mlp", .input = {6}, .classes = 3, .hidden = {5}};
  job.adapter = {.kind = AdapterKind::kLora, .rank = 2, .alpha = 2.0};
  EXPECT_THAT(ErrorOf(job), HasSubstr("adapter.projections is missing"));
  job.adapter.projections = {"q_proj"};
  EXPECT_THAT(ErrorOf(job), HasSubstr("\"q_proj\""));
  job.adapter.projections = {"layers.0"};
  EXPECT_THAT(NamesOf(MakePartition(job)->shared), ElementsAre("base_model.model.layers.0.lora_A.weight",
                                                               "base_model.model.layers.0.lora_B.weight"));
  job.model = {.kind = "cnn", .input = {8, 8}, .classes = 3};
  job.adapter.projections = {"conv1"};
  EXPECT_THAT(ErrorOf(job), HasSubstr("conv1"));
}

TEST(AdapterTest, MergesScaledProducts) {
  JobSpec job;
  job.model = {.kind = "mlp", .input = {3}, .classes = 2};
  job.adapter = {.kind = AdapterKind::kLora, .rank = 2, .alpha = 1.0, .projections = {"layers.0"}};
  const ModelLayout base = BuildLayout(job.model).value();
  const Adapter adapter = MakeAdapter(job.adapter, job.model, base).value();
  EXPECT_DOUBLE_EQ(adapter.scale, 0.5);
  std::vector<float> weights(base.size, 1.0F);
  const std::vector<float> ab = {1, 2,  3, 4, 5, 6,  // A [2, 3]
                                 1, 10, 0, 2};       // B [2, 2]
  Merge(adapter, ab, weights);
  EXPECT_THAT(weights, ElementsAre(1, 1,  // the bias
                                   1 + 20.5F, 1 + 26.0F, 1 + 31.5F, 1 + 4.0F, 1 + 5.0F, 1 + 6.0F));
}

}  // namespace
}  // namespace accord::model
