#include "crypto/aes_gcm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "tests/support/fsa1.h"

namespace accord::crypto {
namespace {

using fsa1::Hex;
using fsa1::ToHex;

GcmNonce Nonce(const std::string& hex) {
  GcmNonce nonce{};
  std::ranges::copy(Hex(hex), nonce.begin());
  return nonce;
}

struct GcmCase {
  std::string key, nonce, aad, plaintext, sealed;
};

constexpr char kZeroKey[] = "0000000000000000000000000000000000000000000000000000000000000000";
constexpr char kKey[] = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";

// Test cases 13 to 16 of the GCM submission to NIST (McGrew and Viega), which SP 800-38D refers to.
const std::array<GcmCase, 4> kCases{{
    {kZeroKey, "000000000000000000000000", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {kZeroKey, "000000000000000000000000", "", "00000000000000000000000000000000",
     "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {kKey, "cafebabefacedbaddecaf888", "",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
     "b094dac5d93471bdec1a502270e3cc6c"},
    {kKey, "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
     "76fc6ece0f4e1768cddf8853bb2d551b"},
}};

TEST(AesGcmTest, MatchesTheKnownAnswers) {
  for (const GcmCase& c : kCases) {
    EXPECT_EQ(ToHex(GcmSeal(Hex(c.key), Nonce(c.nonce), Hex(c.aad), Hex(c.plaintext))), c.sealed);
    const auto opened = GcmOpen(Hex(c.key), Nonce(c.nonce), Hex(c.aad), Hex(c.sealed));
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(ToHex(opened->view()), c.plaintext);
  }
}

TEST(AesGcmTest, EveryFlippedBitAndEveryCutIsABadCiphertext) {
  const GcmCase& c = kCases[3];
  const Bytes sealed = Hex(c.sealed);
  for (std::size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
    Bytes bad = sealed;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_EQ(GcmOpen(Hex(c.key), Nonce(c.nonce), Hex(c.aad), bad).status().error(), "secagg.bad_ciphertext");
  }
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_EQ(GcmOpen(Hex(c.key), Nonce(c.nonce), Hex(c.aad), ByteView(sealed).first(size)).status().error(),
              "secagg.bad_ciphertext");
  }
}

TEST(AesGcmTest, AnotherKeyNonceOrAadDoesNotOpen) {
  const GcmCase& c = kCases[3];
  EXPECT_FALSE(GcmOpen(Hex(kZeroKey), Nonce(c.nonce), Hex(c.aad), Hex(c.sealed)).ok());
  EXPECT_FALSE(GcmOpen(Hex(c.key), GcmNonce{}, Hex(c.aad), Hex(c.sealed)).ok());
  EXPECT_FALSE(GcmOpen(Hex(c.key), Nonce(c.nonce), {}, Hex(c.sealed)).ok());
  EXPECT_FALSE(GcmOpen(Hex(c.key), Nonce(c.nonce), Hex(c.aad + "00"), Hex(c.sealed)).ok());
}

}  // namespace
}  // namespace accord::crypto
