#include "crypto/secret_memory.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <openssl/crypto.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "crypto/random.h"
#include "crypto/x509.h"
#include "crypto/zeroizing.h"

namespace accord::crypto {
namespace {

// VmFlags of the mapping that `memory` lies in, as /proc/self/smaps has them: " rd wr ... dd ".
std::string FlagsOf(const void* memory) {
  std::ifstream maps("/proc/self/smaps");
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  bool here = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " ", &begin, &end) == 2) {
      here = begin <= address && address < end;
    } else if (here && line.starts_with("VmFlags:")) {
      return line.substr(8) + " ";
    }
  }
  return "";
}

bool IsDumped(const void* memory) { return FlagsOf(memory).find(" dd ") == std::string::npos; }

TEST(SecretMemoryTest, LiesInNoCoreDump) {
  ASSERT_TRUE(PrepareSecretMemory());
  EXPECT_FALSE(IsDumped(RandomSecret(32).view().data()));
  EXPECT_FALSE(IsDumped(RandomSecret(1 << 20).view().data())) << "what is too large for the pool";
  const Bytes other(32);
  EXPECT_TRUE(IsDumped(other.data())) << "so the test would see it";
}

TEST(SecretMemoryTest, GrowsAndNeverGivesOtherMemory) {
  std::vector<ZeroizingBytes> many;
  for (int i = 0; i < 200'000; ++i) many.push_back(ZeroizingBytes::CopyOf(AsBytes("a key of this node")));
  EXPECT_TRUE(
      std::ranges::all_of(many, [](const auto& one) { return AsText(one.view()) == "a key of this node"; }));
  EXPECT_FALSE(IsDumped(many.front().view().data()));
  EXPECT_FALSE(IsDumped(many[many.size() / 2].view().data()));
  EXPECT_FALSE(IsDumped(many.back().view().data()));
}

// BIGNUMs of private keys: those of TLS and of the CA.
TEST(SecretMemoryTest, HoldsOpensslsOwnKeys) {
  ASSERT_TRUE(PrepareSecretMemory());
  const P256Key first = P256Key::Generate();  // beside whatever OpenSSL makes once
  const std::size_t before = CRYPTO_secure_used();
  const P256Key key = P256Key::Generate();
  EXPECT_GT(CRYPTO_secure_used(), before);
}

// In a process of its own, which may lock nothing.
int WithoutLocks() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3]{};
  const rlimit nothing{0, 0};
  if (::syscall(SYS_capset, &header, none) != 0 || ::setrlimit(RLIMIT_MEMLOCK, &nothing) != 0) return 2;
  if (!PrepareSecretMemory()) return 3;
  const ZeroizingBytes secret = RandomSecret(1 << 15);
  if (SecretMemoryIsLocked()) return 4;
  return IsDumped(secret.view().data()) ? 5 : 0;
}

TEST(SecretMemoryDeathTest, MayBeSwappedWhereTheSystemLocksNothingAndSaysSo) {
  EXPECT_EXIT(std::_Exit(WithoutLocks()), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace accord::crypto
