#include "data/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace accord::data {
namespace {

// The code point as UTF-8 would write it, also where it must not.
std::string Written(std::uint32_t code) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | (code >> shift & 0x3F)); };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xC0 | code >> 6), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xE0 | code >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | code >> 18), tail(12), tail(6), tail(0)};
}

TEST(Utf8Test, TakesEveryCodePointButSurrogates) {
  for (std::uint32_t code = 0; code < 0x120000; ++code) {
    const bool good = code < 0x110000 && (code < 0xD800 || code > 0xDFFF);
    const std::string text = Written(code);
    ASSERT_EQ(Utf8Prefix(text) == text.size(), good) << code;
  }
}

TEST(Utf8Test, RefusesOverlongFormsStrayAndMissingBytes) {
  for (const std::string bad : {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF", "\x80",
                                "\xF8\x88\x80\x80\x80", "\xC3(", "\xE6\x97(", "\xFE"}) {
    EXPECT_EQ(Utf8Prefix("12345678" + bad + "12345678"), 8);
  }
}

TEST(Utf8Test, FindsTheSameHoweverATextIsCut) {
  const std::string good = "aeiou\xC3\xBC\xE6\x97\xA5 12345678 \xF0\x9F\x98\x80";
  for (const std::string& text : {good, good + "\xE6\x97", good + "\xC3(abc", "ab\x80" + good}) {
    const std::size_t prefix = Utf8Prefix(text);
    for (std::size_t size = 1; size < text.size(); ++size) {
      Utf8Check check;
      bool fine = true;
      for (std::size_t at = 0; at < text.size() && fine; at += size)
        fine = check.Add(std::string_view(text).substr(at, size));
      EXPECT_EQ(check.good(), prefix);
      EXPECT_EQ(fine && check.Done(), prefix == text.size());
    }
  }
}

}  // namespace
}  // namespace accord::data
