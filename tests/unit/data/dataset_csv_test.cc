#include <gtest/gtest.h>

#include "base/errors.h"
#include "data/dataset.h"
#include "tests/unit/data/files.h"

namespace accord::data {
namespace {

const ModelSpec kMlp{.kind = "mlp", .input = {2}, .classes = 1, .hidden = {4}};

class CsvSetTest : public FilesTest {
 protected:
  DatasetConfig Config(std::string_view text) {
    return {.id = "table", .format = "csv", .path = Write("t.csv", text), .target = "y"};
  }
};

std::string Rows(int count) {
  std::string text = "a,b,y\n";
  for (int i = 0; i < count; ++i)
    text += std::to_string(i) + "," + std::to_string(-i) + "," + std::to_string(i % 2) + "\n";
  return text;
}

TEST_F(CsvSetTest, SplitsTheSameWayEachTimeAndByItsSeed) {
  DatasetConfig config = Config(Rows(50));
  config.holdout = 0.2;
  const auto holdout = [&](std::uint64_t seed) {
    config.holdout_seed = seed;
    const Dataset set = LoadDataset(config, kMlp).value();
    EXPECT_EQ(set.train.size(), 40U);
    std::vector<float> features(set.holdout.size() * 2);
    set.holdout.Copy(0, features);
    return features;
  };
  EXPECT_EQ(holdout(1).size(), 20U);
  EXPECT_EQ(holdout(1), holdout(1));
  EXPECT_NE(holdout(1), holdout(2));
}

TEST_F(CsvSetTest, ReadsAHoldOutFileByTheTrainingFilesColumns) {
  DatasetConfig config = Config("a,b,y\n1,10,0\n3,30,1\n");
  config.eval_path = Write("e.csv", "y,b,a\n1,20,3\n");
  const Dataset set = LoadDataset(config, kMlp).value();
  std::vector<float> features(2);
  set.holdout.Copy(0, features);
  EXPECT_EQ(features, (std::vector<float>{1, 0}));
  EXPECT_EQ(set.train.size(), 2U);
}

TEST_F(CsvSetTest, ReadsGzip) {
  DatasetConfig config = Config("");
  config.path = WriteGzip("t.csv.gz", AsBytes(Rows(10)));
  EXPECT_EQ(LoadDataset(config, kMlp)->train.size(), 9U);
}

TEST_F(CsvSetTest, RefusesAnotherNumberOfColumnsThanTheModelTakes) {
  ModelSpec model = kMlp;
  model.input = {3};
  EXPECT_EQ(LoadDataset(Config(Rows(5)), model).status().error(), "data.shape");
}

TEST_F(CsvSetTest, RefusesToGoWithoutATarget) {
  DatasetConfig config = Config(Rows(5));
  config.target.clear();
  EXPECT_EQ(LoadDataset(config, kMlp).status().error(), "data.format");
}

TEST_F(CsvSetTest, ReportsAnUnknownModelBeforeItReads) {
  EXPECT_EQ(LoadDataset(Config(Rows(5)), ModelSpec{.kind = "gpt"}).status().error(), "model.unknown");
}

}  // namespace
}  // namespace accord::data
