#include "model/vocabulary.h"

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

}  // namespace accord::model
