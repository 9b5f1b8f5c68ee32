// What a disk or a hostile peer may do to canonical bytes: every truncation, every flipped bit, a byte more.
// Test only.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>

#include "base/text.h"

namespace accord::testing {

inline std::string Hex(ByteView bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

// `recode` parses bytes and encodes what it read; nullopt when it refuses. Whatever it takes must have
// exactly those bytes, so that no two byte strings mean the same; anything shorter or longer must be refused.
inline void ExpectCanonical(const Bytes& bytes, const std::function<std::optional<Bytes>(ByteView)>& recode) {
  ASSERT_EQ(recode(bytes), std::optional(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(recode(ByteView(bytes).first(size)), std::nullopt) << "cut to " << size << " bytes";
  }
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_EQ(recode(longer), std::nullopt);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    Bytes flipped = bytes;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    const std::optional<Bytes> again = recode(flipped);
    EXPECT_EQ(Hex(again.value_or(flipped)), Hex(flipped)) << "bit " << bit;
  }
}

}  // namespace accord::testing
