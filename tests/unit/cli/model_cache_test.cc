#include "cli/model_cache.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "base/errors.h"
#include "crypto/sha256.h"
#include "tests/support/temp_dir.h"

namespace accord::cli {
namespace {

namespace fs = std::filesystem;

class ModelCacheTest : public ::testing::Test {
 protected:
  // A model of so many bytes, last used `age` hours ago, with its plan.
  Digest Add(std::size_t bytes, int age) {
    const std::string content(bytes, static_cast<char>('a' + age));
    const Digest hash = crypto::Sha256::Of(content);
    std::ofstream(cache_.Model(hash)) << content;
    std::ofstream(cache_.Plan(hash)) << "plan";
    for (const fs::path& file : {cache_.Model(hash), cache_.Plan(hash)})
      fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(age));
    return hash;
  }
  bool There(const Digest& hash) const {
    EXPECT_EQ(fs::exists(cache_.Model(hash)), fs::exists(cache_.Plan(hash)));
    return fs::exists(cache_.Model(hash));
  }

  accord::testing::TempDir directory_;
  const ModelCache cache_{directory_.path(), 1'000};
};

TEST_F(ModelCacheTest, RemovesWhatWasNotUsedForLongest) {
  const Digest oldest = Add(400, 9), old = Add(400, 5), fresh = Add(400, 1);
  cache_.Trim({});
  EXPECT_FALSE(There(oldest));
  EXPECT_TRUE(There(old));
  EXPECT_TRUE(There(fresh));
}

TEST_F(ModelCacheTest, UseMakesAModelYoung) {
  const Digest oldest = Add(400, 9), old = Add(400, 5), fresh = Add(400, 1);
  EXPECT_TRUE(cache_.Has(oldest));
  cache_.Trim({});
  EXPECT_TRUE(There(oldest));
  EXPECT_FALSE(There(old));
  EXPECT_TRUE(There(fresh));
}

TEST_F(ModelCacheTest, KeepsWhatIsInUseAndWhatIsNoModel) {
  const Digest used = Add(3'000, 9), other = Add(400, 1);
  std::ofstream(directory_ / "notes.txt") << std::string(5'000, 'x');
  std::ofstream(cache_.Model(other).string() + ".abc.part") << "half";
  cache_.Trim({used});
  EXPECT_TRUE(There(used));
  EXPECT_FALSE(There(other));
  EXPECT_FALSE(fs::exists(cache_.Model(other).string() + ".abc.part"));
  EXPECT_TRUE(fs::exists(directory_ / "notes.txt"));
}

TEST_F(ModelCacheTest, AChangedModelIsNotTheModel) {
  const Digest hash = Add(400, 1);
  EXPECT_TRUE(cache_.Has(hash));
  std::ofstream(cache_.Model(hash)) << std::string(400, 'y');
  EXPECT_FALSE(cache_.Has(hash));
  EXPECT_FALSE(fs::exists(cache_.Model(hash)));
  EXPECT_FALSE(cache_.Has(crypto::Sha256::Of("another")));
}

TEST_F(ModelCacheTest, ItsSizeIsASetting) {
  Variables variables{{"ACCORD_HOME", directory_ / "home"}};
  EXPECT_TRUE(ModelCache::Open(variables).ok());
  EXPECT_EQ(fs::status(directory_ / "home/models").permissions(), fs::perms::owner_all);
  variables["ACCORD_MODEL_CACHE_MIB"] = "100";
  EXPECT_TRUE(ModelCache::Open(variables).ok());
  for (const std::string wrong : {"much", "-1", "1 GiB", "99999999999999999999"}) {
    variables["ACCORD_MODEL_CACHE_MIB"] = wrong;
    EXPECT_EQ(ModelCache::Open(variables).status().error(), errors::kCliUsage.id) << wrong;
  }
}

}  // namespace
}  // namespace accord::cli
