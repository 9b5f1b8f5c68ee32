// What an exported model must say about its tokens, whatever made them. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace accord::model {

// What a token is, with the numbers that SentencePiece and GGUF have in common.
enum class PieceType : std::uint8_t {
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,
  kUserDefined = 4,
  kUnused = 5,
  kByte = 6
};

struct Piece {
  std::string text;  // UTF-8; a space is U+2581; of a byte "<0xXX>"
  float score = 0.0F;
  PieceType type = PieceType::kNormal;
};

// How a text is cut into pieces: by merging the best pair, or as the best whole.
enum class Segmenter : std::uint8_t { kBpe, kUnigram };

struct Vocabulary {
  std::vector<Piece> pieces;  // by token
  Segmenter segmenter = Segmenter::kBpe;
  std::uint32_t bos = 0, eos = 0, unknown = 0;
  bool add_bos = true;                    // texts begin with bos, as in training
  bool add_space_prefix = true;           // a text is tokenized as if a space stood before it
  bool remove_extra_whitespaces = false;  // spaces at the ends go, and several become one
  std::string charsmap = {};              // SentencePiece's precompiled rules; empty: a text stays as it is
};

// That of bytes (model/byte_vocabulary.h), as SentencePiece's readers have to be told: pieces of type kByte,
// but for the space, which they turn into U+2581 before they look it up. So U+2581 itself in a text comes
// back as a space. Documents are <s> and their bytes.
[[nodiscard]] Vocabulary MakeByteVocabulary();

// What llama.cpp makes of a text that SentencePiece, and so the training, makes otherwise; a sentence each.
[[nodiscard]] std::vector<std::string> LlamaCppDifferences(const Vocabulary& vocabulary);

}  // namespace accord::model
