#include "data/sentencepiece_normalizer.h"

#include <cstring>

#include "base/errors.h"
#include "data/utf8.h"

namespace accord::data {
namespace {

constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";  // U+FFFD

std::uint32_t LittleEndian32(const char* bytes) {
  std::uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

// A unit of a double array.
bool HasLeaf(std::uint32_t unit) { return (unit >> 8 & 1) != 0; }
std::uint32_t Value(std::uint32_t unit) { return unit & 0x7FFFFFFF; }
std::uint32_t Label(std::uint32_t unit) { return unit & 0x800000FF; }
std::uint32_t Offset(std::uint32_t unit) { return unit >> 10 << ((unit & 0x200) >> 6); }

}  // namespace

Result<CharsMap> CharsMap::Parse(std::string_view blob) {
  CharsMap map;
  if (blob.empty()) return map;
  const std::uint32_t size = blob.size() < 4 ? 0 : LittleEndian32(blob.data());
  if (size == 0 || size % 4 != 0 || size > blob.size() - 4 || blob.back() != '\0') {
    return Fail(errors::kDataTokenizer, "the SentencePiece model has damaged rules of normalisation");
  }
  for (std::size_t at = 4; at < size + 4; at += 4) map.units_.push_back(LittleEndian32(blob.data() + at));
  map.replacements_ = blob.substr(size + 4);
  return map;
}

CharsMap::Match CharsMap::Longest(std::string_view text) const {
  Match match;
  if (units_.empty()) return match;
  std::uint32_t at = Offset(units_[0]);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    at ^= byte;
    if (at >= units_.size() || Label(units_[at]) != byte) break;
    const std::uint32_t unit = units_[at];
    at ^= Offset(unit);
    if (!HasLeaf(unit) || at >= units_.size()) continue;
    const std::uint32_t place = Value(units_[at]);
    if (place >= replacements_.size()) continue;
    match = {.size = i + 1, .replacement = replacements_.c_str() + place};
  }
  return match;
}

std::string_view Normalizer::Take(std::string_view& text) const {
  std::size_t size = user_.Longest(text);
  std::string_view taken = text.substr(0, size);
  if (size == 0) {
    const CharsMap::Match match = rules_.Longest(text);
    size = match.size;
    taken = match.replacement;
  }
  if (size == 0) {
    size = Utf8Size(text);
    taken = size > 0 ? text.substr(0, size) : kReplacementCharacter;
    size = size > 0 ? size : 1;
  }
  text.remove_prefix(size);
  return taken;
}

std::string Normalizer::Normalize(std::string_view text, Place place) const {
  const bool joins = model_.remove_extra_whitespaces;
  const std::string_view space = model_.escape_whitespaces ? kSpaceMark : " ";
  std::string out;
  bool begun = !place.first;
  bool after_space = place.first && joins;
  while (!text.empty()) {
    std::string_view taken = Take(text);
    if (!begun) {
      if (joins && taken == " ") continue;
      if (model_.add_dummy_prefix) out += space;
      begun = true;
    }
    while (after_space && taken.starts_with(' ')) taken.remove_prefix(1);
    if (!taken.empty()) {
      for (const char c : taken) {
        if (c == ' ') {
          out += space;
        } else {
          out += c;
        }
      }
      after_space = joins && taken.ends_with(' ');
    }
  }
  while (joins && place.last && out.ends_with(space)) out.resize(out.size() - space.size());
  return out;
}

}  // namespace accord::data
