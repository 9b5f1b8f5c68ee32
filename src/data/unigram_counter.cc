#include "data/unigram_counter.h"

#include <algorithm>
#include <utility>

#include "base/errors.h"
#include "data/segment.h"

namespace accord::data {
namespace {

constexpr std::size_t kMostHeld = 32 << 20;  // bytes of different words

}  // namespace

UnigramCounter::UnigramCounter(SentencePieceModel model, CharsMap rules)
    : model_(std::move(model)),
      user_(EntriesOf(model_, {model::PieceType::kUserDefined})),
      normalizer_(model_, std::move(rules), user_),
      lattice_(model_),
      within_words_(PiecesStayWithinWords(model_)) {
  counts_.expected.resize(model_.pieces.size());
}

void UnigramCounter::Begin(std::span<const float> frequencies) {
  lattice_.SetFrequencies(frequencies);
  words_.clear();
  held_bytes_ = 0;
  counts_ = {.expected = std::vector<double>(model_.pieces.size())};
}

void UnigramCounter::Add(std::string_view text, Place place) {
  const std::string normal = normalizer_.Normalize(text, place);
  for (std::string_view rest = normal; !rest.empty();) {
    const std::string_view word = within_words_ ? rest.substr(0, rest.find(kSpaceMark, 1)) : rest;
    rest.remove_prefix(word.size());
    const auto [found, fresh] = words_.try_emplace(std::string(word), 0);
    ++found->second;
    if (fresh) held_bytes_ += word.size();
  }
  if (held_bytes_ > kMostHeld) Flush();
}

const UnigramCounter::Counts& UnigramCounter::Total() {
  Flush();
  counts_.pieces = 0.0;
  for (const double count : counts_.expected) counts_.pieces += count;
  return counts_;
}

void UnigramCounter::Flush() {
  // In an order of their own: a sum must not depend on where a table keeps them.
  std::vector<std::pair<std::string_view, double>> words;
  words.reserve(words_.size());
  for (const auto& [word, times] : words_) words.emplace_back(word, static_cast<double>(times));
  std::ranges::sort(words);
  for (const auto& [word, times] : words)
    counts_.log_likelihood += times * lattice_.Count(word, times, counts_.expected);
  words_.clear();
  held_bytes_ = 0;
}

Result<std::unique_ptr<UnigramCounter>> OpenUnigramCounter(std::string_view name,
                                                           const std::filesystem::path& path,
                                                           std::uint64_t vocab_size) {
  const auto fail = [](const std::string& what) { return Fail(errors::kDataTokenizer, what); };
  ACCORD_ASSIGN_OR_RETURN(const accord::Bytes file, ReadTokenizerFile(name, path));
  ACCORD_ASSIGN_OR_RETURN(SentencePieceModel model, ParseSentencePieceModel(file));
  if (model.segmenter != SentencePieceModel::Segmenter::kUnigram)
    return fail("the vocabulary to begin with is one of byte pairs; a unigram model is wanted");
  if (model.pieces.size() != vocab_size) {
    return fail("the vocabulary to begin with has " + std::to_string(model.pieces.size()) +
                " pieces, the model " + std::to_string(vocab_size));
  }
  ACCORD_ASSIGN_OR_RETURN(CharsMap rules, CharsMap::Parse(model.charsmap));
  return std::make_unique<UnigramCounter>(std::move(model), std::move(rules));
}

}  // namespace accord::data
