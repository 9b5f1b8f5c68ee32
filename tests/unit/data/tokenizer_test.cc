#include "data/tokenizer.h"

#include <gtest/gtest.h>

namespace accord::data {
namespace {

TEST(ByteTokenizerTest, IsItsOwnInverse) {
  const auto tokenizer = MakeByteTokenizer();
  std::string text;
  for (int i = 0; i < 256; ++i) text += static_cast<char>(i);
  std::vector<std::int32_t> tokens;
  EXPECT_EQ(*tokenizer->Encode(text, {}, tokens), 256);
  EXPECT_EQ(tokens.size(), 256);
  std::string back;
  for (const std::int32_t token : tokens) back += tokenizer->Bytes(token, false);
  EXPECT_EQ(back, text);
  for (const std::int32_t special : {kByteBos, kByteEos, kByteUnknown, kByteVocabulary, -1}) {
    EXPECT_EQ(tokenizer->Bytes(special, false), "");
  }
  EXPECT_TRUE(tokenizer->Ends(kByteBos));
  EXPECT_TRUE(tokenizer->Ends(kByteEos));
  EXPECT_FALSE(tokenizer->Ends('a'));
}

std::vector<std::string> Stream(std::string_view bytes) {
  const auto tokenizer = MakeByteTokenizer();
  StreamDecoder decoder(*tokenizer);
  std::vector<std::string> parts;
  for (const char byte : bytes) parts.push_back(decoder.Push(static_cast<std::uint8_t>(byte)));
  parts.push_back(decoder.Finish());
  return parts;
}

using Parts = std::vector<std::string>;

TEST(StreamDecoderTest, GivesWholeCharactersOnly) {
  EXPECT_EQ(Stream("a\xC3\xBC"), (Parts{"a", "", "\xC3\xBC", ""}));
  EXPECT_EQ(Stream("\xF0\x9F\x98\x80"), (Parts{"", "", "", "\xF0\x9F\x98\x80", ""}));
}

TEST(StreamDecoderTest, ReplacesWhatCanBeNoCharacter) {
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(Stream("\xFF"
                   "a"),
            (Parts{bad, "a", ""}));
  EXPECT_EQ(Stream("\xE6\x97"
                   "a"),
            (Parts{"", "", bad + bad + "a", ""}));
  EXPECT_EQ(Stream("\xE6\x97"), (Parts{"", "", bad}));
}

}  // namespace
}  // namespace accord::data
