// The annotated examples of configs/ and the generated docs/config.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "config/ca_config.h"
#include "config/coordinator_config.h"
#include "config/job_file.h"
#include "config/node_config.h"

namespace accord::config {
namespace {

const std::filesystem::path kSource = ACCORD_SOURCE_DIR;

std::string Read(const std::filesystem::path& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in) << path;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(ExamplesTest, CoordinatorHasEveryKeyWithItsDefault) {
  const auto config = LoadCoordinatorConfig({.file = kSource / "configs/coordinator.toml"});
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(ShowConfig(*config), ShowConfig(CoordinatorConfig{}));
  std::istringstream shown(ShowConfig(CoordinatorConfig{}));
  const std::string text = Read(kSource / "configs/coordinator.toml");
  for (std::string line; std::getline(shown, line);) {
    if (!line.starts_with("# ")) continue;
    const std::string key = line.substr(2, line.find('=') - 2);
    EXPECT_NE(text.find("\n" + key), std::string::npos) << "configs/coordinator.toml lacks " << key;
  }
}

TEST(ExamplesTest, CaHasEveryKeyWithItsDefault) {
  auto config = LoadCaConfig({.file = kSource / "configs/ca.toml"});
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(config->member.id, "ke");
  config->member = {};
  config->coordinator = {};
  EXPECT_EQ(ShowConfig(*config), ShowConfig(CaConfig{}));
  std::istringstream shown(ShowConfig(CaConfig{}));
  const std::string text = Read(kSource / "configs/ca.toml");
  for (std::string line; std::getline(shown, line);) {
    if (!line.starts_with("# ")) continue;
    const std::string key = line.substr(2, line.find('=') - 2);
    EXPECT_NE(text.find("\n" + key), std::string::npos) << "configs/ca.toml lacks " << key;
  }
}

TEST(ExamplesTest, NodeLoads) {
  const auto config = LoadNodeConfig({.file = kSource / "configs/node.toml"});
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(config->data.at("fashion").format, "idx");
  EXPECT_EQ(config->data.at("heart").target, "num");
}

TEST(ExamplesTest, JobsParse) {
  std::size_t jobs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kSource / "configs")) {
    if (!entry.path().filename().string().starts_with("job-")) continue;
    const auto job = ParseJob(Read(entry.path()), entry.path().filename().string());
    ASSERT_TRUE(job.ok()) << job.status().message();
    ++jobs;
  }
  EXPECT_GE(jobs, 3U);
}

// ACCORD_UPDATE_DOCS=1 writes the page anew.
TEST(ExamplesTest, ReferencePageIsThatOfTheSchemas) {
  const std::filesystem::path page = kSource / "docs/config.md";
  if (std::getenv("ACCORD_UPDATE_DOCS") != nullptr) std::ofstream(page) << ConfigReference();
  EXPECT_EQ(Read(page), ConfigReference()) << "run this test with ACCORD_UPDATE_DOCS=1";
}

}  // namespace
}  // namespace accord::config
