// A SentencePiece unigram model made on the spot, for the tests of vocabularies: its pieces are the
// characters and the frequent parts of words of some texts.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "data/sentencepiece_model.h"
#include "data/utf8.h"
#include "data/wire_format.h"

namespace accord::testing {

struct SeedOptions {
  bool byte_fallback = false;
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;
};

// The file of a model: <unk>, <s>, </s>, bytes where they are wanted, and `normal`, all with the same score.
inline Bytes UnigramSeed(const std::vector<std::string>& normal, const SeedOptions& options = {}) {
  using data::WireWriter;
  WireWriter out;
  const auto add = [&](const std::string& text, model::PieceType type) {
    WireWriter piece;
    piece.Text(1, AsBytes(text)).Float(2, type == model::PieceType::kNormal ? -5.0F : 0.0F);
    out.Text(1, std::move(piece.Number(3, static_cast<std::uint64_t>(type))).Take());
  };
  add("<unk>", model::PieceType::kUnknown);
  add("<s>", model::PieceType::kControl);
  add("</s>", model::PieceType::kControl);
  for (int byte = 0; options.byte_fallback && byte < 256; ++byte)
    add(data::BytePiece(static_cast<std::uint8_t>(byte)), model::PieceType::kByte);
  for (const std::string& text : normal) add(text, model::PieceType::kNormal);
  WireWriter trainer, normalizer;
  trainer.Number(3, 1).Number(35, options.byte_fallback ? 1 : 0);
  normalizer.Text(1, AsBytes("identity")).Number(3, options.add_dummy_prefix ? 1 : 0);
  normalizer.Number(4, options.remove_extra_whitespaces ? 1 : 0).Number(5, 1);
  out.Text(2, std::move(trainer).Take()).Text(3, std::move(normalizer).Take());
  return std::move(out).Take();
}

// All characters of the words, and the parts of at most `longest` characters that come twice, a space mark
// before each word.
inline std::vector<std::string> PartsOf(std::string_view text, std::size_t longest) {
  std::map<std::string, int> parts;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \n", at), text.size());
    const std::string word = "\xE2\x96\x81" + std::string(text.substr(at, end - at));
    std::vector<std::size_t> cuts;
    for (std::size_t i = 0; i < word.size(); i += std::max<std::size_t>(1, data::Utf8Size(word.substr(i))))
      cuts.push_back(i);
    cuts.push_back(word.size());
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      parts[word.substr(cuts[i], cuts[i + 1] - cuts[i])] += 2;
      for (std::size_t n = 2; n <= longest && i + n < cuts.size(); ++n)
        ++parts[word.substr(cuts[i], cuts[i + n] - cuts[i])];
    }
    at = end + 1;
  }
  std::vector<std::string> often;
  for (const auto& [part, times] : parts) {
    if (times > 1) often.push_back(part);
  }
  return often;
}

}  // namespace accord::testing
