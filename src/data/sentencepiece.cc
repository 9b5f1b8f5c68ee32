#include "data/sentencepiece.h"

#include <array>
#include <optional>
#include <utility>

#include "crypto/sha256.h"
#include "data/segment.h"
#include "data/sentencepiece_normalizer.h"
#include "data/utf8.h"

namespace accord::data {
namespace {

// Where a text that goes on may be cut: before its last spaces, else after its last whole character.
std::size_t CutOf(std::string_view text) {
  std::size_t cut = text.rfind(' ');
  while (cut != std::string_view::npos && cut > 0 && text[cut - 1] == ' ') --cut;
  return cut == std::string_view::npos || cut == 0 ? Utf8Prefix(text) : cut;
}

class SentencePieceTokenizer final : public Tokenizer {
 public:
  SentencePieceTokenizer(SentencePieceModel model, CharsMap rules, const Digest& identity)
      : model_(std::move(model)),
        identity_(identity),
        user_(EntriesOf(model_, {model::PieceType::kUserDefined})),
        normalizer_(model_, std::move(rules), user_) {
    if (model_.segmenter == SentencePieceModel::Segmenter::kBpe) {
      bpe_.emplace(model_, user_);
    } else {
      unigram_.emplace(model_);
    }
    for (std::size_t id = 0; id < model_.pieces.size(); ++id) {
      if (model_.pieces[id].type != model::PieceType::kByte) continue;
      for (int byte = 0; byte < 256; ++byte) {
        if (model_.pieces[id].text != BytePiece(static_cast<std::uint8_t>(byte))) continue;
        bytes_[static_cast<std::size_t>(byte)] = static_cast<std::int32_t>(id);
      }
    }
  }

  std::int32_t vocab_size() const override { return static_cast<std::int32_t>(model_.pieces.size()); }
  std::int32_t bos() const override { return model_.bos; }
  bool Ends(std::int32_t token) const override { return token == model_.bos || token == model_.eos; }
  bool drops_leading_spaces() const override { return model_.remove_extra_whitespaces; }
  Digest identity() const override { return identity_; }

  Result<std::size_t> Encode(std::string_view text, Place place,
                             std::vector<std::int32_t>& tokens) const override {
    if (!place.last && text.size() < kMaxPiece) return std::size_t{0};
    const std::size_t taken = place.last ? text.size() : CutOf(text);
    const std::string normal = normalizer_.Normalize(text.substr(0, taken), place);
    std::vector<Segment> segments;
    if (bpe_) bpe_->Segments(normal, segments);
    if (unigram_) unigram_->Segments(normal, segments);
    bool unknown = false;  // the segment before; of several unknown ones without bytes one token is made
    for (const Segment& segment : segments) {
      if (segment.id != model_.unknown) {
        tokens.push_back(segment.id);
      } else if (model_.byte_fallback) {
        for (const char byte : segment.text) tokens.push_back(bytes_[static_cast<std::uint8_t>(byte)]);
      } else if (!unknown) {
        tokens.push_back(segment.id);
      }
      unknown = segment.id == model_.unknown;
    }
    return taken;
  }

  std::string Bytes(std::int32_t token, bool first) const override {
    if (token < 0 || token >= vocab_size()) return {};
    const model::Piece& piece = model_.pieces[static_cast<std::size_t>(token)];
    if (piece.type == model::PieceType::kControl) return {};
    if (piece.type == model::PieceType::kUnknown) return model_.unknown_surface;
    if (piece.type == model::PieceType::kByte) return ByteOf(token);
    std::string_view rest = piece.text;
    if (first && (model_.add_dummy_prefix || model_.remove_extra_whitespaces) &&
        rest.starts_with(kSpaceMark)) {
      rest.remove_prefix(kSpaceMark.size());
    }
    std::string text;
    for (std::size_t mark = rest.find(kSpaceMark); mark != std::string_view::npos;
         mark = rest.find(kSpaceMark)) {
      text.append(rest.substr(0, mark)).append(" ");
      rest.remove_prefix(mark + kSpaceMark.size());
    }
    return text.append(rest);
  }

 private:
  std::string ByteOf(std::int32_t token) const {
    for (std::size_t byte = 0; byte < bytes_.size(); ++byte) {
      if (bytes_[byte] == token) return std::string(1, static_cast<char>(byte));
    }
    return {};
  }

  const SentencePieceModel model_;
  const Digest identity_;
  const PrefixTable user_;
  const Normalizer normalizer_;
  std::optional<BpeSegmenter> bpe_;
  std::optional<UnigramSegmenter> unigram_;
  std::array<std::int32_t, 256> bytes_{};  // ids of the byte pieces
};

}  // namespace

Result<std::unique_ptr<Tokenizer>> MakeSentencePieceTokenizer(ByteView bytes) {
  ACCORD_ASSIGN_OR_RETURN(SentencePieceModel model, ParseSentencePieceModel(bytes));
  ACCORD_ASSIGN_OR_RETURN(CharsMap rules, CharsMap::Parse(model.charsmap));
  return std::unique_ptr<Tokenizer>(std::make_unique<SentencePieceTokenizer>(
      std::move(model), std::move(rules), crypto::Sha256::Of(bytes)));
}

}  // namespace accord::data
