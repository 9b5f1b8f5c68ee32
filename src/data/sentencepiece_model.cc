#include "data/sentencepiece_model.h"

#include <bit>
#include <cmath>
#include <functional>
#include <unordered_map>

#include "base/errors.h"
#include "data/wire_format.h"

namespace accord::data {
namespace {

constexpr std::size_t kMaxPieces = 1U << 24;

Status Malformed(const std::string& what) {
  return Fail(errors::kDataTokenizer, "the SentencePiece model " + what);
}

// Hands the fields of a message to `take`.
Status ForEachField(ByteView message, const std::function<Status(const WireField&)>& take) {
  WireReader fields(message);
  WireField field;
  while (fields.Next(field)) ACCORD_RETURN_IF_ERROR(take(field));
  return fields.good() ? Status() : Malformed("is damaged, or no SentencePiece model");
}

Status AddPiece(ByteView message, SentencePieceModel& model) {
  model::Piece piece;
  ACCORD_RETURN_IF_ERROR(ForEachField(message, [&](const WireField& field) -> Status {
    if (field.number == 1) piece.text = field.Text();
    if (field.number == 2) piece.score = std::bit_cast<float>(static_cast<std::uint32_t>(field.value));
    if (field.number == 3) {
      if (field.value < 1 || field.value > 6) return Malformed("has a piece of no known kind");
      piece.type = static_cast<model::PieceType>(field.value);
    }
    return {};
  }));
  if (piece.text.empty() || !std::isfinite(piece.score))
    return Malformed("has an empty piece, or one without a score");
  if (model.pieces.size() == kMaxPieces) return Malformed("has more than 2^24 pieces");
  model.pieces.push_back(std::move(piece));
  return {};
}

struct Names {
  std::string unknown = "<unk>", bos = "<s>", eos = "</s>";
};

Status ReadTrainer(ByteView message, SentencePieceModel& model, Names& names) {
  return ForEachField(message, [&](const WireField& field) -> Status {
    switch (field.number) {
      case 3:
        if (field.value != 1 && field.value != 2)
          return Malformed("is neither one of byte pairs nor a unigram model");
        model.segmenter = static_cast<SentencePieceModel::Segmenter>(field.value);
        break;
      case 24:
        if (field.value != 0) return Malformed("writes white space as a suffix, which is not known here");
        break;
      case 35:
        model.byte_fallback = field.value != 0;
        break;
      case 44:
        model.unknown_surface = field.Text();
        break;
      case 45:
        names.unknown = field.Text();
        break;
      case 46:
        names.bos = field.Text();
        break;
      case 47:
        names.eos = field.Text();
        break;
      default:
        break;
    }
    return {};
  });
}

Status ReadNormalizer(ByteView message, SentencePieceModel& model) {
  return ForEachField(message, [&](const WireField& field) -> Status {
    if (field.number == 2) model.charsmap = field.Text();
    if (field.number == 3) model.add_dummy_prefix = field.value != 0;
    if (field.number == 4) model.remove_extra_whitespaces = field.value != 0;
    if (field.number == 5) model.escape_whitespaces = field.value != 0;
    return {};
  });
}

// Finds the special pieces.
Status Complete(SentencePieceModel& model, const Names& names) {
  std::unordered_map<std::string_view, std::int32_t> ids;
  for (std::size_t id = 0; id < model.pieces.size(); ++id) {
    const model::Piece& piece = model.pieces[id];
    if (!ids.emplace(piece.text, static_cast<std::int32_t>(id)).second) return Malformed("has a piece twice");
    if (piece.type == model::PieceType::kUnknown) model.unknown = static_cast<std::int32_t>(id);
  }
  const auto find = [&](const std::string& text, model::PieceType kind) {
    const auto found = ids.find(text);
    return found != ids.end() && model.pieces[static_cast<std::size_t>(found->second)].type == kind
               ? found->second
               : -1;
  };
  if (model.unknown < 0) return Malformed("has no piece for what is unknown");
  model.bos = find(names.bos, model::PieceType::kControl);
  model.eos = find(names.eos, model::PieceType::kControl);
  if (model.bos < 0) return Malformed("has no piece that begins a document (bos_id)");
  for (int byte = 0; model.byte_fallback && byte < 256; ++byte) {
    if (find(BytePiece(static_cast<std::uint8_t>(byte)), model::PieceType::kByte) < 0)
      return Malformed("lacks pieces of bytes");
  }
  return {};
}

}  // namespace

std::string BytePiece(std::uint8_t byte) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  return {'<', '0', 'x', kDigits[byte >> 4], kDigits[byte & 15], '>'};
}

Result<SentencePieceModel> ParseSentencePieceModel(ByteView bytes) {
  SentencePieceModel model;
  Names names;
  ACCORD_RETURN_IF_ERROR(ForEachField(bytes, [&](const WireField& field) -> Status {
    if (field.number == 1) return AddPiece(field.bytes, model);
    if (field.number == 2) return ReadTrainer(field.bytes, model, names);
    if (field.number == 3) return ReadNormalizer(field.bytes, model);
    return {};
  }));
  ACCORD_RETURN_IF_ERROR(Complete(model, names));
  return model;
}

}  // namespace accord::data
