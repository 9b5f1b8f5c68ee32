#include <gtest/gtest.h>

#include <set>

#include "base/errors.h"
#include "data/dataset.h"
#include "tests/unit/data/files.h"

namespace accord::data {
namespace {

const ModelSpec kCnn{.kind = "cnn", .input = {4, 4}, .classes = 3, .channels = {2}};

// 20 images of 4 x 4; image i is filled with the byte i, its label is i mod 3.
class IdxSetTest : public FilesTest {
 protected:
  static constexpr std::uint32_t kCount = 20;

  static Bytes Images(std::uint32_t count) {
    Bytes pixels;
    for (std::uint32_t i = 0; i < count; ++i) pixels.insert(pixels.end(), 16, static_cast<std::uint8_t>(i));
    return IdxBytes(8, {count, 4, 4}, pixels);
  }
  static Bytes Labels(std::uint32_t count) {
    Bytes labels;
    for (std::uint32_t i = 0; i < count; ++i) labels.push_back(static_cast<std::uint8_t>(i % 3));
    return IdxBytes(8, {count}, labels);
  }
  DatasetConfig Config() {
    return {.id = "digits",
            .format = "idx",
            .path = Write("i", Images(kCount)),
            .labels = Write("l", Labels(kCount))};
  }
};

std::vector<float> Features(const Examples& examples) {
  std::vector<float> all(examples.size() * examples.width());
  examples.Copy(0, all);
  return all;
}

TEST_F(IdxSetTest, ScalesImagesAndKeepsImageAndLabelTogether) {
  const Dataset set = LoadDataset(Config(), kCnn).value();
  EXPECT_EQ(set.example_shape, (std::vector<std::uint64_t>{1, 4, 4}));
  ASSERT_EQ(set.train.size(), 18U);
  ASSERT_EQ(set.holdout.size(), 2U);
  std::set<int> seen;
  for (const Examples* part : {&set.train, &set.holdout}) {
    const std::vector<float> features = Features(*part);
    for (std::size_t i = 0; i < part->size(); ++i) {
      const int image = static_cast<int>(features[16 * i] * 255.0F + 0.5F);
      EXPECT_EQ(features[16 * i + 15], static_cast<float>(image) / 255.0F);
      EXPECT_EQ(part->labels()[i], image % 3);
      seen.insert(image);
    }
  }
  EXPECT_EQ(seen.size(), kCount);
}

TEST_F(IdxSetTest, GathersABatchInTheOrderAsked) {
  DatasetConfig config = Config();
  config.holdout = 0;
  const Dataset set = LoadDataset(config, kCnn).value();
  EXPECT_EQ(set.holdout.size(), 0U);
  std::vector<float> batch(3 * 16);
  const std::vector<std::uint64_t> rows = {19, 0, 7};
  set.train.Gather(rows, batch);
  EXPECT_EQ(batch[0], 19.0F / 255.0F);
  EXPECT_EQ(batch[16], 0.0F);
  EXPECT_EQ(batch[47], 7.0F / 255.0F);
}

TEST_F(IdxSetTest, ReadsGzipToTheSameSet) {
  const DatasetConfig plain = Config();
  DatasetConfig packed = plain;
  packed.path = WriteGzip("i.gz", Images(kCount));
  packed.labels = WriteGzip("l.gz", Labels(kCount));
  EXPECT_EQ(Features(LoadDataset(packed, kCnn)->train), Features(LoadDataset(plain, kCnn)->train));
}

TEST_F(IdxSetTest, TakesAHoldOutFromFilesOfItsOwn) {
  DatasetConfig config = Config();
  config.eval_path = Write("ei", Images(5));
  config.eval_labels = Write("el", Labels(5));
  const Dataset set = LoadDataset(config, kCnn).value();
  EXPECT_EQ(set.train.size(), 20U);
  EXPECT_EQ(set.holdout.size(), 5U);
}

TEST_F(IdxSetTest, GivesFlatFeaturesToAnMlp) {
  const ModelSpec mlp{.kind = "mlp", .input = {16}, .classes = 3, .hidden = {8}};
  EXPECT_EQ(LoadDataset(Config(), mlp)->example_shape, (std::vector<std::uint64_t>{16}));
}

TEST_F(IdxSetTest, CountsLabels) {
  DatasetConfig config = Config();
  config.holdout = 0;
  EXPECT_EQ(LabelHistogram(LoadDataset(config, kCnn)->train, 3), (std::vector<std::uint64_t>{7, 7, 6}));
}

TEST_F(IdxSetTest, RefusesAModelOfAnotherShape) {
  for (const ModelSpec& model : {ModelSpec{.kind = "cnn", .input = {4, 5}, .classes = 3, .channels = {2}},
                                 ModelSpec{.kind = "cnn", .input = {2, 2, 4}, .classes = 3, .channels = {2}},
                                 ModelSpec{.kind = "cnn", .input = {2, 8}, .classes = 3, .channels = {2}},
                                 ModelSpec{.kind = "mlp", .input = {15}, .classes = 3}}) {
    const Status status = LoadDataset(Config(), model).status();
    EXPECT_EQ(status.error(), "data.shape");
    EXPECT_NE(status.message().find("[4, 4]"), std::string::npos) << status.message();
  }
}

TEST_F(IdxSetTest, RefusesLabelsBeyondTheModelsClasses) {
  ModelSpec model = kCnn;
  model.classes = 2;
  const Status status = LoadDataset(Config(), model).status();
  EXPECT_EQ(status.error(), "data.label");
  EXPECT_NE(status.message().find("example 2 "), std::string::npos) << status.message();
  model.classes = 1;  // one logit: 0 and 1
  EXPECT_EQ(LoadDataset(Config(), model).status().error(), "data.label");
}

TEST_F(IdxSetTest, RefusesCountsThatDiffer) {
  DatasetConfig config = Config();
  config.labels = Write("l", Labels(19));
  const Status status = LoadDataset(config, kCnn).status();
  EXPECT_EQ(status.error(), "data.count");
  EXPECT_NE(status.message().find("20 examples"), std::string::npos);
  EXPECT_NE(status.message().find("19 labels"), std::string::npos);
}

TEST_F(IdxSetTest, RefusesMissingFilesAndDirectories) {
  DatasetConfig config = Config();
  config.path = Path("nowhere");
  EXPECT_EQ(LoadDataset(config, kCnn).status().error(), "data.missing");
  config.path = Path(".");
  EXPECT_EQ(LoadDataset(config, kCnn).status().error(), "data.missing");
}

TEST_F(IdxSetTest, RefusesGzipThatIsCut) {
  DatasetConfig config = Config();
  config.path = WriteGzip("i.gz", Images(kCount));
  std::filesystem::resize_file(config.path, std::filesystem::file_size(config.path) - 12);
  EXPECT_EQ(LoadDataset(config, kCnn).status().error(), "data.truncated");
}

TEST_F(IdxSetTest, RefusesGzipWhoseChecksumIsWrong) {
  DatasetConfig config = Config();
  config.path = WriteGzip("i.gz", Images(kCount));
  std::fstream file(config.path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-8, std::ios::end);
  file << "\x01\x02\x03\x04";
  file.close();
  EXPECT_EQ(LoadDataset(config, kCnn).status().error(), "data.corrupt");
}

TEST_F(IdxSetTest, RefusesADescriptionThatIsIncomplete) {
  const auto error = [](const DatasetConfig& config) { return LoadDataset(config, kCnn).status().error(); };
  DatasetConfig config = Config();
  config.format = "parquet";
  EXPECT_EQ(error(config), "data.format");
  config = Config();
  config.labels.clear();
  EXPECT_EQ(error(config), "data.format");
  config = Config();
  config.eval_path = config.path;
  EXPECT_EQ(error(config), "data.format");
  for (const double holdout : {-0.1, 1.0, std::numeric_limits<double>::quiet_NaN()}) {
    config = Config();
    config.holdout = holdout;
    EXPECT_EQ(error(config), "data.format");
  }
}

}  // namespace
}  // namespace accord::data
