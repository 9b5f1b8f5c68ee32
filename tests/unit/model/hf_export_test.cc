#include "model/hf_export.h"

#include <gtest/gtest.h>

#include <iterator>
#include <limits>

#include "base/file.h"
#include "model/checkpoint.h"
#include "model/init.h"
#include "model/layout.h"
#include "model/llama.h"
#include "model/safetensors.h"
#include "tests/support/temp_dir.h"

namespace accord::model {
namespace {

class HfExportTest : public ::testing::Test {
 protected:
  HfExportTest() : weights_(layout_.size) { InitialWeights(layout_, 9, weights_); }
  Status Write(FloatFormat format) {
    return WriteHfModel(out_, {spec_, weights_, {.format = format}, {{"README.md", {'h', 'i'}}}});
  }
  [[nodiscard]] std::ptrdiff_t Files(const std::filesystem::path& directory) const {
    return std::distance(std::filesystem::directory_iterator(directory),
                         std::filesystem::directory_iterator());
  }
  testing::TempDir directory_;
  std::filesystem::path out_ = directory_ / "new" / "export";
  LlamaSpec spec_ = ResolveLlama({.hidden_size = 16,
                                  .intermediate_size = 24,
                                  .num_hidden_layers = 2,
                                  .num_attention_heads = 4,
                                  .num_key_value_heads = 2,
                                  .max_position_embeddings = 32})
                        .value();
  ModelLayout layout_ = MakeLayout(LlamaTensors(spec_)).value();
  std::vector<float> weights_;
};

TEST_F(HfExportTest, WritesTheModelsOwnFileAsF32) {
  ASSERT_EQ(Write(FloatFormat::kF32), Status());
  EXPECT_EQ(ReadSafetensors(out_ / "model.safetensors", layout_).value(), weights_);
  EXPECT_EQ(AsText(ReadFile(out_ / "README.md").value()), "hi");
  EXPECT_EQ(Files(out_), 3);
  EXPECT_EQ(Files(out_.parent_path()), 1);
}

TEST_F(HfExportTest, ReadsBackWhatItWritesInEveryFormat) {
  for (const FloatFormat format : {FloatFormat::kF32, FloatFormat::kF16, FloatFormat::kBf16}) {
    std::filesystem::remove_all(out_);
    ASSERT_EQ(Write(format), Status());
    const LlamaSpec spec = ReadCheckpointSpec(ConfigBeside(out_)).value();
    EXPECT_EQ(spec.num_key_value_heads, 2U);
    const std::vector<float> read = ReadCheckpoint(out_, layout_, {.kind = "llama", .llama = spec}).value();
    for (std::size_t i = 0; i < read.size(); ++i) {
      const float wanted = format == FloatFormat::kF32   ? weights_[i]
                           : format == FloatFormat::kF16 ? FromF16(ToF16(weights_[i]))
                                                         : FromBf16(ToBf16(weights_[i]));
      ASSERT_EQ(read[i], wanted) << i;
    }
  }
}

TEST_F(HfExportTest, LeavesNothingOfAModelThatCannotBeWritten) {
  weights_.back() = std::numeric_limits<float>::infinity();
  const Status status = Write(FloatFormat::kBf16);
  EXPECT_EQ(status.error(), "model.values");
  EXPECT_EQ(status.message(), "element 15 of tensor model.norm.weight is infinite");
  EXPECT_EQ(Files(out_.parent_path()), 0);
}

TEST_F(HfExportTest, TakesAnEmptyDirectoryAndNoOther) {
  std::filesystem::create_directories(out_);
  ASSERT_EQ(Write(FloatFormat::kF32), Status());
  const Status status = Write(FloatFormat::kF16);
  EXPECT_EQ(status.error(), "store.io");
  EXPECT_NE(status.message().find("export"), std::string::npos);
  EXPECT_EQ(ReadSafetensors(out_ / "model.safetensors", layout_).value(), weights_);
  EXPECT_EQ(Files(out_.parent_path()), 1);
}

TEST_F(HfExportTest, TakesANameWithASlashBehindIt) {
  ASSERT_EQ(WriteHfModel(out_.string() + "/", {spec_, weights_, {}}), Status());
  EXPECT_EQ(Files(out_), 2);
}

}  // namespace
}  // namespace accord::model
