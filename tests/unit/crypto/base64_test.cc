#include "crypto/base64.h"

#include <gtest/gtest.h>

namespace accord::crypto {
namespace {

// RFC 4648 section 10.
TEST(Base64Test, KnowsTheVectorsOfTheRfc) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(ToBase64(AsBytes(plain)), text);
    const auto bytes = FromBase64(text);
    ASSERT_TRUE(bytes.has_value()) << text;
    EXPECT_EQ(AsText(*bytes), plain);
  }
}

TEST(Base64Test, OneValueHasOneText) {
  for (const std::string_view text : {"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", " Zm9v", "Zm9v\n",
                                      "Zm9v    ", "Zm-_", "Zm9v=", "=m9v", "Zg==Zg==", "Zm\0v"}) {
    EXPECT_FALSE(FromBase64(text).has_value()) << text;
  }
}

TEST(Base64Test, EveryByteComesBack) {
  Bytes all;
  for (int i = 0; i < 256; ++i) {
    all.push_back(static_cast<std::uint8_t>(i));
    EXPECT_EQ(FromBase64(ToBase64(all)), all);
  }
}

}  // namespace
}  // namespace accord::crypto
