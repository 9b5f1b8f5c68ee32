// fuzz-deps: accord_data
// A SentencePiece model from a stranger: refused by name, or a tokenizer whose tokens are all in its
// vocabulary.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "data/sentencepiece.h"
#include "data/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace accord::data;
  const auto tokenizer = MakeSentencePieceTokenizer({data, size});
  if (!tokenizer.ok()) {
    ACCORD_CHECK(tokenizer.status().error() == "data.tokenizer");
    return 0;
  }
  for (const char* text : {"", "  a b\n ab aab <s> ", "\xE6\x97\xA5\xE2\x96\x81\xE2\x96\x81x", "\xFF\xC3"}) {
    std::vector<std::int32_t> tokens;
    ACCORD_CHECK((*tokenizer)->Encode(text, {}, tokens).ok());
    StreamDecoder decoder(**tokenizer);
    for (const std::int32_t token : tokens) {
      ACCORD_CHECK(token >= 0 && token < (*tokenizer)->vocab_size());
      const std::string out = decoder.Push(token);
      ACCORD_CHECK(Utf8Prefix(out) == out.size());
    }
  }
  return 0;
}
