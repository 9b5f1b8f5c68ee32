// A SentencePiece model as a tokenizer: the same ids as that project's library gives, and bytes back from
// them.
#pragma once

#include <memory>

#include "accord/status.h"
#include "base/text.h"
#include "data/sentencepiece_model.h"
#include "data/tokenizer.h"

namespace accord::data {

// From the bytes of a model file. Fails with `data.tokenizer` as ParseSentencePieceModel does. A part of a
// text is cut off before a space, so that its tokens are those of the whole text wherever no piece goes over
// a space.
[[nodiscard]] Result<std::unique_ptr<Tokenizer>> MakeSentencePieceTokenizer(ByteView bytes);

}  // namespace accord::data
