// The keystream: known blocks, the frozen words, and seeking.
#include "crypto/prg.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <utility>

#include "crypto/sha256.h"
#include "tests/support/fsa1.h"

namespace accord::crypto {
namespace {

using fsa1::Hex;

// Block 0 is the cipher's answer to the zero block: AESAVS appendix D (KeySbox) and E (VarKey), AES-256.
TEST(KeystreamTest, BlockZeroMatchesTheAesValidationSuite) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"c47b0294dbbbee0fec4757f22ffeee3587ca4730c3d33b691df38bab076bc558",
       "46f2fb342d6f0ab477476fc501242c5f"},
      {"8000000000000000000000000000000000000000000000000000000000000000",
       "e35a6dcb19b201a01ebcfa8aa22b5759"},
      {"c000000000000000000000000000000000000000000000000000000000000000",
       "b29169cdcf2d83e838125a12ee6aa400"}};
  for (const auto& [key, block] : cases) {
    std::array<std::uint8_t, 16> first{};
    Keystream(Hex(key)).FillBytes(0, first);
    EXPECT_EQ(fsa1::ToHex(first), block);
  }
}

// SP 800-38A F.5.5, CTR-AES256.Encrypt. Its counter has a non-zero upper half, so it is held against the very
// cipher that the stream is made of, and the carry out of the lowest byte with it.
TEST(KeystreamTest, ItsCipherMatchesSp80038aF55) {
  const Bytes key = Hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
  const Bytes counter = Hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
  const Bytes plaintext =
      Hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
          "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
  const std::unique_ptr<EVP_CIPHER, decltype(&EVP_CIPHER_free)> cipher(
      EVP_CIPHER_fetch(nullptr, "AES-256-CTR", nullptr), EVP_CIPHER_free);
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> ctx(EVP_CIPHER_CTX_new(),
                                                                            EVP_CIPHER_CTX_free);
  ASSERT_EQ(EVP_EncryptInit_ex2(ctx.get(), cipher.get(), key.data(), counter.data(), nullptr), 1);
  Bytes ciphertext(plaintext.size());
  int size = 0;
  ASSERT_EQ(EVP_EncryptUpdate(ctx.get(), ciphertext.data(), &size, plaintext.data(), 64), 1);
  EXPECT_EQ(fsa1::ToHex(ciphertext),
            "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
            "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6");
}

TEST(KeystreamTest, MatchesTheFrozenWordsAtAnyOffsetAndAcrossTheBlockCarry) {
  const auto vectors = fsa1::Load("mask_words.json");
  Keystream stream(Hex(vectors["key"]));
  for (const auto& c : vectors["cases"]) {
    const std::vector<std::uint64_t> want = fsa1::List(c["words"], fsa1::Word);
    std::vector<std::uint64_t> words(want.size());
    stream.FillWords(c["first_word"], words);
    EXPECT_EQ(words, want) << c["first_word"];
  }
}

TEST(KeystreamTest, MatchesTheFrozenHashOverChunks) {
  const auto vectors = fsa1::Load("mask_words.json");
  std::vector<std::uint8_t> bytes(131'073 * 8);
  Keystream(Hex(vectors["key"])).FillBytes(0, bytes);
  EXPECT_EQ(Sha256::Of(bytes).Hex(), vectors["sha256_of_first_131073_words_as_bytes"]);
}

TEST(KeystreamTest, AddAndSubtractFollowTheSignRule) {
  const auto vectors = fsa1::Load("mask_words.json");
  const auto& sign = vectors["sign"];
  Keystream stream(Hex(vectors["key"]));
  const std::vector<std::uint64_t> x = fsa1::List(sign["x"], fsa1::Word);
  std::vector<std::uint64_t> lo = x;
  stream.Add(0, lo);
  EXPECT_EQ(lo, fsa1::List(sign["lo_sends"], fsa1::Word));
  std::vector<std::uint64_t> hi = x;
  stream.Subtract(0, hi);
  EXPECT_EQ(hi, fsa1::List(sign["hi_sends"], fsa1::Word));
}

TEST(KeystreamTest, EverySeekIsASliceOfTheWhole) {
  Keystream stream(Hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"));
  std::vector<std::uint8_t> whole(200'000);
  stream.FillBytes(0, whole);
  for (const std::size_t first : {1UL, 15UL, 16UL, 17UL, 4095UL, 65'535UL, 65'536UL, 65'537UL, 131'072UL}) {
    for (const std::size_t size : {0UL, 1UL, 15UL, 33UL, 65'536UL, 66'000UL}) {
      std::vector<std::uint8_t> part(size);
      stream.FillBytes(first, part);
      ASSERT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + static_cast<std::ptrdiff_t>(first)))
          << first << " + " << size;
    }
  }
  std::vector<std::uint32_t> values(100);
  stream.FillU32(333, values);
  for (std::size_t j = 0; j < values.size(); ++j) {
    const std::uint8_t* at = whole.data() + 4 * (333 + j);
    EXPECT_EQ(values[j], at[0] | at[1] << 8 | at[2] << 16 | static_cast<std::uint32_t>(at[3]) << 24);
  }
}

TEST(KeystreamTest, EverySeekIsASliceAcrossTheCarryOfBlockTwoToThe32) {
  constexpr std::uint64_t kBegin = (1ULL << 36) - 4096;  // bytes: 256 blocks before the carry
  Keystream stream(Hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"));
  std::vector<std::uint8_t> whole(8192);
  stream.FillBytes(kBegin, whole);
  std::mt19937_64 random(38);
  for (int i = 0; i < 500; ++i) {
    const std::size_t at = random() % whole.size();
    std::vector<std::uint8_t> part(random() % (whole.size() - at));
    stream.FillBytes(kBegin + at, part);
    ASSERT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + static_cast<std::ptrdiff_t>(at))) << at;
  }
}

