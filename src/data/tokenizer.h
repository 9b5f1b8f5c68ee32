// Text as tokens and back. The corpus reader encodes with it; whoever generates text decodes. Immutable after
// opening, so any thread may use it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "model/byte_vocabulary.h"

namespace accord::data {

// Where a part of a document lies in it.
struct Place {
  bool first = true;  // nothing comes before it
  bool last = true;   // nothing comes after it
};

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  [[nodiscard]] virtual std::int32_t vocab_size() const = 0;
  [[nodiscard]] virtual std::int32_t bos() const = 0;  // <s>, which begins each document
  // A token that ends a text: </s> where there is one, and <s>, since the next document begins there.
  [[nodiscard]] virtual bool Ends(std::int32_t token) const = 0;
  // Whether all spaces at the begin of a text are dropped in decoding, and not at most one.
  [[nodiscard]] virtual bool drops_leading_spaces() const = 0;
  // Another tokenizer makes other tokens of a text when this differs.
  [[nodiscard]] virtual Digest identity() const = 0;

  // Appends the tokens of the front of `text`: at most kMaxPiece bytes of UTF-8, which go on (perhaps within
  // a character) unless they are the last of their document. Returns how many bytes these tokens stand for:
  // all when they are the last, some when there are kMaxPiece bytes. The rest is to be given again with more
  // behind it.
  static constexpr std::size_t kMaxPiece = 64 << 10;
  [[nodiscard]] virtual Result<std::size_t> Encode(std::string_view text, Place place,
                                                   std::vector<std::int32_t>& tokens) const = 0;
  // The bytes that `token` stands for, perhaps a part of a character; none for <s>, </s> and ids that are
  // not there. `first`: no text came before it, so no space belongs before its word.
  [[nodiscard]] virtual std::string Bytes(std::int32_t token, bool first) const = 0;
};

// The byte vocabulary (model/byte_vocabulary.h), its ids as tokens are here.
inline constexpr std::int32_t kByteBos = model::kByteBegin;
inline constexpr std::int32_t kByteEos = model::kByteEnd;
inline constexpr std::int32_t kByteUnknown = model::kByteUnknown;
inline constexpr std::int32_t kByteVocabulary = model::kByteVocabulary;
[[nodiscard]] std::unique_ptr<Tokenizer> MakeByteTokenizer();

// The file at `path`, which must be the SentencePiece model that a plan names: "sha256:HEX". Fails with
// `data.tokenizer`.
[[nodiscard]] Result<Bytes> ReadTokenizerFile(std::string_view name, const std::filesystem::path& path);

// The tokenizer that a plan names ("byte", or "sha256:HEX" of a SentencePiece model, which is then the file
// at `path`), checked against the model's vocabulary. Fails with `data.tokenizer`.
[[nodiscard]] Result<std::unique_ptr<Tokenizer>> OpenTokenizer(std::string_view name,
                                                               const std::filesystem::path& path,
                                                               std::uint64_t vocab_size);

// Text from tokens as they come: whole characters only, and valid UTF-8 whatever the tokens are.
class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}
  // What `token` completes; bytes that can be no character become U+FFFD.
  [[nodiscard]] std::string Push(std::int32_t token);
  // What is left of a character that never became whole: U+FFFD, or nothing.
  [[nodiscard]] std::string Finish();

 private:
  const Tokenizer& tokenizer_;
  std::string pending_;
  bool first_ = true;
};

}  // namespace accord::data
