#include "data/utf8.h"

#include <algorithm>
#include <cstring>

namespace accord::data {
namespace {

struct Form {
  std::size_t size;        // bytes; 0: no character begins so
  std::uint8_t low, high;  // of the second byte; the others are 80 to BF
};

Form FormOf(std::uint8_t first) {
  if (first < 0x80) return {1, 0, 0};
  if (first < 0xC2) return {0, 0, 0};
  if (first < 0xE0) return {2, 0x80, 0xBF};
  if (first < 0xF0) {
    return {3, static_cast<std::uint8_t>(first == 0xE0 ? 0xA0 : 0x80),
            static_cast<std::uint8_t>(first == 0xED ? 0x9F : 0xBF)};
  }
  if (first > 0xF4) return {0, 0, 0};
  return {4, static_cast<std::uint8_t>(first == 0xF0 ? 0x90 : 0x80),
          static_cast<std::uint8_t>(first == 0xF4 ? 0x8F : 0xBF)};
}

// Bytes of the character at the begin of `text`; 0 when it is not well-formed or not whole. `begins`: what is
// there fits.
std::size_t CharacterSize(std::string_view text, bool& begins) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const Form form = FormOf(byte(0));
  begins = form.size > 0;
  for (std::size_t i = 1; i < std::min(form.size, text.size()); ++i) {
    const std::uint8_t low = i == 1 ? form.low : 0x80;
    const std::uint8_t high = i == 1 ? form.high : 0xBF;
    begins = begins && byte(i) >= low && byte(i) <= high;
  }
  return begins && text.size() >= form.size ? form.size : 0;
}

bool AllAscii(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return (word & 0x8080808080808080U) == 0;
}

}  // namespace

std::size_t Utf8Prefix(std::string_view text) {
  std::size_t at = 0;
  bool begins = true;
  while (at < text.size()) {
    if (text.size() - at >= 8 && AllAscii(text.data() + at)) {
      at += 8;
      continue;
    }
    const std::size_t size = CharacterSize(text.substr(at), begins);
    if (size == 0) break;
    at += size;
  }
  return at;
}

std::size_t Utf8Size(std::string_view text) {
  bool begins = false;
  return CharacterSize(text, begins);
}

bool Utf8Begins(std::string_view text) {
  bool begins = false;
  return CharacterSize(text, begins) == 0 && begins;
}

bool Utf8Check::Add(std::string_view piece) {
  while (held_ > 0 && !piece.empty()) {
    partial_[held_++] = piece.front();
    piece.remove_prefix(1);
    const std::string_view partial(partial_, held_);
    if (Utf8Prefix(partial) == held_) {
      good_ += held_;
      held_ = 0;
    } else if (!Utf8Begins(partial)) {
      return false;
    }
  }
  const std::size_t whole = Utf8Prefix(piece);
  good_ += whole;
  piece.remove_prefix(whole);
  if (piece.empty()) return true;
  if (!Utf8Begins(piece)) return false;
  held_ = piece.copy(partial_, sizeof partial_);
  return true;
}

}  // namespace accord::data
