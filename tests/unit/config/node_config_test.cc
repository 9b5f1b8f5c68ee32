#include "config/node_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace accord::config {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class NodeConfigTest : public ::testing::Test {
 protected:
  NodeConfigTest()
      : directory_(std::filesystem::path(::testing::TempDir()) /
                   ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::create_directories(directory_);
  }
  ~NodeConfigTest() override { std::filesystem::remove_all(directory_); }

  std::filesystem::path Write(const std::string& text) {
    const std::filesystem::path path = directory_ / "node.toml";
    std::ofstream(path) << text;
    return path;
  }
  std::string Errors(const std::string& text) {
    const auto config = LoadNodeConfig({.file = Write(text)});
    EXPECT_FALSE(config.ok()) << text;
    return config.ok() ? "" : config.status().message();
  }
  std::filesystem::path directory_;
};

TEST_F(NodeConfigTest, AllowsNothingByDefault) {
  const auto config = LoadNodeConfig({});
  ASSERT_TRUE(config.ok());
  EXPECT_TRUE(config->data.empty());
  EXPECT_FALSE(config->policy.allow_unmasked);
  EXPECT_EQ(config->policy.max_jobs, 32U);
  EXPECT_FALSE(config->policy.AllowsPurpose("public-health"));
}

TEST_F(NodeConfigTest, MaskedRoundsHaveTheLeastThatTheProtocolAsksFor) {
  const auto config = LoadNodeConfig({});
  ASSERT_TRUE(config.ok());
  EXPECT_FALSE(config->policy.allow_semi_honest);
  EXPECT_EQ(config->policy.min_cohort, 3U);
  EXPECT_EQ(config->policy.min_honest, 2U);
  EXPECT_EQ(config->policy.max_per_org, 0U);
  EXPECT_EQ(config->policy.max_attempt, 8U);
  const auto strict = LoadNodeConfig({.flags = {"policy.min_cohort=10", "policy.max_per_org=1"}});
  ASSERT_TRUE(strict.ok());
  EXPECT_EQ(strict->policy.min_cohort, 10U);
  EXPECT_EQ(strict->policy.max_per_org, 1U);
  EXPECT_THAT(Errors("[policy]\nmax_jobs = 0\n"), HasSubstr("policy.max_jobs"));
  EXPECT_THAT(Errors("[policy]\nmin_cohort = 2\n"), HasSubstr("policy.min_cohort"));
  EXPECT_THAT(Errors("[policy]\nmin_honest = 1\n"), HasSubstr("policy.min_honest"));
}

TEST_F(NodeConfigTest, AllowsListedPurposesOrAnyByAStar) {
  NodeConfig config;
  config.policy.purposes = {"weather"};
  EXPECT_TRUE(config.policy.AllowsPurpose("weather"));
  EXPECT_FALSE(config.policy.AllowsPurpose("war"));
  config.policy.purposes = {"*"};
  EXPECT_TRUE(config.policy.AllowsPurpose("war"));
}

TEST_F(NodeConfigTest, ReadsDataSetsWithPathsRelativeToTheFile) {
  const auto file = Write(
      "[data.fashion]\nformat = \"idx\"\npath = \"i\"\nlabels = \"/l\"\n"
      "[data.\"v.2\"]\nformat = \"csv\"\npath = \"h.csv\"\ntarget = \"num\"\nfeatures = [\"a\", \"b\"]\n");
  const auto config =
      LoadNodeConfig({.file = file, .flags = {"data.fashion.holdout=0.2", "node.state=here"}});
  ASSERT_TRUE(config.ok()) << config.status().message();
  const DatasetConfig& fashion = config->data.at("fashion");
  EXPECT_EQ(fashion.id, "fashion");
  EXPECT_EQ(fashion.path, directory_ / "i");
  EXPECT_EQ(fashion.labels, "/l");
  EXPECT_EQ(fashion.holdout, 0.2);
  EXPECT_EQ(config->node.state, "here");
  EXPECT_EQ(config->data.at("v.2").features.size(), 2U);
}

TEST_F(NodeConfigTest, AddsADataSetFromTheEnvironmentAlone) {
  const auto config = LoadNodeConfig({.environment = {{"ACCORD_DATA__HEART__FORMAT", "csv"},
                                                      {"ACCORD_DATA__HEART__PATH", "/h.csv"},
                                                      {"ACCORD_DATA__HEART__TARGET", "num"},
                                                      {"ACCORD_RPC__LISTEN", "of another program"}}});
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(config->data.at("heart").path, "/h.csv");
}

TEST_F(NodeConfigTest, NamesWhatADataSetLacksAndWhatMeansNothingInIt) {
  EXPECT_THAT(Errors("[data.x]\n"), AllOf(HasSubstr("data.x.format: is missing"),
                                          HasSubstr("node.toml:1:1: data.x.path: is missing")));
  EXPECT_THAT(Errors("[data.x]\nformat = \"parquet\"\npath = \"p\"\n"),
              AllOf(HasSubstr("\"parquet\" is unknown; this version has \"idx\" | \"csv\""),
                    Not(HasSubstr("labels"))));
  EXPECT_THAT(Errors("[data.x]\nformat = \"idx\"\npath = \"p\"\ntarget = \"t\"\n"),
              AllOf(HasSubstr("data.x.labels: is missing, format \"idx\" needs it"),
                    HasSubstr("node.toml:4:1: data.x.target: has no meaning with format \"idx\"")));
  EXPECT_THAT(Errors("[data.x]\nformat = \"idx\"\npath = \"p\"\nlabels = \"l\"\neval_path = \"e\"\n"),
              HasSubstr("eval_path and eval_labels go together"));
  EXPECT_THAT(Errors("[data.X]\nformat = \"csv\"\npath = \"p\"\ntarget = \"t\"\nholdout = 1.0\n"),
              AllOf(HasSubstr("data.X: an id is"), HasSubstr("data.X.holdout: 1.0 is not")));
  EXPECT_THAT(Errors("data = 3\n"), HasSubstr("data: expected a section"));
  EXPECT_THAT(Errors("[data]\nx = 3\n"), HasSubstr("data.x: unknown key"));
}

TEST_F(NodeConfigTest, ShowsSettingsThatLoadToTheSame) {
  NodeConfig config;
  config.node.device = Device::kCpu;
  config.node.coordinator = "[::1]:7443";
  config.policy.purposes = {"a", "*"};
  DatasetConfig& data = config.data["heart"];
  data.id = "heart";
  data.format = "csv";
  data.path = "/h.csv";
  data.target = "num";
  data.holdout = 0.1 + 0.2;
  const std::string shown = ShowConfig(config);
  const auto loaded = LoadNodeConfig({.file = Write(shown)});
  ASSERT_TRUE(loaded.ok()) << loaded.status().message();
  EXPECT_EQ(ShowConfig(*loaded), shown);
  EXPECT_EQ(loaded->data.at("heart").holdout, 0.1 + 0.2);
}

}  // namespace
}  // namespace accord::config
