#include "model/hf_config.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/errors.h"
#include "model/llama.h"

namespace accord::model {
namespace {

using Json = nlohmann::json;

LlamaSpec Odd() {
  return ResolveLlama({.vocab_size = 32'000,
                       .hidden_size = 48,
                       .intermediate_size = 80,
                       .num_hidden_layers = 3,
                       .num_attention_heads = 4,
                       .num_key_value_heads = 2,
                       .max_position_embeddings = 96,
                       .rms_norm_eps = 1e-6,
                       .rope_theta = 500'000.0,
                       .tie_word_embeddings = false})
      .value();
}

void ExpectSame(const LlamaSpec& a, const LlamaSpec& b) {
  EXPECT_EQ(a.vocab_size, b.vocab_size);
  EXPECT_EQ(a.hidden_size, b.hidden_size);
  EXPECT_EQ(a.intermediate_size, b.intermediate_size);
  EXPECT_EQ(a.num_hidden_layers, b.num_hidden_layers);
  EXPECT_EQ(a.num_attention_heads, b.num_attention_heads);
  EXPECT_EQ(a.num_key_value_heads, b.num_key_value_heads);
  EXPECT_EQ(a.max_position_embeddings, b.max_position_embeddings);
  EXPECT_EQ(a.rms_norm_eps, b.rms_norm_eps);
  EXPECT_EQ(a.rope_theta, b.rope_theta);
  EXPECT_EQ(a.tie_word_embeddings, b.tie_word_embeddings);
}

TEST(HfConfigTest, WritesTheKeysOfLlamaConfig) {
  const std::string text = HfConfigJson(Odd(), {.format = FloatFormat::kBf16, .bos = 1, .eos = 2});
  EXPECT_EQ(text, R"({
  "architectures": [
    "LlamaForCausalLM"
  ],
  "attention_bias": false,
  "attention_dropout": 0.0,
  "bos_token_id": 1,
  "eos_token_id": 2,
  "head_dim": 12,
  "hidden_act": "silu",
  "hidden_size": 48,
  "initializer_range": 0.02,
  "intermediate_size": 80,
  "max_position_embeddings": 96,
  "mlp_bias": false,
  "model_type": "llama",
  "num_attention_heads": 4,
  "num_hidden_layers": 3,
  "num_key_value_heads": 2,
  "rms_norm_eps": 1e-06,
  "rope_scaling": null,
  "rope_theta": 500000.0,
  "tie_word_embeddings": false,
  "torch_dtype": "bfloat16",
  "use_cache": true,
  "vocab_size": 32000
}
)");
}

TEST(HfConfigTest, ReadsBackWhatItWrites) {
  ExpectSame(ParseHfConfig(HfConfigJson(Odd(), {})).value(), Odd());
  const LlamaSpec preset = ResolveLlama({.preset = "15m"}).value();
  ExpectSame(ParseHfConfig(HfConfigJson(preset, {})).value(), preset);
}

// The least that a file may say, and LlamaConfig's defaults for the rest.
TEST(HfConfigTest, FillsInTheDefaultsOfLlamaConfig) {
  const LlamaSpec spec =
      ParseHfConfig(R"({"model_type": "llama", "vocab_size": 50, "hidden_size": 8, "intermediate_size": 4,
                        "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": null,
                        "max_position_embeddings": 16, "transformers_version": "4.41.0", "eos_token_id": [1, 2]})")
          .value();
  EXPECT_EQ(spec.num_key_value_heads, 2U);
  EXPECT_EQ(spec.rms_norm_eps, 1e-6);
  EXPECT_EQ(spec.rope_theta, 10'000.0);
  EXPECT_FALSE(spec.tie_word_embeddings);
}

TEST(HfConfigTest, ReadsTheRopeParametersOfTransformers5) {
  Json json = Json::parse(HfConfigJson(Odd(), {}));
  json.erase("rope_theta");
  json["rope_parameters"] = {{"rope_type", "default"}, {"rope_theta", 20000}};
  EXPECT_EQ(ParseHfConfig(json.dump())->rope_theta, 20'000.0);
}

struct BadConfigFile {
  std::string name;
  std::string key;
  Json value;  // null: the key is taken away
  std::string says;
  const ErrorInfo& error = errors::kModelConfig;
};
void PrintTo(const BadConfigFile& bad, std::ostream* out) { *out << bad.name; }

class HfConfigErrorTest : public ::testing::TestWithParam<BadConfigFile> {};

TEST_P(HfConfigErrorTest, IsRefusedByName) {
  Json json = Json::parse(HfConfigJson(Odd(), {}));
  json[GetParam().key] = GetParam().value;
  const Status status = ParseHfConfig(json.dump()).status();
  EXPECT_EQ(status.error(), GetParam().error.id);
  EXPECT_EQ(status.message(), GetParam().says);
}

INSTANTIATE_TEST_SUITE_P(
    All, HfConfigErrorTest,
    ::testing::Values(
        BadConfigFile{"Mistral", "model_type", "mistral",
                      R"(config.json: model_type is "mistral"; only "llama" is known here)"},
        BadConfigFile{"NoType", "model_type", nullptr, "config.json: model_type is missing"},
        BadConfigFile{
            "Architecture", "architectures", Json::array({"LlamaForSequenceClassification"}),
            R"(config.json: architectures is ["LlamaForSequenceClassification"]; only ["LlamaForCausalLM"] is )"
            "known here"},
        BadConfigFile{
            "RopeScaling",
            "rope_scaling",
            {{"factor", 8.0}, {"rope_type", "llama3"}},
            R"(config.json: rope_scaling is {"factor":8.0,"rope_type":"llama3"}; none is known here)"},
        BadConfigFile{"RopeParameters",
                      "rope_parameters",
                      {{"rope_theta", 1e4}, {"rope_type", "yarn"}},
                      R"(config.json: rope_parameters is {"rope_theta":10000.0,"rope_type":"yarn"})"},
        BadConfigFile{"RopeParametersNumber", "rope_parameters", 3,
                      "config.json: rope_parameters is 3, not an object"},
        BadConfigFile{"AttentionBias", "attention_bias", true,
                      "config.json: attention_bias is true; only false is known here"},
        BadConfigFile{"MlpBias", "mlp_bias", true, "config.json: mlp_bias is true; only false is known here"},
        BadConfigFile{"Activation", "hidden_act", "gelu",
                      R"(config.json: hidden_act is "gelu"; only "silu" is known here)"},
        BadConfigFile{"Quantised",
                      "quantization_config",
                      {{"bits", 4}},
                      R"(config.json: quantization_config is {"bits":4}; none is known here)"},
        BadConfigFile{"HeadSize", "head_dim", 16, "config.json: head_dim is 16; only 12 is known here"},
        BadConfigFile{"NoWidth", "hidden_size", nullptr, "config.json: hidden_size is missing"},
        BadConfigFile{"NegativeWidth", "hidden_size", -8,
                      "config.json: hidden_size is -8, not a whole number above 0"},
        BadConfigFile{"ZeroLayers", "num_hidden_layers", 0,
                      "config.json: num_hidden_layers is 0, not a whole number above 0"},
        BadConfigFile{"HalfHeads", "num_attention_heads", 1.5,
                      "config.json: num_attention_heads is 1.5, not a whole number above 0"},
        BadConfigFile{"TextEpsilon", "rms_norm_eps", "1e-5",
                      R"(config.json: rms_norm_eps is "1e-5", not a number)"},
        BadConfigFile{"NumberTied", "tie_word_embeddings", 1,
                      "config.json: tie_word_embeddings is 1, not true or false"},
        BadConfigFile{"HeadsDoNotDivide", "hidden_size", 50,
                      "model.hidden_size = 50 is not a multiple of model.num_attention_heads = 4",
                      errors::kModelShape}),
    [](const auto& test) { return test.param.name; });

TEST(HfConfigTest, RefusesWhatIsNoObject) {
  for (const std::string text : {"", "[]", "null", "{", "{}}", "{\"a\": \xFF}"}) {
    const Status status = ParseHfConfig(text).status();
    EXPECT_EQ(status.error(), "model.config") << text;
    EXPECT_EQ(status.message(), "config.json: not a JSON object") << text;
  }
}

TEST(HfConfigTest, ShowsHostileTextHarmlessly) {
  const Status status =
      ParseHfConfig(R"({"model_type": "\u001b[2J)" + std::string(1'000, 'x') + "\"}").status();
  EXPECT_LT(status.message().size(), 200U);
  EXPECT_EQ(status.message().find('\x1B'), std::string::npos);
}

}  // namespace
}  // namespace accord::model
