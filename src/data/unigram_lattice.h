// All ways to cut a text into the pieces of a SentencePiece unigram model (Kudo, 1804.10959, section 3.2):
// how probable they are together, how often each piece stands in them on average (forward-backward), and
// the best of them that leaves a piece out. Used by who trains a vocabulary and who prunes it; segment.h
// finds the best alone. Pure; an object is used by one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "data/prefix_table.h"
#include "data/sentencepiece_model.h"

namespace accord::data {

// A piece that a frequency rules out counts as this probable: the next text may need it.
inline constexpr double kLeastProbability = 1e-9;

class UnigramLattice {
 public:
  // `model`, of a unigram, outlives it. All pieces are equally probable.
  explicit UnigramLattice(const SentencePieceModel& model);

  // From now on a piece is as probable as its share of the frequencies of those that texts are made of:
  // normal ones, the user's, and the unknown one, which stands for a character that is no piece and costs
  // its bytes, ln 256 each, on top. `frequencies`: by id, on any scale; negative ones count as 0, those of
  // other pieces not at all.
  void SetFrequencies(std::span<const float> frequencies);
  // Natural logarithm; of a piece that no text is made of: 0.
  [[nodiscard]] double LogProbability(std::int32_t id) const { return logs_[static_cast<std::size_t>(id)]; }

  // Adds `times` the expected number of each piece in `text`, which is normalised, to expected[id]. Returns
  // the natural logarithm of the sum of the probabilities of all ways to cut it; finite.
  double Count(std::string_view text, double times, std::span<double> expected);

  // The most probable way to cut `text` but into the one piece that is all of it; none where the text is one
  // character, or a character of it would be unknown.
  [[nodiscard]] std::optional<std::vector<std::int32_t>> BestOther(std::string_view text);

 private:
  struct Edge {
    std::size_t from, to;
    std::int32_t id;
    double log;
  };
  // The pieces of which ways through `text` are made, by where they begin.
  void Build(std::string_view text);

  const SentencePieceModel& model_;
  PrefixTable pieces_;
  std::vector<bool> speaks_;  // by id: texts are made of it
  std::vector<double> logs_;
  std::vector<Edge> edges_;
  std::vector<double> before_, behind_;
};

}  // namespace accord::data
