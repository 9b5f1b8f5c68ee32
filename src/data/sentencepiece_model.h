// A SentencePiece model as its file says it (sentencepiece_model.proto of github.com/google/sentencepiece, in
// protobuf's wire format). Read here and not by that project's library: the library that Debian packages
// brings a protobuf of its own with it, and a program that also has the one of gRPC and libtorch ends before
// main(). Called by the tokenizer, and by whoever writes the vocabulary into another format. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "accord/status.h"
#include "base/text.h"
#include "model/vocabulary.h"

namespace accord::data {

struct SentencePieceModel {
  enum class Segmenter : std::uint8_t { kUnigram = 1, kBpe = 2 };

  std::vector<model::Piece> pieces;  // by id
  Segmenter segmenter = Segmenter::kUnigram;
  bool byte_fallback = false;
  std::int32_t bos = -1, eos = -1, unknown = -1;   // -1: there is none
  std::string unknown_surface = " \xE2\x81\x87 ";  // what the unknown piece is decoded to
  // Normalisation of a text before it is cut into pieces.
  std::string charsmap;  // precompiled rules (sentencepiece_normalizer.h); empty: none
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;
  bool escape_whitespaces = true;
};

// Fails with `data.tokenizer` for bytes that are no such model, and for what is not known here: models of
// words or characters, white space as a suffix. Every model that is returned has pieces, an unknown one and
// <s>, no piece twice, and all 256 byte pieces where it has byte_fallback.
[[nodiscard]] Result<SentencePieceModel> ParseSentencePieceModel(ByteView bytes);

// The id of the piece for a byte, as "<0x0A>", -1 where there is none.
[[nodiscard]] std::string BytePiece(std::uint8_t byte);

}  // namespace accord::data
