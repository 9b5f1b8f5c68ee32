// How often the pieces of a vocabulary stand in a text, on average over all ways to cut it: the E step of
// the EM by which a SentencePiece unigram vocabulary is trained (Kudo, 1804.10959). Made from the seed
// vocabulary that a plan names. Used by the trainer on its thread; no torch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "accord/status.h"
#include "data/sentencepiece_model.h"
#include "data/sentencepiece_normalizer.h"
#include "data/tokenizer.h"
#include "data/unigram_lattice.h"

namespace accord::data {

class UnigramCounter {
 public:
  // A unigram model and its rules of normalisation.
  UnigramCounter(SentencePieceModel model, CharsMap rules);
  UnigramCounter(const UnigramCounter&) = delete;
  UnigramCounter& operator=(const UnigramCounter&) = delete;

  // The pieces' probabilities from now on, as UnigramLattice::SetFrequencies; all counts begin anew.
  void Begin(std::span<const float> frequencies);
  // UTF-8, normalised here as the vocabulary says: a document, or a part of one that was cut before a space.
  void Add(std::string_view text, Place place);

  struct Counts {
    std::vector<double> expected;  // of each piece, by id
    double log_likelihood = 0.0;   // of all texts, in nats
    double pieces = 0.0;           // the sum of `expected`
  };
  // Of all texts since Begin.
  [[nodiscard]] const Counts& Total();

 private:
  // Counts what is held.
  void Flush();

  const SentencePieceModel model_;
  const PrefixTable user_;
  const Normalizer normalizer_;
  UnigramLattice lattice_;
  bool within_words_ = true;  // no piece has a space but as its first character: words are cut on their own
  std::unordered_map<std::string, std::uint64_t> words_;  // and how often they came; those of a text repeat
  std::size_t held_bytes_ = 0;
  Counts counts_;
};

// For the vocabulary that a plan names, "sha256:HEX" of the file at `path`. Fails with `data.tokenizer` as
// OpenTokenizer does, and where it is no unigram model.
[[nodiscard]] Result<std::unique_ptr<UnigramCounter>> OpenUnigramCounter(std::string_view name,
                                                                         const std::filesystem::path& path,
                                                                         std::uint64_t vocab_size);

}  // namespace accord::data
