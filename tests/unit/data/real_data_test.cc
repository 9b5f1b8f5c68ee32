// Real files: the UCI heart disease tables of four hospitals (no header line, much missing) and Fashion-MNIST
// as Debian packages it. Skipped where they are not at hand; the project does not ship them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/errors.h"
#include "data/dataset.h"

namespace accord::data {
namespace {

struct Hospital {
  std::string name;
  std::uint64_t rows;
  std::uint64_t sick;
};

class HeartTest : public ::testing::TestWithParam<Hospital> {};

TEST_P(HeartTest, IsReadWholeAndStandardised) {
  const char* shared = std::getenv("ACCORD_SHARED");
  const std::filesystem::path root = shared != nullptr
                                         ? std::filesystem::path(shared)
                                         : std::filesystem::path(ACCORD_SOURCE_DIR) / ".." / "shared";
  const std::filesystem::path path = root / "data/heart" / ("processed." + GetParam().name + ".data");
  if (!std::filesystem::exists(path))
    GTEST_SKIP() << "no UCI heart data at " << path << " (set ACCORD_SHARED)";
  const DatasetConfig config{.id = "heart", .format = "csv", .path = path, .holdout = 0.2, .target = "14"};
  const Result<Dataset> set =
      LoadDataset(config, {.kind = "mlp", .input = {13}, .classes = 1, .hidden = {16}});
  ASSERT_TRUE(set.ok()) << Describe(set.status());
  EXPECT_EQ(set->train.size() + set->holdout.size(), GetParam().rows);
  EXPECT_EQ(LabelHistogram(set->train, 2)[1] + LabelHistogram(set->holdout, 2)[1], GetParam().sick);
  std::vector<float> features(set->train.size() * 13);
  set->train.Copy(0, features);
  double age = 0;
  for (std::size_t i = 0; i < features.size(); ++i) {
    EXPECT_TRUE(std::isfinite(features[i]));
    if (i % 13 == 0) age += features[i];
  }
  EXPECT_NEAR(age / static_cast<double>(set->train.size()), 0.0, 1e-5);
}

INSTANTIATE_TEST_SUITE_P(All, HeartTest,
                         ::testing::Values(Hospital{"cleveland", 303, 139}, Hospital{"hungarian", 294, 106},
                                           Hospital{"switzerland", 123, 115}, Hospital{"va", 200, 149}),
                         [](const auto& test) { return test.param.name; });

TEST(FashionTest, IsReadWhole) {
  const std::filesystem::path root = "/usr/share/datasets/fashion-mnist";
  if (!std::filesystem::exists(root))
    GTEST_SKIP() << "no " << root << " (Debian package dataset-fashion-mnist)";
  const DatasetConfig config{.id = "fashion",
                             .format = "idx",
                             .path = root / "train-images-idx3-ubyte.gz",
                             .labels = root / "train-labels-idx1-ubyte.gz",
                             .eval_path = root / "t10k-images-idx3-ubyte.gz",
                             .eval_labels = root / "t10k-labels-idx1-ubyte.gz"};
  const Result<Dataset> set = LoadDataset(config, {.kind = "cnn", .input = {28, 28}, .classes = 10});
  ASSERT_TRUE(set.ok()) << Describe(set.status());
  EXPECT_EQ(LabelHistogram(set->train, 10), std::vector<std::uint64_t>(10, 6000));
  EXPECT_EQ(LabelHistogram(set->holdout, 10), std::vector<std::uint64_t>(10, 1000));
  std::vector<float> pixels(784 * 100);
  set->train.Copy(0, pixels);
  EXPECT_GE(*std::min_element(pixels.begin(), pixels.end()), 0.0F);
  EXPECT_EQ(*std::max_element(pixels.begin(), pixels.end()), 1.0F);
}

}  // namespace
}  // namespace accord::data
