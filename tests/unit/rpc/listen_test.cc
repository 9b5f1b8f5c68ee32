#include "rpc/listen.h"

#include <gtest/gtest.h>

namespace accord::rpc {
namespace {

TEST(HostPortTest, ReadsNamesAndAddresses) {
  EXPECT_EQ(ParseHostPort("127.0.0.1:7443")->host, "127.0.0.1");
  EXPECT_EQ(ParseHostPort("127.0.0.1:7443")->port, 7443);
  EXPECT_EQ(ParseHostPort("[::1]:0")->host, "::1");
  EXPECT_EQ(ParseHostPort("lab.example:65535")->port, 65535);
}

TEST(HostPortTest, RefusesWhatIsNotOne) {
  for (const char* text : {"", "host", ":1", "host:", "host:x", "host:65536", "host:-1", "::1:80", "a b:1",
                           "a/b:1", "host:1 ", "[::1:80", "http://host:80"}) {
    EXPECT_FALSE(ParseHostPort(text).ok()) << text;
  }
}

TEST(CheckListenTest, SaysThatAnAddressIsNotOfThisMachine) {
  EXPECT_TRUE(CheckListen("127.0.0.1:0").ok());
  EXPECT_EQ(CheckListen("192.0.2.1:0").error(), "net.listen");
}

}  // namespace
}  // namespace accord::rpc
