#include "crypto/ed25519.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>

#include "base/file.h"
#include "crypto/sha256.h"
#include "tests/support/fsa1.h"

namespace accord::crypto {
namespace {

using fsa1::Hex;
using fsa1::ToHex;

struct Rfc8032Case {
  std::string seed, public_key, message, signature;
};

// RFC 8032 7.1: tests 1, 2, 3 and SHA(abc).
const std::array<Rfc8032Case, 4> kCases{{
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f"
     "0595bb"
     "e24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2ea"
     "eb4302"
     "aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e"
     "9716ed"
     "28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d442"
     "3643ce"
     "80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179"
     "c138ac"
     "17ad9bef1177331a704"},
}};

Ed25519Signature Signature(const std::string& hex) { return *Ed25519Signature::FromHex(hex); }

TEST(Ed25519Test, MatchesRfc8032) {
  for (const Rfc8032Case& c : kCases) {
    const Ed25519Key key = Ed25519Key::FromSeed(Hex(c.seed));
    EXPECT_EQ(key.PublicKey().Hex(), c.public_key);
    EXPECT_EQ(key.Sign(Hex(c.message)).Hex(), c.signature);
    EXPECT_TRUE(Ed25519Verify(key.PublicKey(), Hex(c.message), Signature(c.signature)));
  }
}

TEST(Ed25519Test, MatchesTheProtocolsVector) {
  const auto encoding = fsa1::Load("encoding.json");
  const auto& vector = encoding["signature"];
  const Ed25519Key key = Ed25519Key::FromSeed(Hex(vector["sk_ed"]));
  EXPECT_EQ(key.PublicKey().Hex(), vector["pk_ed"]);
  EXPECT_EQ(key.Sign(Hex(vector["signed_bytes"])).Hex(), vector["sig"]);
}

TEST(Ed25519Test, RefusesEverySingleBitFlip) {
  const Ed25519Key key = Ed25519Key::FromSeed(Hex(kCases[1].seed));
  const Bytes message = Hex(kCases[1].message);
  const Ed25519Signature good = key.Sign(message);
  for (std::size_t bit = 0; bit < 512; ++bit) {
    Ed25519Signature bad = good;
    bad.bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_FALSE(Ed25519Verify(key.PublicKey(), message, bad)) << bit;
  }
  EXPECT_FALSE(Ed25519Verify(key.PublicKey(), Hex("73"), good));
  EXPECT_FALSE(Ed25519Verify(Ed25519Key::Generate().PublicKey(), message, good));
}

TEST(Ed25519Test, RefusesANonCanonicalS) {
  // S + L, little-endian: equal modulo the group order, but not the one encoding (RFC 8032 5.1.7).
  const Bytes order = Hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  const Ed25519Key key = Ed25519Key::FromSeed(Hex(kCases[0].seed));
  Ed25519Signature signature = key.Sign({});
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += signature.bytes[32 + i] + order[i];
    signature.bytes[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  ASSERT_EQ(carry, 0U);
  EXPECT_FALSE(Ed25519Verify(key.PublicKey(), {}, signature));
}

TEST(Ed25519Test, GeneratedKeysDiffer) {
  EXPECT_NE(Ed25519Key::Generate().PublicKey(), Ed25519Key::Generate().PublicKey());
}

TEST(Ed25519Test, AKeyFileIsPrivateAndGivesTheSameKeyBack) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "ed25519_key_file.pem";
  const Ed25519Key key = Ed25519Key::Generate();
  ASSERT_TRUE(key.Save(path).ok());
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  const Result<Ed25519Key> loaded = Ed25519Key::Load(path);
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->PublicKey(), key.PublicKey());
  std::filesystem::remove(path);
  EXPECT_EQ(Ed25519Key::Load(path).status().error(), "store.io");
}

TEST(Ed25519Test, RefusesWhatIsNoEd25519Key) {
  const char* const kP256 =
      "-----BEGIN PRIVATE KEY-----\n"
      "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\n"
      "-----END PRIVATE KEY-----\n";
  EXPECT_EQ(Ed25519Key::FromPem(AsBytes(kP256)).status().error(), "key.malformed");
  EXPECT_EQ(Ed25519Key::FromPem({}).status().error(), "key.malformed");
  EXPECT_EQ(Ed25519Key::FromPem(AsBytes("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGbMFcGCSqGSIb3DQEF\n"
                                        "-----END ENCRYPTED PRIVATE KEY-----\n"))
                .status()
                .error(),
            "key.malformed");
}

}  // namespace
}  // namespace accord::crypto
