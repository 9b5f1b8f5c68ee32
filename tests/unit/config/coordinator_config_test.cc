#include "config/coordinator_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace accord::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A file of this text for the time of a test.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text)
      : path_(std::filesystem::path(::testing::TempDir()) /
              (std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()) + ".toml")) {
    std::ofstream(path_) << text;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string Errors(const Sources& sources) {
  const auto config = LoadCoordinatorConfig(sources);
  EXPECT_FALSE(config.ok());
  if (config.ok()) return {};
  EXPECT_EQ(config.status().error(), "config.invalid");
  return config.status().message();
}

TEST(CoordinatorConfigTest, StaysOnLoopbackAndRefusesUnmaskedJobsByDefault) {
  const auto config = LoadCoordinatorConfig({});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->rpc.listen, "127.0.0.1:7443");
  EXPECT_EQ(config->Advertised(), "127.0.0.1:7443");
  EXPECT_EQ(config->http.listen, "127.0.0.1:7480");
  EXPECT_FALSE(config->security.allow_unmasked);
}

TEST(CoordinatorConfigTest, LetsTheEnvironmentWinOverTheFileAndFlagsOverBoth) {
  const TemporaryFile file(
      "[uploads]\nslots = 1\nmemory = \"1GiB\"\n[limits]\nmax_jobs = 1\n[rpc]\nadvertise = \"a:1\"\n");
  const auto config = LoadCoordinatorConfig({.file = file.path(),
                                             .environment = {{"ACCORD_LIMITS__MAX_JOBS", "2"},
                                                             {"ACCORD_UPLOADS__SLOTS", "2"},
                                                             {"ACCORD_RPC__NAMES", "a,10.0.0.1"},
                                                             {"ACCORD_SECURITY__ALLOW_UNMASKED", "true"},
                                                             {"ACCORD_NODE__THREADS", "9"}},
                                             .flags = {"limits.max_jobs=3", "store.state=/tmp/x"}});
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(config->uploads.memory, 1ULL << 30);
  EXPECT_EQ(config->uploads.slots, 2U);
  EXPECT_EQ(config->limits.max_jobs, 3U);
  EXPECT_EQ(config->store.state, "/tmp/x");
  EXPECT_EQ(config->Advertised(), "a:1");
  EXPECT_TRUE(config->security.allow_unmasked);
  EXPECT_THAT(config->rpc.names, ElementsAre("a", "10.0.0.1"));
}

TEST(CoordinatorConfigTest, NamesLineVariableOrFlagOfEveryError) {
  const TemporaryFile file(
      "[rpc]\nlisten = 7443\nport = 1\n[uploads]\nmemory = \"1KiB\"\n[limit]\nx = 1\ny = 2\n");
  const std::string name = file.path().string();
  const std::string errors = Errors({.file = file.path(),
                                     .environment = {{"ACCORD_LIMITS__MAX_JBOS", "2"},
                                                     {"ACCORD_LIMTS__X", "2"},
                                                     {"ACCORD_UPLOADS__SLOTS", "no"}},
                                     .flags = {"log.level=loud", "security"}});
  EXPECT_THAT(errors,
              AllOf(HasSubstr(name + " has 9 errors:"),
                    HasSubstr(name + ":2:1: rpc.listen: expected address host:port, found a whole number"),
                    HasSubstr(name + ":3:1: rpc.port: unknown key"),
                    HasSubstr(name + ":5:1: uploads.memory: must be at least 1.0 MiB"),
                    HasSubstr(name + ":6:1: limit: unknown section"),
                    HasSubstr("variable ACCORD_LIMITS__MAX_JBOS: limits.max_jbos: unknown key; did you mean "
                              "limits.max_jobs?")));
  EXPECT_THAT(errors,
              AllOf(HasSubstr("variable ACCORD_LIMTS__X: limts.x: unknown key"),
                    HasSubstr("variable ACCORD_UPLOADS__SLOTS: uploads.slots: expected a whole number"),
                    HasSubstr("flag log.level: log.level: \"loud\" is unknown"),
                    HasSubstr("flag security: expected section.key=value")));
}

TEST(CoordinatorConfigTest, SaysThatAFileIsMissing) {
  EXPECT_THAT(Errors({.file = "/nonexistent/accord.toml"}),
              AllOf(HasSubstr("/nonexistent/accord.toml"), HasSubstr("No such file")));
}

TEST(CoordinatorConfigTest, ShowsSettingsThatLoadToTheSame) {
  CoordinatorConfig config;
  config.federation.name = "north";
  config.rpc.names = {"a.example", "::1"};
  config.uploads.memory = 3ULL << 20;
  config.limits.heartbeat = Millis(1500);
  config.store.state = "/srv/with \"quotes\"";
  config.log.format = LogFormat::kJson;
  const std::string shown = ShowConfig(config);
  EXPECT_THAT(shown, AllOf(HasSubstr("\nmemory = \"3MiB\"\n"), HasSubstr("\n# slots = 4\n")));
  const TemporaryFile file(shown);
  const auto loaded = LoadCoordinatorConfig({.file = file.path()});
  ASSERT_TRUE(loaded.ok()) << loaded.status().message();
  EXPECT_EQ(ShowConfig(*loaded), shown);
  EXPECT_EQ(loaded->store.state, config.store.state);
}

TEST(ProcessEnvironmentTest, TakesOnlyOurVariables) {
  ASSERT_EQ(setenv("ACCORD_LOG__LEVEL", "warn", 1), 0);
  const auto environment = ProcessEnvironment();
  EXPECT_EQ(environment.at("ACCORD_LOG__LEVEL"), "warn");
  EXPECT_FALSE(environment.contains("PATH"));
  unsetenv("ACCORD_LOG__LEVEL");
}

}  // namespace
}  // namespace accord::config
