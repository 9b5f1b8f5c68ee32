#include "ledger/vkey.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "crypto/base64.h"
#include "tests/support/log_files.h"

namespace accord::ledger {
namespace {

using testing::KeyFrom;
using namespace std::string_literals;

std::string ErrorOf(std::string_view text) { return VerifierKey::Parse(text).status().error(); }

TEST(VerifierKeyTest, ReadsAndWritesTheVectorsOfTheFormats) {
  struct Vector {
    std::string text, name;
    KeyType type;
    std::uint32_t id;
  };
  const std::array<Vector, 5> vectors{{
      {"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "example.com/foo",
       KeyType::kEd25519, 0x530d903a},
      {"TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6", "TEST", KeyType::kEd25519, 0x7997405c},
      {"remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2", "remora.n621.de",
       KeyType::kCosignature, 0xda77ade7},
      {"fed.example/log+d7d7abcf+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", "fed.example/log",
       KeyType::kEd25519, 0xd7d7abcf},
      {"fed.example/node/ke+1b5ab9ad+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X", "fed.example/node/ke",
       KeyType::kCosignature, 0x1b5ab9ad},
  }};
  for (const Vector& vector : vectors) {
    const Result<VerifierKey> key = VerifierKey::Parse(vector.text);
    ASSERT_TRUE(key.ok()) << key.status().message();
    EXPECT_EQ(key->name(), vector.name);
    EXPECT_EQ(key->type(), vector.type);
    EXPECT_EQ(key->id(), vector.id);
    EXPECT_EQ(key->Format(), vector.text);
  }
}

TEST(VerifierKeyTest, GivesOneKeyAnotherIdAsAnotherType) {
  const VerifierKey log =
      VerifierKey::Parse("TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6").value();
  const VerifierKey witness = VerifierKey::Make("TEST", KeyType::kCosignature, log.key()).value();
  EXPECT_EQ(witness.id(), 0xfdd2dbc7);
  EXPECT_TRUE(witness.SameKey(log));
  EXPECT_NE(witness, log);
}

TEST(VerifierKeyTest, MakesTheKeysOfTheVectorFromTheirSeeds) {
  EXPECT_EQ(LogKey("fed.example/log", KeyFrom(0x00).PublicKey()).Format(),
            "fed.example/log+d7d7abcf+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4");
  EXPECT_EQ(WitnessKey("fed.example/node/ke", KeyFrom(0x20).PublicKey()).Format(),
            "fed.example/node/ke+1b5ab9ad+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X");
}

TEST(VerifierKeyTest, RefusesWhatIsNotExactlyAKey) {
  for (const std::string& text :
       {""s, "+"s, "++"s, "name"s, "name+530d903a"s,
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"s,  // upper case
        "example.com/foo+0x0d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"s,  // no hex
        "example.com/foo+30d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"s,   // seven digits
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"s,  // another id
        "example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"s,  // of another name
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n"s,
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2"s,
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k+"s,
        "example.com foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"s,
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"s, "name+00000000+"s}) {
    EXPECT_EQ(ErrorOf(text), "vkey.malformed") << text;
  }
}

TEST(VerifierKeyTest, RefusesAKeyUnderWhichAnyoneCanSign) {
  Bytes low_order(32);
  low_order[0] = 1;  // the neutral element
  EXPECT_EQ(VerifierKey::Make("name", KeyType::kEd25519, low_order).status().error(), "vkey.malformed");
  EXPECT_EQ(VerifierKey::Make("name", KeyType::kCosignature, low_order).status().error(), "vkey.malformed");
  EXPECT_EQ(VerifierKey::Make("name", KeyType::kEd25519, Bytes(31, 7)).status().error(), "vkey.malformed");
}

TEST(VerifierKeyTest, SaysWhichTypesItCannotCheck) {
  for (const std::uint8_t type : {0x00, 0x03, 0x05, 0x06, 0xFF}) {
    Bytes key(type == 6 ? 1313 : 33, 9);
    key[0] = type;
    EXPECT_EQ(ErrorOf("name+00000000+" + crypto::ToBase64(key)), "vkey.unsupported") << int{type};
  }
  EXPECT_NE(VerifierKey::Parse("name+00000000+Bg==").status().message().find("ML-DSA-44"), std::string::npos);
}

TEST(KeyNameTest, TakesNoSpacesNoPlusAndNothingThatIsNotText) {
  for (const std::string& name : {"a"s, "example.com/log"s, "Ñandutí"s, "日本/記録"s, "!\"#"s, "\x7f"s}) {
    EXPECT_TRUE(IsKeyName(name)) << name;
  }
  for (const std::string& name :
       {""s, "a b"s, "a+b"s, "a\n"s, "a\tb"s, "\0"s, "a\u0085"s, "\u00a0"s, "\u1680x"s, "\u2003"s, "\u2028"s,
        "\u202f"s, "\u205f"s, "\u3000"s, "\xff"s, "\xc0\xaf"s, "\xed\xa0\x80"s, "a\xe2\x80"s}) {
    EXPECT_FALSE(IsKeyName(name)) << name;
  }
}

}  // namespace
}  // namespace accord::ledger
