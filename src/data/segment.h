// How SentencePiece cuts a normalised text into pieces: by merging byte pairs (bpe_model.cc of
// github.com/google/sentencepiece; Sennrich et al., 1508.07909) or along the most probable path
// (unigram_model.cc; Kudo, 1804.10959). Equal to that library, ties included. Pure; immutable.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/prefix_table.h"
#include "data/sentencepiece_model.h"

namespace accord::data {

// The pieces of these kinds, with their ids.
[[nodiscard]] std::vector<PrefixTable::Entry> EntriesOf(const SentencePieceModel& model,
                                                        std::initializer_list<model::PieceType> kinds);
// Whether no piece that a text is cut into has a space mark but as its first character, so that words are
// cut on their own.
[[nodiscard]] bool PiecesStayWithinWords(const SentencePieceModel& model);

struct Segment {
  std::string_view text;
  std::int32_t id = 0;  // model.unknown where no piece is this text
};

class BpeSegmenter {
 public:
  // Both outlive it. `user`: the pieces that are never taken apart nor merged.
  BpeSegmenter(const SentencePieceModel& model, const PrefixTable& user);
  // Appends the segments of `text`.
  void Segments(std::string_view text, std::vector<Segment>& out) const;

 private:
  struct Symbols;
  // One merging over all of `text`.
  void Merge(std::string_view text, Symbols& symbols, std::vector<Segment>& out) const;
  void Emit(std::string_view text, const Symbols& symbols, std::vector<Segment>& out) const;

  const SentencePieceModel& model_;
  const PrefixTable& user_;
  std::unordered_map<std::string_view, std::int32_t> ids_;
  bool within_words_ = true;  // no piece has a space but as its first character: words merge on their own
};

class UnigramSegmenter {
 public:
  explicit UnigramSegmenter(const SentencePieceModel& model);
  void Segments(std::string_view text, std::vector<Segment>& out) const;

 private:
  const SentencePieceModel& model_;
  PrefixTable pieces_;
  float unknown_score_ = 0;
  float user_score_ = 0;  // of each byte of a piece of the user
};

}  // namespace accord::data
