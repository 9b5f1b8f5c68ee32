#include "data/prune_unigram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/errors.h"
#include "data/unigram_lattice.h"
#include "data/utf8.h"
#include "data/wire_format.h"

namespace accord::data {
namespace {

constexpr const char* kChoose = "Choose another number of pieces: --pieces N";

Status Unfit(const std::string& what) { return Fail(errors::kDataTokenizer, what); }

bool MayGo(const model::Piece& piece) {
  return piece.type == model::PieceType::kNormal && Utf8Size(piece.text) != piece.text.size();
}

// Per piece of a text. Without another way nothing may take its place.
double LossWithout(UnigramLattice& lattice, const model::Piece& piece, std::int32_t id) {
  const auto others = lattice.BestOther(piece.text);
  if (!others) return std::numeric_limits<double>::infinity();
  const double p = std::exp(lattice.LogProbability(id));
  const double all = std::log1p(p * static_cast<double>(others->size() - 1));
  double log_others = 0.0;
  for (const std::int32_t other : *others)
    log_others += std::log(std::exp(lattice.LogProbability(other)) + p) - all;
  return p * (lattice.LogProbability(id) - log_others);
}

// By id, whether it stays.
Result<std::vector<bool>> Staying(const SentencePieceModel& seed, UnigramLattice& lattice,
                                  std::uint64_t count) {
  std::vector<bool> stays(seed.pieces.size());
  std::vector<std::pair<double, std::size_t>> losses;
  for (std::size_t id = 0; id < seed.pieces.size(); ++id) {
    stays[id] = !MayGo(seed.pieces[id]);
    if (!stays[id])
      losses.emplace_back(LossWithout(lattice, seed.pieces[id], static_cast<std::int32_t>(id)), id);
  }
  const std::size_t always = seed.pieces.size() - losses.size();
  if (count < always) {
    return Fail(errors::kDataTokenizer,
                std::to_string(count) + " pieces are too few: " + std::to_string(always) +
                    " are single characters or bytes, or have a meaning of their own, and always stay",
                kChoose);
  }
  std::ranges::stable_sort(losses, [](const auto& a, const auto& b) { return a.first > b.first; });
  for (std::size_t i = 0; i < count - always; ++i) stays[losses[i].second] = true;
  return stays;
}

// Field numbers of a trainer's message, and what they are when it does not say.
struct SpecialId {
  std::uint64_t field, name_field;
  std::string name;
};

// The trainer's message of the seed for the new pieces. Ids of special pieces are found by their names, as
// the library finds them.
Result<Bytes> Trainer(ByteView message, std::span<const model::Piece> pieces) {
  std::vector<SpecialId> specials = {{40, 45, "<unk>"}, {41, 46, "<s>"}, {42, 47, "</s>"}, {43, 48, "<pad>"}};
  WireWriter out;
  WireReader fields(message);
  for (WireField field; fields.Next(field);) {
    if (field.number == 4 || (field.number >= 40 && field.number <= 43)) continue;
    for (SpecialId& special : specials) {
      if (field.number == special.name_field) special.name = field.Text();
    }
    out.Copy(field.whole);
  }
  if (!fields.good()) return Unfit("the SentencePiece model is damaged");
  out.Number(4, pieces.size());
  for (const SpecialId& special : specials) {
    const auto found = std::ranges::find(pieces, special.name, &model::Piece::text);
    const bool there = found != pieces.end();
    out.Number(special.field, there ? static_cast<std::uint64_t>(found - pieces.begin()) : UINT64_MAX);  // -1
  }
  return std::move(out).Take();
}

}  // namespace

Result<std::vector<model::Piece>> PruneUnigram(const SentencePieceModel& seed,
                                               std::span<const float> frequencies, std::uint64_t count) {
  if (seed.segmenter != SentencePieceModel::Segmenter::kUnigram)
    return Unfit("the vocabulary to begin with is one of byte pairs; a unigram model is wanted");
  if (frequencies.size() != seed.pieces.size()) {
    return Unfit("the vocabulary to begin with has " + std::to_string(seed.pieces.size()) +
                 " pieces, the model " + std::to_string(frequencies.size()));
  }
  if (count > seed.pieces.size()) {
    return Fail(errors::kDataTokenizer,
                std::to_string(count) + " pieces are wanted, and the vocabulary to begin with has " +
                    std::to_string(seed.pieces.size()),
                kChoose);
  }
  UnigramLattice lattice(seed);
  lattice.SetFrequencies(frequencies);
  ACCORD_ASSIGN_OR_RETURN(const std::vector<bool> stays,
                          Staying(seed, lattice, count == 0 ? seed.pieces.size() : count));
  std::vector<model::Piece> special, normal;
  double sum = 0.0;  // of the probabilities that stay
  for (std::size_t id = 0; id < seed.pieces.size(); ++id) {
    if (!stays[id]) continue;
    if (seed.pieces[id].type != model::PieceType::kNormal) {
      special.push_back(seed.pieces[id]);
      continue;
    }
    const double log = lattice.LogProbability(static_cast<std::int32_t>(id));
    sum += std::exp(log);
    normal.push_back({seed.pieces[id].text, static_cast<float>(log), model::PieceType::kNormal});
  }
  for (model::Piece& piece : normal) piece.score = static_cast<float>(piece.score - std::log(sum));
  std::ranges::stable_sort(normal, [](const auto& a, const auto& b) { return a.score > b.score; });
  special.insert(special.end(), normal.begin(), normal.end());
  return special;
}

Result<Bytes> WithPieces(ByteView seed, std::span<const model::Piece> pieces) {
  ACCORD_RETURN_IF_ERROR(ParseSentencePieceModel(seed).status());
  WireWriter out;
  for (const model::Piece& piece : pieces) {
    WireWriter one;
    one.Text(1, AsBytes(piece.text)).Float(2, piece.score);
    if (piece.type != model::PieceType::kNormal) one.Number(3, static_cast<std::uint64_t>(piece.type));
    out.Text(1, std::move(one).Take());
  }
  constexpr std::uint64_t kPieces = 1, kTrainer = 2, kSelfTest = 4;  // the tests are of the seed's own tokens
  WireReader fields(seed);
  for (WireField field; fields.Next(field);) {
    if (field.number == kPieces || field.number == kSelfTest) continue;
    if (field.number != kTrainer) {
      out.Copy(field.whole);
      continue;
    }
    ACCORD_ASSIGN_OR_RETURN(const Bytes trainer, Trainer(field.bytes, pieces));
    out.Text(kTrainer, trainer);
  }
  return std::move(out).Take();
}

}  // namespace accord::data
