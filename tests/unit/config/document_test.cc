#include "config/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"

namespace accord::config {
namespace {

using ::testing::ElementsAre;

TEST(DocumentTest, FlattensTablesWithThePlaceOfEachKey) {
  const Document document = ReadToml("[a]\nb = 1\n  c = \"x\"\n", "f");
  ASSERT_EQ(document.entries.size(), 3U);
  EXPECT_EQ(document.entries[1].Path(), "a.b");
  EXPECT_EQ(document.entries[1].place.Text(), "f:2:1");
  EXPECT_EQ(document.entries[2].place.Text(), "f:3:3");
}

TEST(DocumentTest, ReadsTheEnvironmentWithDoubleUnderscores) {
  const Document document = ReadEnvironment({{"ACCORD_RPC__LISTEN", "x"},
                                             {"ACCORD_DATA__FASHION__HOLDOUT_SEED", "3"},
                                             {"ACCORD_HOME", "x"},
                                             {"HOME", "/"}});
  ASSERT_EQ(document.entries.size(), 2U);
  EXPECT_THAT(document.entries[0].keys, ElementsAre("data", "fashion", "holdout_seed"));
  EXPECT_THAT(document.entries[1].keys, ElementsAre("rpc", "listen"));
  EXPECT_EQ(document.entries[1].place.Text(), "variable ACCORD_RPC__LISTEN");
}

TEST(DocumentTest, ReadsFlagsWithQuotedKeysAndSaysWhatIsNone) {
  const Document document = ReadFlags({"data.\"a.b\".path=/x=y", "nonsense", "=1", "a b=1"});
  ASSERT_EQ(document.entries.size(), 1U);
  EXPECT_THAT(document.entries[0].keys, ElementsAre("data", "a.b", "path"));
  EXPECT_EQ(std::get<std::string>(document.entries[0].value.held), "/x=y");
  EXPECT_EQ(document.problems.size(), 3U);
}

TEST(HostPortTest, TakesNamesAndBothKindsOfAddress) {
  EXPECT_EQ(ParseHostPort("127.0.0.1:7443")->port, 7443);
  EXPECT_EQ(ParseHostPort("[::1]:0")->host, "::1");
  EXPECT_EQ(ParseHostPort("accord.example:443")->host, "accord.example");
  for (const char* bad : {"", "7443", ":7443", "host", "host:", "host:65536", "host:-1", "host:1 ", "::1:443",
                          "[]:1", "a b:1", "http://x:1"}) {
    EXPECT_FALSE(ParseHostPort(bad)) << bad;
  }
}

}  // namespace
}  // namespace accord::config
