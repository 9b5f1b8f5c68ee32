#include "model/vocabulary.h"

#include <algorithm>
#include <cstdio>

#include "model/byte_vocabulary.h"

namespace accord::model {

Vocabulary MakeByteVocabulary() {
  Vocabulary vocabulary{
      .bos = kByteBegin, .eos = kByteEnd, .unknown = kByteUnknown, .add_space_prefix = false};
  for (unsigned byte = 0; byte < 256; ++byte) {
    char text[8];
    std::snprintf(text, sizeof(text), "<0x%02X>", byte);
    vocabulary.pieces.push_back({.text = text, .type = PieceType::kByte});
  }
  vocabulary.pieces[' '] = {.text = "\u2581"};
  vocabulary.pieces.push_back({.text = "<s>", .type = PieceType::kControl});
  vocabulary.pieces.push_back({.text = "</s>", .type = PieceType::kControl});
  vocabulary.pieces.push_back({.text = "<unk>", .type = PieceType::kUnknown});
  return vocabulary;
}

std::vector<std::string> LlamaCppDifferences(const Vocabulary& vocabulary) {
  std::vector<std::string> differences;
  const bool bytes = std::ranges::any_of(vocabulary.pieces,
                                         [](const Piece& piece) { return piece.type == PieceType::kByte; });
  if (vocabulary.segmenter == Segmenter::kUnigram && bytes)
    differences.emplace_back(
        "llama.cpp has no bytes to fall back to in a unigram vocabulary: characters that are no piece become "
        "<unk> there");
  if (vocabulary.remove_extra_whitespaces)
    differences.emplace_back(
        "llama.cpp may keep spaces that SentencePiece takes out of a text (several in a row, and at its "
        "ends)");
  return differences;
}

}  // namespace accord::model
