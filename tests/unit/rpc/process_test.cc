#include "rpc/process.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace accord::rpc {
namespace {

TEST(ProcessTest, Tls13IsForcedOnlyOnceAsked) {
  unsetenv("GRPC_SSL_CIPHER_SUITES");
  EXPECT_FALSE(Tls13Forced());
  ForceTls13();
  EXPECT_TRUE(Tls13Forced());
}

TEST(ProcessTest, OverridesAWeakerSettingOfTheEnvironment) {
  setenv("GRPC_SSL_CIPHER_SUITES", "ECDHE-ECDSA-AES128-GCM-SHA256", 1);
  EXPECT_FALSE(Tls13Forced());
  ForceTls13();
  EXPECT_TRUE(Tls13Forced());
}

}  // namespace
}  // namespace accord::rpc
