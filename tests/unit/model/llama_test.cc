#include "model/llama.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <numbers>

#include "base/errors.h"
#include "model/byte_vocabulary.h"
#include "model/init.h"
#include "model/layout.h"

namespace accord::model {
namespace {

// Grouped heads, an untied last layer: every tensor that a llama can have, all sizes different.
LlamaSpec SmallLlama() {
  return {.vocab_size = 11,
          .hidden_size = 8,
          .intermediate_size = 5,
          .num_hidden_layers = 1,
          .num_attention_heads = 4,
          .num_key_value_heads = 2,
          .max_position_embeddings = 7,
          .tie_word_embeddings = false};
}

ModelSpec Llama(const LlamaSpec& llama) { return {.kind = "llama", .llama = llama}; }

TEST(LlamaTest, NamesTensorsAsHuggingFaceDoes) {
  std::map<std::string, std::vector<std::uint64_t>> shapes;
  const ModelLayout layout = BuildLayout(Llama(SmallLlama())).value();
  for (const TensorSpec& tensor : layout.tensors) shapes[tensor.name] = tensor.shape;
  const std::map<std::string, std::vector<std::uint64_t>> wanted = {
      {"lm_head.weight", {11, 8}},
      {"model.embed_tokens.weight", {11, 8}},
      {"model.layers.0.input_layernorm.weight", {8}},
      {"model.layers.0.mlp.down_proj.weight", {8, 5}},
      {"model.layers.0.mlp.gate_proj.weight", {5, 8}},
      {"model.layers.0.mlp.up_proj.weight", {5, 8}},
      {"model.layers.0.post_attention_layernorm.weight", {8}},
      {"model.layers.0.self_attn.k_proj.weight", {4, 8}},
      {"model.layers.0.self_attn.o_proj.weight", {8, 8}},
      {"model.layers.0.self_attn.q_proj.weight", {8, 8}},
      {"model.layers.0.self_attn.v_proj.weight", {4, 8}},
      {"model.norm.weight", {8}}};
  EXPECT_EQ(shapes, wanted);
  EXPECT_EQ(layout.size, 11U * 8 * 2 + 8 * 3 + 2 * 8 * 8 + 2 * 4 * 8 + 3 * 5 * 8);
}

TEST(LlamaTest, HasNoLastLayerOfItsOwnWhenTied) {
  LlamaSpec spec = SmallLlama();
  spec.tie_word_embeddings = true;
  const ModelLayout layout = BuildLayout(Llama(spec)).value();
  EXPECT_EQ(FindTensor(layout, "lm_head.weight"), nullptr);
  EXPECT_EQ(layout.tensors.size(), 11U);
}

TEST(LlamaTest, CountsTheParametersOfThePresets) {
  EXPECT_EQ(BuildLayout(Llama({.preset = "2m"}))->size, 1'968'384U);
  EXPECT_EQ(BuildLayout(Llama({.preset = "15m"}))->size, 14'851'584U);
  EXPECT_EQ(BuildLayout(Llama({.preset = "110m"}))->size, 108'751'872U);
}

TEST(LlamaTest, CountsTheParametersOfOpenDiLoCosTest) {
  const LlamaSpec spec{.vocab_size = 1'024,
                       .hidden_size = 64,
                       .intermediate_size = 256,
                       .num_hidden_layers = 2,
                       .num_attention_heads = 2,
                       .max_position_embeddings = 1'024,
                       .tie_word_embeddings = false};
  const ModelLayout layout = BuildLayout(Llama(spec)).value();
  EXPECT_EQ(layout.size * sizeof(float), 1'049'856U);  // spec/learning.md 5
  EXPECT_EQ(layout.tensors.size(), 21U);
}

TEST(LlamaTest, TakesWhatIsOpenFromThePresetAndTheByteVocabulary) {
  const LlamaSpec spec = ResolveLlama({.preset = "15m", .num_hidden_layers = 3}).value();
  EXPECT_EQ(spec.hidden_size, 384U);
  EXPECT_EQ(spec.intermediate_size, 1'088U);
  EXPECT_EQ(spec.num_hidden_layers, 3U);
  EXPECT_EQ(spec.num_attention_heads, 6U);
  EXPECT_EQ(spec.num_key_value_heads, 6U);
  EXPECT_EQ(spec.max_position_embeddings, 1'024U);
  EXPECT_EQ(spec.vocab_size, 259U);
  EXPECT_EQ(HeadSize(spec), 64U);
}

TEST(LlamaTest, SharesNoHeadsUnlessTold) {
  EXPECT_EQ(ResolveLlama({.preset = "2m", .num_attention_heads = 3})->num_key_value_heads, 3U);
  EXPECT_EQ(ResolveLlama({.preset = "2m", .num_key_value_heads = 2})->num_key_value_heads, 2U);
}

TEST(LlamaTest, ResolvesWhatIsResolved) {
  const ModelSpec once = Resolve(Llama({.preset = "2m"})).value();
  EXPECT_EQ(once.input, (std::vector<std::uint64_t>{512}));
  EXPECT_EQ(once.classes, kByteVocabulary);
  const ModelSpec twice = Resolve(once).value();
  EXPECT_EQ(twice.input, once.input);
  EXPECT_EQ(twice.classes, once.classes);
  EXPECT_EQ(twice.llama.num_key_value_heads, 6U);
}

TEST(LlamaTest, StartsAsHuggingFacesInitializerRange) {
  const ModelLayout layout = BuildLayout(Llama({.preset = "2m"})).value();
  for (const TensorSpec& tensor : layout.tensors) {
    const bool norm = tensor.name.find("norm") != std::string::npos;
    EXPECT_EQ(tensor.init.bound, norm ? 0.0 : 0.02 * std::numbers::sqrt3) << tensor.name;
    EXPECT_EQ(tensor.init.constant, norm ? 1.0 : 0.0) << tensor.name;
  }
  const TensorSpec& table = *FindTensor(layout, "model.embed_tokens.weight");
  std::vector<float> weights(table.size);
  InitialTensor(table, 1, 0, weights);
  double squares = 0;
  for (const float x : weights) squares += static_cast<double>(x) * x;
  EXPECT_NEAR(squares / static_cast<double>(table.size), 4e-4, 4e-6);
}

struct BadLlamaSpec {
  std::string name;
  void (*change)(ModelSpec& spec);
  std::string says;
  const ErrorInfo& error = errors::kModelShape;
};
void PrintTo(const BadLlamaSpec& bad, std::ostream* out) { *out << bad.name; }

class LlamaErrorTest : public ::testing::TestWithParam<BadLlamaSpec> {};

TEST_P(LlamaErrorTest, IsRefusedByName) {
  ModelSpec spec = Llama(SmallLlama());
  GetParam().change(spec);
  const Status status = BuildLayout(spec).status();
  EXPECT_EQ(status.error(), GetParam().error.id);
  EXPECT_EQ(status.message(), GetParam().says);
}

constexpr std::uint64_t kBillion = 1'000'000'000;
INSTANTIATE_TEST_SUITE_P(
    All, LlamaErrorTest,
    ::testing::Values(
        BadLlamaSpec{"UnknownPreset", [](ModelSpec& s) { s.llama.preset = "70b"; },
                     "no model.preset is called \"70b\"; there are 2m, 15m, 110m"},
        BadLlamaSpec{"NoWidth", [](ModelSpec& s) { s.llama.hidden_size = 0; },
                     "model.hidden_size is missing, and model.preset names no size"},
        BadLlamaSpec{"NoSwiGlu", [](ModelSpec& s) { s.llama.intermediate_size = 0; },
                     "model.intermediate_size is missing, and model.preset names no size"},
        BadLlamaSpec{"NoLayers", [](ModelSpec& s) { s.llama.num_hidden_layers = 0; },
                     "model.num_hidden_layers is missing, and model.preset names no size"},
        BadLlamaSpec{"NoHeads", [](ModelSpec& s) { s.llama.num_attention_heads = 0; },
                     "model.num_attention_heads is missing, and model.preset names no size"},
        BadLlamaSpec{"NoPositions", [](ModelSpec& s) { s.llama.max_position_embeddings = 0; },
                     "model.max_position_embeddings is missing, and model.preset names no size"},
        BadLlamaSpec{"ManyLayers", [](ModelSpec& s) { s.llama.num_hidden_layers = kBillion; },
                     "model.num_hidden_layers is 1000000000; the limit is 1024"},
        BadLlamaSpec{"ManyPositions", [](ModelSpec& s) { s.llama.max_position_embeddings = kBillion; },
                     "model.max_position_embeddings is 1000000000; the limit is 1048576"},
        BadLlamaSpec{"WidthNotByHeads", [](ModelSpec& s) { s.llama.hidden_size = 10; },
                     "model.hidden_size = 10 is not a multiple of model.num_attention_heads = 4"},
        BadLlamaSpec{"HeadsNotByShared", [](ModelSpec& s) { s.llama.num_key_value_heads = 3; },
                     "model.num_attention_heads = 4 is not a multiple of model.num_key_value_heads = 3"},
        BadLlamaSpec{"MoreShared", [](ModelSpec& s) { s.llama.num_key_value_heads = 8; },
                     "model.num_attention_heads = 4 is not a multiple of model.num_key_value_heads = 8"},
        BadLlamaSpec{"OddHead", [](ModelSpec& s) { s.llama.hidden_size = 12; },
                     "model.hidden_size = 12 and model.num_attention_heads = 4 give heads of 3; the size of "
                     "a head must be even"},
        BadLlamaSpec{"NoEpsilon", [](ModelSpec& s) { s.llama.rms_norm_eps = 0; },
                     "model.rms_norm_eps must be above 0"},
        BadLlamaSpec{"NotANumber",
                     [](ModelSpec& s) { s.llama.rope_theta = std::numeric_limits<double>::quiet_NaN(); },
                     "model.rope_theta must be above 1"},
        BadLlamaSpec{"Hidden", [](ModelSpec& s) { s.hidden = {4}; },
                     "a llama has no model.hidden; its width is model.hidden_size"},
        BadLlamaSpec{"Channels", [](ModelSpec& s) { s.channels = {4}; }, "a llama has no model.channels"},
        BadLlamaSpec{"Input",
                     [](ModelSpec& s) {
                       s.input = {28, 28};
                     },
                     "a llama has no model.input; its length is model.max_position_embeddings"},
        BadLlamaSpec{"Classes", [](ModelSpec& s) { s.classes = 10; },
                     "a llama has no model.classes; its tokens are model.vocab_size"},
        BadLlamaSpec{"HugeVocabulary", [](ModelSpec& s) { s.llama.vocab_size = 1ULL << 34; },
                     "tensor lm_head.weight has 17179869184 x 8 = 137438953472 parameters; the limit is 2^36 "
                     "= 68719476736 parameters",
                     errors::kModelTooLarge},
        BadLlamaSpec{"Overflow", [](ModelSpec& s) { s.llama.vocab_size = 1ULL << 62; },
                     "tensor lm_head.weight has 4611686018427387904 x 8 = more than 2^64 parameters; the "
                     "limit is 2^36 = 68719476736 parameters",
                     errors::kModelTooLarge}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace accord::model
