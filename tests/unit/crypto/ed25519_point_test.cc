#include "crypto/ed25519_point.h"

#include <gtest/gtest.h>

namespace accord::crypto {
namespace {

Ed25519PublicKey Key(std::string_view hex) { return *Ed25519PublicKey::FromHex(hex); }

TEST(Ed25519PointTest, KeysThatSomebodyHoldsAreSound) {
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(IsSoundEd25519Key(Ed25519Key::Generate().PublicKey()));
}

// Under such a key OpenSSL verifies a signature that was made without any private key: R = A, S = 0.
TEST(Ed25519PointTest, AKeyOfSmallOrderIsNot) {
  const Ed25519PublicKey identity = Key("0100000000000000000000000000000000000000000000000000000000000000");
  Ed25519Signature forged;
  forged.bytes[0] = 1;
  ASSERT_TRUE(Ed25519Verify(identity, AsBytes("anything"), forged)) << "why the check is needed";
  EXPECT_FALSE(IsSoundEd25519Key(identity));
  for (const std::string_view y : {"0000000000000000000000000000000000000000000000000000000000000000",
                                   "0100000000000000000000000000000000000000000000000000000000000080",
                                   "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                                   "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
                                   "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
                                   "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"})
    EXPECT_FALSE(IsSoundEd25519Key(Key(y))) << y;
}

TEST(Ed25519PointTest, AKeyHasOneForm) {
  for (const std::string_view y : {"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                   "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                   "f0fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffF",
                                   "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"})
    EXPECT_FALSE(IsSoundEd25519Key(Key(y))) << y;
}

}  // namespace
}  // namespace accord::crypto
