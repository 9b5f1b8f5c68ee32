#include "model/gguf.h"

#include <gtest/gtest.h>

#include <iterator>
#include <limits>
#include <numeric>

#include "base/file.h"
#include "model/float_format.h"
#include "model/gguf_header.h"
#include "model/init.h"
#include "model/layout.h"
#include "model/llama.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/model/gguf_file.h"

namespace accord::model {
namespace {

using testing::GgufFile;

TEST(GgufHeaderTest, IsTheBytesOfTheFormat) {
  GgufHeader header;
  header.U32("a", 7);
  header.Texts("b", {"x"});
  header.Tensor("w", {2, 3}, 8, 34);
  header.Tensor("v", {5}, 0, 20);
  const Bytes wanted = {'G', 'G', 'U', 'F', 3, 0, 0, 0,                                 // version
                        2,   0,   0,   0,   0, 0, 0, 0,                                 // tensors
                        2,   0,   0,   0,   0, 0, 0, 0,                                 // keys
                        1,   0,   0,   0,   0, 0, 0, 0, 'a', 4, 0, 0, 0, 7, 0, 0, 0,    // a: u32
                        1,   0,   0,   0,   0, 0, 0, 0, 'b', 9, 0, 0, 0, 8, 0, 0, 0,    // b: array of string
                        1,   0,   0,   0,   0, 0, 0, 0, 1,   0, 0, 0, 0, 0, 0, 0, 'x',  //
                        1,   0,   0,   0,   0, 0, 0, 0, 'w', 2, 0, 0, 0,                // two dimensions
                        3,   0,   0,   0,   0, 0, 0, 0, 2,   0, 0, 0, 0, 0, 0, 0,  // the contiguous one first
                        8,   0,   0,   0,   0, 0, 0, 0, 0,   0, 0, 0,              // Q8_0, from 0 on
                        1,   0,   0,   0,   0, 0, 0, 0, 'v', 1, 0, 0, 0,           //
                        5,   0,   0,   0,   0, 0, 0, 0, 0,   0, 0, 0,              // F32
                        64,  0,   0,   0,   0, 0, 0, 0};                           // 34 and padding
  Bytes padded = wanted;
  padded.resize((wanted.size() + 31) / 32 * 32);
  EXPECT_EQ(header.Finish(), padded);
}

// Four heads of four over two shared; rows of 16 are no blocks of 32, those of 64 are.
LlamaSpec GgufSpec() {
  return ResolveLlama({.hidden_size = 16,
                       .intermediate_size = 64,
                       .num_hidden_layers = 2,
                       .num_attention_heads = 4,
                       .num_key_value_heads = 2,
                       .max_position_embeddings = 32,
                       .rope_theta = 20'000,
                       .tie_word_embeddings = false})
      .value();
}

class GgufTest : public ::testing::Test {
 protected:
  GgufTest() { Restart(GgufSpec()); }
  void Restart(const LlamaSpec& spec) {
    spec_ = spec;
    layout_ = MakeLayout(LlamaTensors(spec_)).value();
    weights_.resize(layout_.size);
    InitialWeights(layout_, 5, weights_);
  }
  Status Write(GgufType type) {
    return WriteGguf(path_, type, {spec_, weights_, vocabulary_, "a model", "of a test"});
  }
  GgufFile Written(GgufType type) {
    EXPECT_EQ(Write(type), Status());
    return GgufFile(ReadFile(path_).value());
  }
  [[nodiscard]] std::span<float> Tensor(const std::string& name) {
    const TensorSpec* tensor = FindTensor(layout_, name);
    return std::span(weights_).subspan(tensor->offset, tensor->size);
  }
  [[nodiscard]] std::ptrdiff_t Files() const {
    return std::distance(std::filesystem::directory_iterator(directory_.path()),
                         std::filesystem::directory_iterator());
  }

