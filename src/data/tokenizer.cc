#include "data/tokenizer.h"

#include <optional>

#include "base/errors.h"
#include "base/file.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "data/sentencepiece.h"
#include "data/utf8.h"

namespace accord::data {
namespace {

constexpr std::string_view kHashPrefix = "sha256:";
constexpr std::uint64_t kMaxModel = 1ULL << 30;            // bytes
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

class ByteTokenizer final : public Tokenizer {
 public:
  std::int32_t vocab_size() const override { return kByteVocabulary; }
  std::int32_t bos() const override { return kByteBos; }
  bool Ends(std::int32_t token) const override { return token == kByteBos || token == kByteEos; }
  bool drops_leading_spaces() const override { return false; }
  Digest identity() const override { return crypto::Sha256::Of("accord byte vocabulary"); }
  Result<std::size_t> Encode(std::string_view text, Place, std::vector<std::int32_t>& tokens) const override {
    const ByteView bytes = AsBytes(text);
    tokens.insert(tokens.end(), bytes.begin(), bytes.end());
    return text.size();
  }
  std::string Bytes(std::int32_t token, bool) const override {
    return token >= 0 && token < kByteBos ? std::string(1, static_cast<char>(token)) : std::string();
  }
};

}  // namespace

std::unique_ptr<Tokenizer> MakeByteTokenizer() { return std::make_unique<ByteTokenizer>(); }

Result<accord::Bytes> ReadTokenizerFile(std::string_view name, const std::filesystem::path& path) {
  const auto fail = [](const std::string& what) { return Fail(errors::kDataTokenizer, what); };
  const std::optional<Digest> digest =
      name.starts_with(kHashPrefix) ? Digest::FromHex(name.substr(kHashPrefix.size())) : std::nullopt;
  if (!digest) return fail("the tokenizer \"" + Printable(name, 80) + "\" is not known");
  if (path.empty()) return fail("the job wants a SentencePiece model, and the data set names none");
  Result<accord::Bytes> bytes = ReadFile(path, kMaxModel);
  if (!bytes.ok()) return fail(bytes.status().message());
  if (const Digest found = crypto::Sha256::Of(*bytes); found != *digest) {
    return fail(path.string() + " has the SHA-256 " + found.Hex() + "; the job wants " + digest->Hex());
  }
  return bytes;
}

Result<std::unique_ptr<Tokenizer>> OpenTokenizer(std::string_view name, const std::filesystem::path& path,
                                                 std::uint64_t vocab_size) {
  const auto fail = [](const std::string& what) { return Fail(errors::kDataTokenizer, what); };
  std::unique_ptr<Tokenizer> tokenizer = MakeByteTokenizer();
  if (name != "byte") {
    ACCORD_ASSIGN_OR_RETURN(const accord::Bytes file, ReadTokenizerFile(name, path));
    ACCORD_ASSIGN_OR_RETURN(tokenizer, MakeSentencePieceTokenizer(file));
  }
  if (static_cast<std::uint64_t>(tokenizer->vocab_size()) != vocab_size) {
    return fail("the tokenizer has " + std::to_string(tokenizer->vocab_size()) + " tokens, the model " +
                std::to_string(vocab_size));
  }
  return tokenizer;
}

std::string StreamDecoder::Push(std::int32_t token) {
  const std::string bytes = tokenizer_.Bytes(token, first_);
  first_ = first_ && (tokenizer_.Ends(token) || (bytes.empty() && tokenizer_.drops_leading_spaces()));
  pending_ += bytes;
  std::string text;
  while (!pending_.empty()) {
    const std::size_t whole = Utf8Prefix(pending_);
    text.append(pending_, 0, whole);
    pending_.erase(0, whole);
    if (pending_.empty() || Utf8Begins(pending_)) break;
    text += kReplacement;
    pending_.erase(0, 1);
  }
  return text;
}

std::string StreamDecoder::Finish() {
  const bool partial = !pending_.empty();
  pending_.clear();
  first_ = true;
  return std::string(partial ? kReplacement : "");
}

}  // namespace accord::data