// Every backend that this machine has; the best one again afterwards.
class KeystreamBackendTest : public ::testing::TestWithParam<KeystreamBackend> {
 protected:
  void SetUp() override {
    if (!UseKeystreamBackend(GetParam())) GTEST_SKIP() << "this CPU has no VAES with AVX-512";
  }
  void TearDown() override { static_cast<void>(UseKeystreamBackend(KeystreamBackend::kVaes)); }
};
INSTANTIATE_TEST_SUITE_P(All, KeystreamBackendTest,
                         ::testing::Values(KeystreamBackend::kEvp, KeystreamBackend::kVaes));

TEST_P(KeystreamBackendTest, MatchesTheFrozenWordsAndHash) {
  EXPECT_EQ(CurrentKeystreamBackend(), GetParam());
  const auto vectors = fsa1::Load("mask_words.json");
  Keystream stream(Hex(vectors["key"]));
  for (const auto& c : vectors["cases"]) {
    const std::vector<std::uint64_t> want = fsa1::List(c["words"], fsa1::Word);
    std::vector<std::uint64_t> words(want.size());
    stream.FillWords(c["first_word"], words);
    EXPECT_EQ(words, want) << c["first_word"];
  }
  std::vector<std::uint8_t> bytes(131'073 * 8);
  stream.FillBytes(0, bytes);
  EXPECT_EQ(Sha256::Of(bytes).Hex(), vectors["sha256_of_first_131073_words_as_bytes"]);
}

TEST(KeystreamBackendsTest, AgreeOnTenThousandRandomKeysPlacesAndLengths) {
  if (!UseKeystreamBackend(KeystreamBackend::kVaes)) GTEST_SKIP() << "this CPU has no VAES with AVX-512";
  std::mt19937_64 random(10'000);
  for (int i = 0; i < 10'000; ++i) {
    Bytes key(32);
    std::ranges::generate(key, [&] { return static_cast<std::uint8_t>(random()); });
    const std::uint64_t first = random() >> random() % 60;
    std::vector<std::uint8_t> vaes(random() % 1'500);
    std::vector<std::uint8_t> evp(vaes.size());
    Keystream(key).FillBytes(first, vaes);
    ASSERT_TRUE(UseKeystreamBackend(KeystreamBackend::kEvp));
    Keystream(key).FillBytes(first, evp);
    ASSERT_TRUE(UseKeystreamBackend(KeystreamBackend::kVaes));
    ASSERT_EQ(vaes, evp) << "place " << first << ", " << evp.size() << " bytes";
  }
}

TEST(KeystreamTest, AddingInTilesEqualsAddingAtOnce) {
  Keystream stream(Hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"));
  std::vector<std::uint64_t> at_once(10'001, 7);
  stream.Add(5, at_once);
  std::vector<std::uint64_t> tiled(10'001, 7);
  for (std::size_t begin = 0; begin < tiled.size(); begin += 977) {
    stream.Add(5 + begin, std::span(tiled).subspan(begin, std::min<std::size_t>(977, tiled.size() - begin)));
  }
  EXPECT_EQ(tiled, at_once);
  stream.Subtract(5, tiled);
  EXPECT_EQ(tiled, std::vector<std::uint64_t>(10'001, 7));
}

}  // namespace
}  // namespace accord::crypto
