#include "model/gguf_adapter.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/errors.h"
#include "base/file.h"
#include "model/layout.h"
#include "model/llama.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/model/gguf_file.h"

namespace accord::model {
namespace {

using testing::GgufFile;

// Two heads of four over one shared; rank 2.
class GgufAdapterTest : public ::testing::Test {
 protected:
  GgufAdapterTest() {
    model_ = Resolve({.kind = "llama",
                      .llama = {.hidden_size = 8,
                                .intermediate_size = 12,
                                .num_hidden_layers = 2,
                                .num_attention_heads = 2,
                                .num_key_value_heads = 1,
                                .max_position_embeddings = 16}})
                 .value();
    adapter_ = MakeAdapter({.kind = AdapterKind::kLora,
                            .rank = 2,
                            .alpha = 8.0,
                            .projections = {"q_proj", "1.mlp.down_proj"},
                            .base = "sha256:"},
                           model_, BuildLayout(model_).value())
                   .value();
    for (std::size_t i = 0; i < adapter_.layout.size; ++i) weights_.push_back(static_cast<float>(i) / 8);
  }
  Status Write(GgufType type) {
    return WriteGgufAdapter(path_, type, {model_.llama, adapter_, weights_, "ours"});
  }
  GgufFile Written(GgufType type) {
    EXPECT_EQ(Write(type), Status());
    return GgufFile(ReadFile(path_).value());
  }

  testing::TempDir directory_;
  std::filesystem::path path_ = directory_ / "adapter.gguf";
  ModelSpec model_;
  Adapter adapter_;
  std::vector<float> weights_;
};

TEST_F(GgufAdapterTest, SaysWhatItIs) {
  const GgufFile file = Written(GgufType::kF32);
  EXPECT_EQ(file.version, 3U);
  EXPECT_EQ(file.keys, (std::map<std::string, std::string>{{"general.alignment", "u32:32"},
                                                           {"general.architecture", "text:llama"},
                                                           {"general.type", "text:adapter"},
                                                           {"general.name", "text:ours"},
                                                           {"general.file_type", "u32:0"},
                                                           {"adapter.type", "text:lora"},
                                                           {"adapter.lora.alpha", "f32:8.000000"}}));
}

TEST_F(GgufAdapterTest, HasBothMatricesOfEachAdaptedOne) {
  const GgufFile file = Written(GgufType::kF32);
  std::map<std::string, std::vector<std::uint64_t>> shapes;  // the contiguous dimension first
  for (const auto& [name, tensor] : file.tensors) {
    shapes[name] = tensor.ne;
    EXPECT_EQ(tensor.type, 0U);
    EXPECT_EQ(tensor.offset % 32, 0U);
  }
  EXPECT_EQ(shapes,
            (std::map<std::string, std::vector<std::uint64_t>>{{"blk.0.attn_q.weight.lora_a", {8, 2}},
                                                               {"blk.0.attn_q.weight.lora_b", {2, 8}},
                                                               {"blk.1.attn_q.weight.lora_a", {8, 2}},
                                                               {"blk.1.attn_q.weight.lora_b", {2, 8}},
                                                               {"blk.1.ffn_down.weight.lora_a", {12, 2}},
                                                               {"blk.1.ffn_down.weight.lora_b", {2, 8}}}));
}

// A head's pairs, half a head apart here, stand side by side there: W's rows do, so those of B do.
TEST_F(GgufAdapterTest, PermutesTheRowsThatThoseOfItsMatrixAre) {
  const GgufFile file = Written(GgufType::kF32);
  const auto ours = [&](const std::string& name) {
    const TensorSpec* tensor =
        FindTensor(adapter_.layout, "base_model.model.model.layers." + name + ".weight");
    return std::vector<float>(weights_.begin() + static_cast<std::ptrdiff_t>(tensor->offset),
                              weights_.begin() + static_cast<std::ptrdiff_t>(tensor->offset + tensor->size));
  };
  EXPECT_EQ(file.Floats("blk.1.attn_q.weight.lora_a", 16), ours("1.self_attn.q_proj.lora_A"));
  EXPECT_EQ(file.Floats("blk.1.ffn_down.weight.lora_b", 16), ours("1.mlp.down_proj.lora_B"));
  const std::vector<float> b = ours("1.self_attn.q_proj.lora_B");
  std::vector<float> permuted;
  for (const std::size_t row : {0, 2, 1, 3, 4, 6, 5, 7}) {
    permuted.push_back(b[2 * row]);
    permuted.push_back(b[2 * row + 1]);
  }
  EXPECT_EQ(file.Floats("blk.1.attn_q.weight.lora_b", 16), permuted);
}

TEST_F(GgufAdapterTest, HalvesItsNumbersAndNamesTheOneThatDoesNotFit) {
  GgufFile file = Written(GgufType::kF16);
  EXPECT_EQ(file.keys["general.file_type"], "u32:1");
  EXPECT_EQ(file.Data("blk.0.attn_q.weight.lora_a", 4), (Bytes{0, 0, 0, 0x30})) << "0 and 1/8 in binary16";
  weights_[0] = std::numeric_limits<float>::infinity();
  std::filesystem::remove(path_);
  EXPECT_EQ(Write(GgufType::kF16).error(), errors::kModelValues.id);
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

TEST_F(GgufAdapterTest, IsOfALlamaAlone) {
  adapter_.matrices[0].module = "layers.0";
  EXPECT_EQ(Write(GgufType::kF32).error(), errors::kModelUnknown.id);
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

}  // namespace
}  // namespace accord::model
