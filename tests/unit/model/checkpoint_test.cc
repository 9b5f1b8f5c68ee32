#include "model/checkpoint.h"

#include <gtest/gtest.h>

#include <bit>
#include <functional>
#include <utility>

#include "base/errors.h"
#include "model/hf_config.h"
#include "model/layout.h"
#include "model/llama.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/model/checkpoint_files.h"

namespace accord::model {
namespace {

using testing::FileTensor;
using testing::Put;
using testing::SafetensorsFile;
using testing::Words;

ModelLayout Three() {
  return MakeLayout(
             {{.name = "a", .shape = {3}}, {.name = "b", .shape = {2, 1}}, {.name = "c", .shape = {1}}})
      .value();
}
FileTensor A() {
  return {"a", "F32", {3}, Words({0x3F800000, 0xC0000000, 0x00000001}, 4)};  // 1, -2, 2^-149
}
FileTensor B() { return {"b", "F16", {2, 1}, Words({0x3555, 0x0001}, 2)}; }  // 0.33325195, 2^-24
FileTensor C() { return {"c", "BF16", {1}, Words({0xC040}, 2)}; }            // -3
const std::vector<float> kThree = {1.0F, -2.0F, 0x1p-149F, 0.33325195F, 0x1p-24F, -3.0F};

TEST(CheckpointTest, ReadsAllThreeFormatsInAnyOrder) {
  EXPECT_EQ(ReadCheckpoint(SafetensorsFile({B(), C(), A()}), Three()).value(), kThree);
}

TEST(CheckpointTest, ReadsTensorsLargerThanAChunk) {
  std::vector<std::uint32_t> halves(200'000);
  for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<std::uint32_t>(i % 0x7C00);
  const ModelLayout layout = MakeLayout({{.name = "w", .shape = {200'000}}}).value();
  const auto weights =
      ReadCheckpoint(SafetensorsFile({{"w", "F16", {200'000}, Words(halves, 2)}}), layout).value();
  for (std::size_t i = 0; i < halves.size(); ++i) {
    ASSERT_EQ(weights[i], FromF16(static_cast<std::uint16_t>(halves[i]))) << i;
  }
}

TEST(CheckpointTest, PassesOverWhatOldCheckpointsHoldBeside) {
  const FileTensor inv{"model.layers.0.self_attn.rotary_emb.inv_freq", "F32", {1}, Words({0}, 4)};
  EXPECT_EQ(ReadCheckpoint(SafetensorsFile({inv, A(), B(), C()}), Three()).value(), kThree);
}

struct BadCheckpoint {
  std::string name;
  std::vector<FileTensor> tensors;
  const ErrorInfo& error;
  std::string says;
};
void PrintTo(const BadCheckpoint& bad, std::ostream* out) { *out << bad.name; }

class CheckpointErrorTest : public ::testing::TestWithParam<BadCheckpoint> {};

TEST_P(CheckpointErrorTest, IsRefusedByName) {
  const Status status = ReadCheckpoint(SafetensorsFile(GetParam().tensors), Three()).status();
  EXPECT_EQ(status.error(), GetParam().error.id);
  EXPECT_EQ(status.message(), GetParam().says);
}

INSTANTIATE_TEST_SUITE_P(
    All, CheckpointErrorTest,
    ::testing::Values(
        BadCheckpoint{"Missing", {A(), C()}, errors::kSafetensorsTensors, "tensor b is missing in the file"},
        BadCheckpoint{"Superfluous",
                      {A(), B(), C(), {"d", "F16", {1}, {0, 0}}},
                      errors::kSafetensorsTensors,
                      "the model has no tensor d"},
        BadCheckpoint{"Transposed",
                      {A(), {"b", "F16", {1, 2}, {0, 0, 0, 0}}, C()},
                      errors::kSafetensorsTensors,
                      "tensor b has the shape [1, 2] in the file, [2, 1] in the model"},
        BadCheckpoint{
            "Double", {A(), B(), {"c", "F64", {1}, Bytes(8)}}, errors::kSafetensorsDtype, "tensor c is F64"},
        BadCheckpoint{"HalfTheBytes",
                      {A(), B(), {"c", "BF16", {1}, {0}}},
                      errors::kSafetensorsOffsets,
                      "tensor c has offsets that contradict its shape"},
        BadCheckpoint{"SingleSizedHalf",
                      {A(), B(), {"c", "F16", {1}, {0, 0, 0, 0}}},
                      errors::kSafetensorsOffsets,
                      "tensor c has offsets that contradict its shape"},
        BadCheckpoint{"NotANumber",
                      {{"a", "F32", {3}, Words({0, 0, 0x7FC00000}, 4)}, B(), C()},
                      errors::kModelValues,
                      "element 2 of tensor a is not a number"},
        BadCheckpoint{"Infinite",
                      {A(), B(), {"c", "BF16", {1}, Words({0xFF80}, 2)}},
                      errors::kModelValues,
                      "element 0 of tensor c is infinite"}),
    [](const auto& test) { return test.param.name; });

TEST(CheckpointTest, RefusesATruncatedFile) {
  Bytes file = SafetensorsFile({A(), B(), C()});
  file.pop_back();
  EXPECT_EQ(ReadCheckpoint(file, Three()).status().error(), "safetensors.truncated");
}

class CheckpointFilesTest : public ::testing::Test {
 protected:
  Result<std::vector<float>> Read(const std::string& name = "") {
    return ReadCheckpoint(name.empty() ? directory_.path() : directory_ / name, Three(), {.kind = "mlp"});
  }
  void Index(const std::string& map) { Put(directory_ / kIndex, AsBytes("{\"weight_map\": " + map + "}")); }
  static constexpr auto kIndex = "model.safetensors.index.json";
  testing::TempDir directory_;
};

TEST_F(CheckpointFilesTest, ReadsAFileOrTheDirectoryThatHoldsIt) {
  Put(directory_ / "model.safetensors", SafetensorsFile({A(), B(), C()}));
  Put(directory_ / kIndex, AsBytes("not looked at"));
  EXPECT_EQ(Read().value(), kThree);
  EXPECT_EQ(Read("model.safetensors").value(), kThree);
}

TEST_F(CheckpointFilesTest, ReadsShardsByTheirIndex) {
  Put(directory_ / "1.safetensors", SafetensorsFile({B(), A()}));
  Put(directory_ / "2.safetensors", SafetensorsFile({C()}));
  Index(R"({"c": "2.safetensors", "a": "1.safetensors", "b": "1.safetensors"})");
  EXPECT_EQ(Read().value(), kThree);
  EXPECT_EQ(Read(kIndex).value(), kThree);
}

TEST_F(CheckpointFilesTest, SaysWhichTensorsThereAre) {
  const auto same = [&](const ModelLayout& layout) {
    EXPECT_EQ(layout.size, Three().size);
    ASSERT_EQ(layout.tensors.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(layout.tensors[i].name, Three().tensors[i].name);
      EXPECT_EQ(layout.tensors[i].shape, Three().tensors[i].shape);
      EXPECT_EQ(layout.tensors[i].offset, Three().tensors[i].offset);
    }
  };
  const FileTensor kept{"~momentum.a", "F32", {3}, Bytes(12)};
  Put(directory_ / "1.safetensors", SafetensorsFile({B(), A(), kept}));
  Put(directory_ / "2.safetensors", SafetensorsFile({C()}));
  Index(
      R"({"c": "2.safetensors", "a": "1.safetensors", "b": "1.safetensors", "~momentum.a": "1.safetensors"})");
  same(ReadCheckpointLayout(directory_.path()).value());
  Put(directory_ / "one", SafetensorsFile({C(), kept, B(), A()}));
  same(ReadCheckpointLayout(directory_ / "one").value());
  EXPECT_EQ(ReadCheckpointLayout(directory_ / "none").status().error(), "store.io");
}

TEST_F(CheckpointFilesTest, NamesTheShardThatIsNotAsTheIndexSays) {
  Put(directory_ / "1.safetensors", SafetensorsFile({B(), A()}));
  Put(directory_ / "2.safetensors", SafetensorsFile({C(), A()}));
  Index(R"({"c": "2.safetensors", "a": "1.safetensors", "b": "1.safetensors"})");
  EXPECT_EQ(Read().status().error(), "safetensors.index");  // a stands in two files
  EXPECT_EQ(Read().status().message(), "2.safetensors: the index does not say that tensor a is in this file");
  Index(R"({"c": "2.safetensors", "a": "2.safetensors", "b": "2.safetensors"})");
  EXPECT_EQ(Read().status().error(), "safetensors.index");
  EXPECT_EQ(Read().status().message(),
            "2.safetensors: the index says that tensor b is in this file; it is not");
}

TEST_F(CheckpointFilesTest, NamesTheShardThatIsDamagedOrMissing) {
  Put(directory_ / "1.safetensors", SafetensorsFile({B(), A()}));
  Index(R"({"c": "2.safetensors", "a": "1.safetensors", "b": "1.safetensors"})");
  EXPECT_EQ(Read().status().error(), "store.io");
  EXPECT_NE(Read().status().message().find("2.safetensors"), std::string::npos);
  Bytes cut = SafetensorsFile({C()});
  cut.pop_back();
  Put(directory_ / "2.safetensors", cut);
  EXPECT_EQ(Read().status().error(), "safetensors.truncated");
  EXPECT_TRUE(Read().status().message().starts_with("2.safetensors: "));
}

TEST_F(CheckpointFilesTest, NamesATensorThatNoShardHas) {
  Put(directory_ / "1.safetensors", SafetensorsFile({B(), A()}));
  Index(R"({"a": "1.safetensors", "b": "1.safetensors"})");
  EXPECT_EQ(Read().status().error(), "safetensors.tensors");
  EXPECT_EQ(Read().status().message(), std::string(kIndex) + ": tensor c is missing in the file");
}

TEST_F(CheckpointFilesTest, RefusesAnIndexOfAnotherForm) {
  Put(directory_ / "1.safetensors", SafetensorsFile({A(), B(), C()}));
  for (const std::string map :
       {"{}", "[]", "3", R"({"a": 1})", R"({"a": ""})", R"({"a": "../1.safetensors"})",
        R"({"a": "/1.safetensors"})", R"({"a": "1.bin"})", R"({"a": ".safetensors"})"}) {
    Index(map);
    EXPECT_EQ(Read().status().error(), "safetensors.index") << map;
  }
  for (const std::string text : {"", "{", "[]", "{}"}) {
    Put(directory_ / kIndex, AsBytes(text));
    EXPECT_EQ(Read().status().error(), "safetensors.index") << text;
  }
}

TEST_F(CheckpointFilesTest, SaysThatThereIsNoCheckpoint) {
  EXPECT_EQ(Read().status().error(), "store.io");
  EXPECT_NE(Read().status().message().find("model.safetensors"), std::string::npos);
}

// ---------------------------------------------------------------- config.json beside

struct Difference {
  std::string key;
  std::function<void(LlamaSpec&)> change;
  std::string says;
};
void PrintTo(const Difference& one, std::ostream* out) { *out << one.key; }

LlamaSpec Tiny() {
  return ResolveLlama({.vocab_size = 4,
                       .hidden_size = 8,
                       .intermediate_size = 2,
                       .num_hidden_layers = 1,
                       .num_attention_heads = 4,
                       .num_key_value_heads = 2,
                       .max_position_embeddings = 16})
      .value();
}

class ConfigBesideTest : public CheckpointFilesTest, public ::testing::WithParamInterface<Difference> {
 protected:
  void Config(const LlamaSpec& spec) { Put(directory_ / "config.json", AsBytes(HfConfigJson(spec, {}))); }
  Status Check(const std::string& name = "") {
    const auto path = name.empty() ? directory_.path() : directory_ / name;
    return CheckConfigBeside(path, {.kind = "llama", .llama = Tiny()});
  }
};

TEST_P(ConfigBesideTest, IsRefusedByTheKeyThatShapesMayNotShow) {
  LlamaSpec other = Tiny();
  GetParam().change(other);
  Config(other);
  for (const std::string name : {"", "model.safetensors", kIndex}) {
    EXPECT_EQ(Check(name).error(), "model.config_differs") << name;
    EXPECT_TRUE(Check(name).message().ends_with("config.json: " + GetParam().says)) << Check(name).message();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Keys, ConfigBesideTest,
    ::testing::Values(Difference{"Theta", [](LlamaSpec& s) { s.rope_theta = 500'000; },
                                 "rope_theta is 500000.0, in the job 10000.0"},
                      Difference{"Eps", [](LlamaSpec& s) { s.rms_norm_eps = 1e-6; },
                                 "rms_norm_eps is 1e-06, in the job 1e-05"},
                      Difference{"Heads",
                                 [](LlamaSpec& s) { s.num_attention_heads = s.num_key_value_heads = 2; },
                                 "num_attention_heads is 2, in the job 4"},
                      Difference{"KeyValueHeads", [](LlamaSpec& s) { s.num_key_value_heads = 4; },
                                 "num_key_value_heads is 4, in the job 2"},
                      Difference{"Ties", [](LlamaSpec& s) { s.tie_word_embeddings = false; },
                                 "tie_word_embeddings is false, in the job true"},
                      Difference{"Width", [](LlamaSpec& s) { s.intermediate_size = 3; },
                                 "intermediate_size is 3, in the job 2"}),
    [](const auto& test) { return test.param.key; });

TEST_F(ConfigBesideTest, OfTheSameModelIsPassedOverAndSoAreItsPositions) {
  EXPECT_TRUE(Check().ok());  // there is none
  LlamaSpec spec = Tiny();
  Config(spec);
  EXPECT_TRUE(Check().ok());
  EXPECT_EQ(ReadCheckpointSpec(ConfigBeside(directory_.path()))->hidden_size, 8U);
  spec.max_position_embeddings = 1'024;
  Config(spec);
  EXPECT_TRUE(Check().ok()) << "how far a job looks is its own to say";
}

TEST_F(ConfigBesideTest, OfAnotherProgramIsNotLookedAtAndOfAnotherModelIsRefused) {
  Put(directory_ / "config.json", AsBytes(R"({"colour": "blue"})"));
  EXPECT_TRUE(Check().ok());
  Put(directory_ / "config.json", AsBytes(R"({"model_type": "gpt2"})"));
  EXPECT_EQ(Check().error(), "model.config");
  EXPECT_TRUE(CheckConfigBeside(directory_.path(), {.kind = "mlp"}).ok());
  Put(directory_ / "config.json", AsBytes("{"));
  EXPECT_EQ(Check().error(), "model.config");
}

TEST_F(ConfigBesideTest, IsLookedAtBeforeTheWeightsAre) {
  LlamaSpec other = Tiny();
  other.rope_theta = 5;
  Config(other);
  EXPECT_EQ(ReadCheckpoint(directory_.path(), Three(), {.kind = "llama", .llama = Tiny()}).status().error(),
            "model.config_differs");
}

// ---------------------------------------------------------------- tied embeddings that are stored twice

ModelLayout Tied() {
  return MakeLayout({{.name = "model.embed_tokens.weight", .shape = {2, 1}}, {.name = "z", .shape = {1}}})
      .value();
}
FileTensor Table() {
  return {"model.embed_tokens.weight", "F32", {2, 1}, Words({0x3F800000, 0xC0000000}, 4)};
}
FileTensor Head(std::vector<std::uint64_t> shape, std::uint32_t second) {
  return {"lm_head.weight", "BF16", std::move(shape), Words({0x3F80, second}, 2)};
}
const FileTensor kZ = {"z", "BF16", {1}, Words({0xC040}, 2)};

TEST_F(CheckpointFilesTest, ATiedHeadThatEqualsTheTableIsPassedOver) {
  const std::vector<float> wanted = {1.0F, -2.0F, -3.0F};
  EXPECT_EQ(ReadCheckpoint(SafetensorsFile({Head({2, 1}, 0xC000), Table(), kZ}), Tied()).value(), wanted);
  Put(directory_ / "1.safetensors", SafetensorsFile({Head({2, 1}, 0xC000), kZ}));
  Put(directory_ / "2.safetensors", SafetensorsFile({Table()}));
  Index(R"({"lm_head.weight": "1.safetensors", "z": "1.safetensors",
            "model.embed_tokens.weight": "2.safetensors"})");
  EXPECT_EQ(ReadCheckpoint(directory_.path(), Tied(), {.kind = "mlp"}).value(), wanted);
}

TEST_F(CheckpointFilesTest, ATiedHeadThatDiffersIsNamed) {
  for (const FileTensor& head : {Head({2, 1}, 0xC001), Head({1, 2}, 0xC000)}) {
    const Status status = ReadCheckpoint(SafetensorsFile({head, Table(), kZ}), Tied()).status();
    EXPECT_EQ(status.error(), "safetensors.tensors");
    EXPECT_EQ(status.message(),
              "the model's embeddings are tied, so it has no tensor lm_head.weight; that of the file is not "
              "equal to model.embed_tokens.weight");
  }
  Put(directory_ / "1.safetensors", SafetensorsFile({Head({2, 1}, 0xC001), kZ}));
  Put(directory_ / "2.safetensors", SafetensorsFile({Table()}));
  Index(R"({"lm_head.weight": "1.safetensors", "z": "1.safetensors",
            "model.embed_tokens.weight": "2.safetensors"})");
  const Status status = ReadCheckpoint(directory_.path(), Tied(), {.kind = "mlp"}).status();
  EXPECT_EQ(status.error(), "safetensors.tensors");
  EXPECT_TRUE(status.message().starts_with("1.safetensors: ")) << status.message();
}

TEST(CheckpointTest, AHeadOfAModelThatHasNoTableIsSuperfluous) {
  EXPECT_EQ(ReadCheckpoint(SafetensorsFile({A(), B(), C(), Head({2, 1}, 0)}), Three()).status().message(),
            "the model has no tensor lm_head.weight");
}

}  // namespace
}  // namespace accord::model
