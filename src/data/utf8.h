// Well-formed UTF-8 (Unicode, table 3-7): no overlong form, no surrogate, nothing above U+10FFFF. Called by
// the readers of text. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace accord::data {

// The byte order mark: no part of a text that begins with it.
inline constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";

// Length of the longest prefix of `text` that is made of whole, well-formed characters.
[[nodiscard]] std::size_t Utf8Prefix(std::string_view text);
// Bytes of the character at the begin of `text`, which is not empty; 0 when it is not well-formed, or not
// whole.
[[nodiscard]] std::size_t Utf8Size(std::string_view text);
// Whether `text`, which is not empty, may be the begin of a character whose other bytes are still to come.
[[nodiscard]] bool Utf8Begins(std::string_view text);

// A text in pieces, cut anywhere.
class Utf8Check {
 public:
  // Whether all so far is well-formed, a character at the end perhaps not yet whole. Not to be called after
  // it said no.
  [[nodiscard]] bool Add(std::string_view piece);
  // Whether the last character is whole.
  [[nodiscard]] bool Done() const { return held_ == 0; }
  // Bytes before the first character that is not well-formed, or not whole.
  [[nodiscard]] std::uint64_t good() const { return good_; }

 private:
  char partial_[4] = {};  // the begin of a character
  std::size_t held_ = 0;
  std::uint64_t good_ = 0;
};

}  // namespace accord::data
