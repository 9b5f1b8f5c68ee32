#include "model/layout.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/errors.h"
#include "model/unigram.h"

namespace accord::model {
namespace {

using Shapes = std::map<std::string, std::vector<std::uint64_t>>;

Shapes ShapesOf(const ModelLayout& layout) {
  Shapes shapes;
  for (const TensorSpec& tensor : layout.tensors) shapes[tensor.name] = tensor.shape;
  return shapes;
}

TEST(BuildLayoutTest, NamesAnMlpAsPyTorchDoes) {
  const ModelLayout layout =
      BuildLayout({.kind = "mlp", .input = {13}, .classes = 2, .hidden = {32, 16}}).value();
  EXPECT_EQ(ShapesOf(layout), (Shapes{{"layers.0.weight", {32, 13}},
                                      {"layers.0.bias", {32}},
                                      {"layers.1.weight", {16, 32}},
                                      {"layers.1.bias", {16}},
                                      {"layers.2.weight", {2, 16}},
                                      {"layers.2.bias", {2}}}));
  EXPECT_EQ(layout.size, 32U * 13 + 32 + 16 * 32 + 16 + 2 * 16 + 2);
}

TEST(BuildLayoutTest, MakesALinearModelOfAnMlpWithoutHiddenLayers) {
  const ModelLayout layout = BuildLayout({.kind = "mlp", .input = {28, 28}, .classes = 10}).value();
  EXPECT_EQ(ShapesOf(layout), (Shapes{{"layers.0.weight", {10, 784}}, {"layers.0.bias", {10}}}));
}

TEST(BuildLayoutTest, NamesACnnAsPyTorchDoes) {
  const ModelLayout layout =
      BuildLayout({.kind = "cnn", .input = {3, 32, 20}, .classes = 10, .hidden = {64}, .channels = {8, 12}})
          .value();
  EXPECT_EQ(ShapesOf(layout), (Shapes{{"conv1.weight", {8, 3, 5, 5}},
                                      {"conv1.bias", {8}},
                                      {"conv2.weight", {12, 8, 5, 5}},
                                      {"conv2.bias", {12}},
                                      {"fc1.weight", {64, 12 * 8 * 5}},
                                      {"fc1.bias", {64}},
                                      {"fc2.weight", {10, 64}},
                                      {"fc2.bias", {10}}}));
}

TEST(BuildLayoutTest, GivesTheCnnOfMcMahanItsPublishedSize) {
  const ModelSpec spec{
      .kind = "cnn", .input = {28, 28}, .classes = 10, .hidden = {512}, .channels = {32, 64}};
  EXPECT_EQ(BuildLayout(spec)->size, 1'663'370U);  // spec/learning.md 6
}

TEST(BuildLayoutTest, FillsInTheDefaultsOfACnn) {
  const ModelSpec spec = Resolve({.kind = "cnn", .input = {28, 28}, .classes = 10}).value();
  EXPECT_EQ(spec.input, (std::vector<std::uint64_t>{1, 28, 28}));
  EXPECT_EQ(spec.channels, (std::vector<std::uint64_t>{16, 32}));
  EXPECT_EQ(spec.hidden, (std::vector<std::uint64_t>{128}));
}

TEST(BuildLayoutTest, DropsTheOddEdgeAtEachPooling) {
  const ModelLayout layout =
      BuildLayout({.kind = "cnn", .input = {7, 7}, .classes = 2, .hidden = {1}, .channels = {1, 1}}).value();
  EXPECT_EQ(FindTensor(layout, "fc1.weight")->shape, (std::vector<std::uint64_t>{1, 1}));  // 7, 3, 1
}

TEST(BuildLayoutTest, SortsByNameAndLeavesNoGap) {
  const ModelSpec spec{
      .kind = "mlp", .input = {2}, .classes = 1, .hidden = std::vector<std::uint64_t>(11, 2)};
  const ModelLayout layout = BuildLayout(spec).value();
  std::uint64_t offset = 0;
  for (std::size_t i = 0; i < layout.tensors.size(); ++i) {
    EXPECT_TRUE(i == 0 || layout.tensors[i - 1].name < layout.tensors[i].name);
    EXPECT_EQ(layout.tensors[i].offset, offset);
    offset += layout.tensors[i].size;
  }
  EXPECT_EQ(layout.size, offset);
  EXPECT_EQ(layout.tensors[2].name, "layers.1.bias");
  EXPECT_EQ(layout.tensors[4].name, "layers.10.bias");  // bytes, not numbers
}

TEST(BuildLayoutTest, ScalesTheStartToTheFanIn) {
  const ModelLayout layout = BuildLayout({.kind = "cnn", .input = {3, 8, 8}, .classes = 2}).value();
  EXPECT_EQ(FindTensor(layout, "conv1.weight")->init.bound, 1.0 / std::sqrt(75.0));
  EXPECT_EQ(FindTensor(layout, "conv1.bias")->init.bound, 1.0 / std::sqrt(75.0));
  EXPECT_EQ(FindTensor(layout, "fc1.weight")->init.bound, 1.0 / std::sqrt(128.0));
}

TEST(BuildLayoutTest, AUnigramIsTheFrequenciesOfItsPiecesAllEqual) {
  const auto layout = BuildLayout({.kind = "unigram", .llama = {.vocab_size = 500}});
  ASSERT_TRUE(layout.ok());
  ASSERT_EQ(layout->tensors.size(), 1U);
  EXPECT_EQ(layout->tensors[0].name, kFrequencies);
  EXPECT_EQ(layout->tensors[0].shape, std::vector<std::uint64_t>{500});
  EXPECT_EQ(layout->tensors[0].init.constant, 1.0 / 500);
}

struct BadSpec {
  std::string name;
  ModelSpec spec;
  const ErrorInfo& error;
  std::string says;
};
void PrintTo(const BadSpec& bad, std::ostream* out) { *out << bad.name; }

class BuildLayoutErrorTest : public ::testing::TestWithParam<BadSpec> {};

TEST_P(BuildLayoutErrorTest, IsRefusedByName) {
  const Status status = BuildLayout(GetParam().spec).status();
  EXPECT_EQ(status.error(), GetParam().error.id) << Describe(status);
  EXPECT_NE(status.message().find(GetParam().says), std::string::npos) << status.message();
}

constexpr std::uint64_t kMillion = 1'000'000;
INSTANTIATE_TEST_SUITE_P(
    All, BuildLayoutErrorTest,
    ::testing::Values(
        BadSpec{"UnknownKind",
                {.kind = "gpt", .input = {1}, .classes = 1},
                errors::kModelUnknown,
                "cnn, llama, mlp, unigram"},
        BadSpec{"NoPieces", {.kind = "unigram"}, errors::kModelShape, "model.vocab_size"},
        BadSpec{"UnigramWithInput",
                {.kind = "unigram", .input = {3}, .llama = {.vocab_size = 9}},
                errors::kModelShape,
                "model.input"},
        BadSpec{"UnigramWithOtherClasses",
                {.kind = "unigram", .classes = 8, .llama = {.vocab_size = 9}},
                errors::kModelShape,
                "model.classes"},
        BadSpec{"NoInput", {.kind = "mlp", .classes = 1}, errors::kModelShape, "model.input"},
        BadSpec{"NoClasses", {.kind = "mlp", .input = {1}}, errors::kModelShape, "model.classes"},
        BadSpec{"ZeroInput", {.kind = "mlp", .input = {0}, .classes = 1}, errors::kModelShape, "model.input"},
        BadSpec{"ZeroHidden",
                {.kind = "mlp", .input = {1}, .classes = 1, .hidden = {4, 0}},
                errors::kModelShape,
                "hidden"},
        BadSpec{"ZeroChannels",
                {.kind = "cnn", .input = {8, 8}, .classes = 1, .channels = {0}},
                errors::kModelShape,
                "channels"},
        BadSpec{"MlpWithChannels",
                {.kind = "mlp", .input = {1}, .classes = 1, .channels = {4}},
                errors::kModelShape,
                "channels"},
        BadSpec{"FlatImage", {.kind = "cnn", .input = {784}, .classes = 1}, errors::kModelShape, "height"},
        BadSpec{
            "ImageTooSmall", {.kind = "cnn", .input = {28, 3}, .classes = 1}, errors::kModelShape, "28 x 3"},
        BadSpec{"ManyLayers",
                {.kind = "mlp", .input = {1}, .classes = 1, .hidden = std::vector<std::uint64_t>(300, 1)},
                errors::kModelShape,
                "300"},
        BadSpec{
            "ManyPoolings",
            {.kind = "cnn", .input = {28, 28}, .classes = 1, .channels = std::vector<std::uint64_t>(64, 1)},
            errors::kModelShape,
            "64"},
        BadSpec{"TenToTheTwelve",
                {.kind = "mlp", .input = {kMillion}, .classes = 10, .hidden = {kMillion}},
                errors::kModelTooLarge,
                "1000000 x 1000000 = 1000000000000"},
        BadSpec{"SumTooLarge",
                {.kind = "mlp", .input = {1ULL << 17}, .classes = 2, .hidden = {1ULL << 18, 1ULL << 18}},
                errors::kModelTooLarge,
                "up to tensor"},
        BadSpec{"WeightOverflow",
                {.kind = "mlp", .input = {1ULL << 40}, .classes = 1ULL << 30},
                errors::kModelTooLarge,
                "2^64"},
        BadSpec{"InputOverflow",
                {.kind = "mlp", .input = {1ULL << 40, 1ULL << 40}, .classes = 1},
                errors::kModelTooLarge,
                "2^64"},
        BadSpec{"FlatOverflow",
                {.kind = "cnn", .input = {1ULL << 40, 1ULL << 40}, .classes = 1},
                errors::kModelTooLarge,
                "2^64"}),
    [](const auto& test) { return test.param.name; });

TEST(MakeLayoutTest, RefusesNamesThatCannotStandInAFile) {
  const auto error = [](const std::string& name) {
    return MakeLayout({{.name = name, .shape = {1}}}).status().error();
  };
  EXPECT_EQ(error("model/w:0"), "");
  for (const std::string name : {"", "__metadata__", "a\"b", "a\\b", "a b", "\xC3\xA9"}) {
    EXPECT_EQ(error(name), "model.shape") << name;
  }
  EXPECT_EQ(error(std::string(513, 'a')), "model.shape");
}

TEST(MakeLayoutTest, RefusesANameGivenTwice) {
  EXPECT_EQ(MakeLayout({{.name = "a", .shape = {1}}, {.name = "a", .shape = {2}}}).status().error(),
            "model.shape");
}

TEST(MakeLayoutTest, TakesScalars) { EXPECT_EQ(MakeLayout({{.name = "a"}})->size, 1U); }

TEST(FindTensorTest, FindsByTheWholeName) {
  const ModelLayout layout = MakeLayout({{.name = "b", .shape = {2}}, {.name = "a", .shape = {3}}}).value();
  ASSERT_NE(FindTensor(layout, "b"), nullptr);
  EXPECT_EQ(FindTensor(layout, "b")->offset, 3U);
  EXPECT_EQ(FindTensor(layout, "ab"), nullptr);
  EXPECT_EQ(FindTensor(layout, "c"), nullptr);
}

}  // namespace
}  // namespace accord::model
