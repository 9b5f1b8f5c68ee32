// What SentencePiece does to a text before it cuts it into pieces (normalizer.cc of
// github.com/google/sentencepiece): rewrites by rules, joins white space, marks spaces. Pure; immutable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "accord/status.h"
#include "data/prefix_table.h"
#include "data/sentencepiece_model.h"
#include "data/tokenizer.h"

namespace accord::data {

inline constexpr std::string_view kSpaceMark = "\xE2\x96\x81";  // U+2581

// Rules as SentencePiece compiles them: u32 size of a trie, the trie, replacement texts that end in NUL. The
// trie is a double array as of Darts-clone (github.com/s-yata/darts-clone): a text's prefix leads to the
// position of its replacement.
class CharsMap {
 public:
  // `data.tokenizer` for rules that cannot be such.
  [[nodiscard]] static Result<CharsMap> Parse(std::string_view blob);

  struct Match {
    std::size_t size = 0;  // bytes that are replaced; 0: none
    std::string_view replacement;
  };
  // The longest rule for the begin of `text`.
  [[nodiscard]] Match Longest(std::string_view text) const;

 private:
  std::vector<std::uint32_t> units_;
  std::string replacements_;
};

class Normalizer {
 public:
  // `model` outlives it, and so do the texts of `user`: pieces of the user, which no rule touches.
  Normalizer(const SentencePieceModel& model, CharsMap rules, const PrefixTable& user)
      : model_(model), rules_(std::move(rules)), user_(user) {}

  // A text, or a part of one. What belongs to the begin and the end of a text is done there alone.
  [[nodiscard]] std::string Normalize(std::string_view text, Place place) const;

 private:
  // The first character of `text` or what a rule makes of more of them; takes it off.
  [[nodiscard]] std::string_view Take(std::string_view& text) const;

  const SentencePieceModel& model_;
  CharsMap rules_;
  const PrefixTable& user_;
};

}  // namespace accord::data