  testing::TempDir directory_;
  std::filesystem::path path_ = directory_ / "model.gguf";
  LlamaSpec spec_;
  ModelLayout layout_;
  std::vector<float> weights_;
  Vocabulary vocabulary_ = MakeByteVocabulary();
};

TEST_F(GgufTest, SaysTheShapeAndTheTokens) {
  GgufFile file = Written(GgufType::kF32);
  EXPECT_EQ(file.version, 3U);
  EXPECT_EQ(file.keys["tokenizer.ggml.tokens"].substr(0, 28), "text[259]:<0x00>,<0x01>,<0x0");
  EXPECT_TRUE(file.keys["tokenizer.ggml.tokens"].ends_with(",<0xFF>,<s>,</s>,<unk>"));
  EXPECT_TRUE(file.keys["tokenizer.ggml.token_type"].starts_with("i32[259]:6,6,"));
  EXPECT_TRUE(file.keys["tokenizer.ggml.token_type"].ends_with(",6,3,3,2"));
  EXPECT_TRUE(file.keys["tokenizer.ggml.scores"].starts_with("f32[259]:0.000000,"));
  for (const char* key : {"tokenizer.ggml.tokens", "tokenizer.ggml.scores", "tokenizer.ggml.token_type"}) {
    file.keys.erase(key);
  }
  const std::map<std::string, std::string> wanted = {
      {"general.alignment", "u32:32"},
      {"general.architecture", "text:llama"},
      {"general.description", "text:of a test"},
      {"general.file_type", "u32:0"},
      {"general.name", "text:a model"},
      {"general.type", "text:model"},
      {"llama.attention.head_count", "u32:4"},
      {"llama.attention.head_count_kv", "u32:2"},
      {"llama.attention.layer_norm_rms_epsilon", "f32:0.000010"},
      {"llama.block_count", "u32:2"},
      {"llama.context_length", "u32:32"},
      {"llama.embedding_length", "u32:16"},
      {"llama.feed_forward_length", "u32:64"},
      {"llama.rope.dimension_count", "u32:4"},
      {"llama.rope.freq_base", "f32:20000.000000"},
      {"llama.vocab_size", "u32:259"},
      {"tokenizer.ggml.add_bos_token", "bool:1"},
      {"tokenizer.ggml.add_eos_token", "bool:0"},
      {"tokenizer.ggml.add_space_prefix", "bool:0"},
      {"tokenizer.ggml.bos_token_id", "u32:256"},
      {"tokenizer.ggml.eos_token_id", "u32:257"},
      {"tokenizer.ggml.model", "text:llama"},
      {"tokenizer.ggml.pre", "text:default"},
      {"tokenizer.ggml.unknown_token_id", "u32:258"}};
  EXPECT_EQ(file.keys, wanted);
}

TEST_F(GgufTest, SaysHowAUnigramModelCutsTexts) {
  vocabulary_.segmenter = Segmenter::kUnigram;
  vocabulary_.remove_extra_whitespaces = true;
  vocabulary_.charsmap = "\x01\xFF";
  vocabulary_.pieces[97] = {.text = "ab", .score = -1.5F};
  const GgufFile file = Written(GgufType::kF32);
  EXPECT_EQ(file.keys.at("tokenizer.ggml.model"), "text:t5");
  EXPECT_EQ(file.keys.at("tokenizer.ggml.remove_extra_whitespaces"), "bool:1");
  EXPECT_EQ(file.keys.at("tokenizer.ggml.precompiled_charsmap"), "u8[2]:1,255");
  EXPECT_NE(file.keys.at("tokenizer.ggml.scores").find(",-1.500000,"), std::string::npos);
}

TEST_F(GgufTest, HoldsEveryTensorByItsNameThere) {
  const GgufFile file = Written(GgufType::kF32);
  ASSERT_EQ(file.tensors.size(), layout_.tensors.size());
  const std::map<std::string, std::string> names = {
      {"token_embd", "model.embed_tokens"},
      {"output_norm", "model.norm"},
      {"output", "lm_head"},
      {"blk.1.attn_norm", "model.layers.1.input_layernorm"},
      {"blk.1.attn_v", "model.layers.1.self_attn.v_proj"},
      {"blk.1.attn_output", "model.layers.1.self_attn.o_proj"},
      {"blk.1.ffn_norm", "model.layers.1.post_attention_layernorm"},
      {"blk.1.ffn_gate", "model.layers.1.mlp.gate_proj"},
      {"blk.1.ffn_up", "model.layers.1.mlp.up_proj"},
      {"blk.0.ffn_down", "model.layers.0.mlp.down_proj"}};
  for (const auto& [theirs, ours] : names) {
    const auto values = Tensor(ours + ".weight");
    EXPECT_EQ(file.Floats(theirs + ".weight", values.size()), std::vector(values.begin(), values.end()))
        << theirs;
  }
  EXPECT_EQ(file.tensors.at("blk.0.attn_k.weight").ne, (std::vector<std::uint64_t>{16, 8}));
  EXPECT_EQ(file.tensors.at("output_norm.weight").ne, (std::vector<std::uint64_t>{16}));
  for (const auto& [name, tensor] : file.tensors) EXPECT_EQ(tensor.offset % 32, 0U) << name;
}

// w.reshape(heads, 2, size / 2, columns).swapaxes(1, 2).reshape(w.shape), written out.
void ExpectPermuted(std::span<const float> ours, const std::vector<float>& theirs, std::size_t heads) {
  const std::size_t columns = 16;
  const std::size_t half = ours.size() / columns / heads / 2;
  for (std::size_t h = 0; h < heads; ++h) {
    for (std::size_t j = 0; j < half; ++j) {
      for (std::size_t p = 0; p < 2; ++p) {
        for (std::size_t c = 0; c < columns; ++c) {
          ASSERT_EQ(theirs[((h * half + j) * 2 + p) * columns + c],
                    ours[((h * 2 + p) * half + j) * columns + c])
              << h << ' ' << j << ' ' << p;
        }
      }
    }
  }
}

TEST_F(GgufTest, PutsThePairsOfAHeadSideBySide) {
  const GgufFile file = Written(GgufType::kF32);
  ExpectPermuted(Tensor("model.layers.1.self_attn.q_proj.weight"), file.Floats("blk.1.attn_q.weight", 256),
                 4);
  ExpectPermuted(Tensor("model.layers.1.self_attn.k_proj.weight"), file.Floats("blk.1.attn_k.weight", 128),
                 2);
}

TEST_F(GgufTest, WritesMatricesAsHalves) {
  const GgufFile file = Written(GgufType::kF16);
  EXPECT_EQ(file.keys.at("general.file_type"), "u32:1");
  EXPECT_EQ(file.tensors.at("blk.0.attn_norm.weight").type, 0U);
  EXPECT_EQ(file.tensors.at("token_embd.weight").type, 1U);
  const auto values = Tensor("model.layers.0.mlp.down_proj.weight");
  const Bytes data = file.Data("blk.0.ffn_down.weight", 2 * values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(data[2 * i] | data[2 * i + 1] << 8, ToF16(values[i]));
  }
}

TEST_F(GgufTest, WritesBlocksWhereRowsAreWholeBlocks) {
  const GgufFile file = Written(GgufType::kQ8_0);
  EXPECT_EQ(file.keys.at("general.file_type"), "u32:7");
  EXPECT_EQ(file.keys.at("general.quantization_version"), "u32:2");
  EXPECT_EQ(file.tensors.at("output_norm.weight").type, 0U);
  EXPECT_EQ(file.tensors.at("token_embd.weight").type, 1U);      // rows of 16
  EXPECT_EQ(file.tensors.at("blk.0.ffn_down.weight").type, 8U);  // rows of 64
  const auto values = Tensor("model.layers.0.mlp.down_proj.weight");
  const Bytes data = file.Data("blk.0.ffn_down.weight", values.size() / 32 * 34);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t block = i / 32 * 34;
    const float d = FromF16(static_cast<std::uint16_t>(data[block] | data[block + 1] << 8));
    ASSERT_NEAR(static_cast<float>(static_cast<std::int8_t>(data[block + 2 + i % 32])) * d, values[i],
                0.57 * d);
  }
}

TEST_F(GgufTest, WritesTiedEmbeddingsOnce) {
  LlamaSpec spec = GgufSpec();
  spec.tie_word_embeddings = true;
  Restart(spec);
  const GgufFile file = Written(GgufType::kF32);
  EXPECT_FALSE(file.tensors.contains("output.weight"));
  EXPECT_EQ(file.tensors.size(), layout_.tensors.size());
}

TEST_F(GgufTest, EndsAfterThePaddingOfItsLastTensor) {
  const GgufFile file = Written(GgufType::kQ8_0);
  std::uint64_t end = 0;
  for (const auto& [name, tensor] : file.tensors) {
    std::uint64_t size = 1;
    for (const std::uint64_t n : tensor.ne) size *= n;
    const std::uint64_t bytes = tensor.type == 8 ? size / 32 * 34 : size * (tensor.type == 1 ? 2 : 4);
    end = std::max(end, tensor.offset + (bytes + 31) / 32 * 32);
  }
  EXPECT_EQ(file.data_bytes(), end);
}

TEST_F(GgufTest, LeavesTheOldFileWhereItCannotWriteANewOne) {
  ASSERT_TRUE(WriteFileAtomic(path_, AsBytes("old"), FileMode::kShared).ok());
  const auto refused = [&](GgufType type, const std::string& error, const std::string& says) {
    const Status status = Write(type);
    EXPECT_EQ(status.error(), error);
    EXPECT_EQ(status.message(), says);
    EXPECT_EQ(AsText(ReadFile(path_).value()), "old");
    EXPECT_EQ(Files(), 1);
  };
  Tensor("model.layers.1.self_attn.q_proj.weight")[17] = 70'000.0F;
  refused(GgufType::kF16, "model.values",
          "element 17 of tensor model.layers.1.self_attn.q_proj.weight is too large for the format: "
          "70000.000000");
  EXPECT_EQ(Write(GgufType::kF32), Status());
  ASSERT_TRUE(WriteFileAtomic(path_, AsBytes("old"), FileMode::kShared).ok());
  Tensor("model.norm.weight")[3] = std::numeric_limits<float>::quiet_NaN();
  refused(GgufType::kQ8_0, "model.values", "element 3 of tensor model.norm.weight is not a number");
  vocabulary_.pieces.pop_back();
  refused(GgufType::kF32, "model.vocabulary", "the tokenizer has 258 tokens, the model 259");
}

TEST(GgufLimitTest, RefusesADimensionThatTheFormatCannotSay) {
  LlamaSpec spec = GgufSpec();
  spec.max_position_embeddings = 1ULL << 32;
  const std::vector<float> weights(MakeLayout(LlamaTensors(spec))->size);
  const testing::TempDir directory;
  EXPECT_EQ(
      WriteGguf(directory / "m.gguf", GgufType::kF32, {spec, weights, MakeByteVocabulary(), ""}).error(),
      "model.too_large");
}

TEST(VocabularyTest, TellsReadersThatASpaceIsU2581) {
  const Vocabulary vocabulary = MakeByteVocabulary();
  ASSERT_EQ(vocabulary.pieces.size(), 259U);
  EXPECT_EQ(vocabulary.pieces[0x20].text, "\xE2\x96\x81");
  EXPECT_EQ(vocabulary.pieces[0x20].type, PieceType::kNormal);
  EXPECT_EQ(vocabulary.pieces[0x0A].text, "<0x0A>");
  EXPECT_EQ(vocabulary.pieces[0x0A].type, PieceType::kByte);
  EXPECT_EQ(vocabulary.pieces[256].text, "<s>");
  EXPECT_EQ(vocabulary.pieces[256].type, PieceType::kControl);
  EXPECT_EQ(vocabulary.pieces[257].text, "</s>");
  EXPECT_EQ(vocabulary.pieces[258].type, PieceType::kUnknown);
  EXPECT_FALSE(vocabulary.add_space_prefix);
  EXPECT_TRUE(vocabulary.add_bos);
}

}  // namespace
}  // namespace accord::model
