#include "config/cli_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace accord::config {
namespace {

using ::testing::HasSubstr;

TEST(CliConfigTest, WritesContextsThatLoadToTheSame) {
  CliConfig config;
  config.context = "home";
  config.contexts["home"] = {"127.0.0.1:7443", "/home/ada/.config/accord/home"};
  config.contexts["north"] = {"north.example:7443", "/home/ada/.config/accord/north"};
  const std::filesystem::path file = std::filesystem::path(::testing::TempDir()) / "accord-cli-contexts.toml";
  std::ofstream(file) << ShowConfig(config);
  const auto loaded = LoadCliConfig({.file = file, .flags = {"cli.context=north"}});
  std::filesystem::remove(file);
  ASSERT_TRUE(loaded.ok()) << loaded.status().message();
  EXPECT_EQ(loaded->contexts.size(), 2U);
  ASSERT_NE(loaded->Current(), nullptr);
  EXPECT_EQ(loaded->Current()->coordinator, "north.example:7443");
}

TEST(CliConfigTest, IsEmptyWithoutAFile) {
  const auto config = LoadCliConfig({});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->Current(), nullptr);
}

TEST(CliConfigTest, RefusesAContextThatDoesNotExist) {
  const auto config = LoadCliConfig({.flags = {"cli.context=nowhere"}});
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(config.status().message(),
              HasSubstr("flag cli.context: cli.context: there is no [context.nowhere]"));
}

}  // namespace
}  // namespace accord::config
