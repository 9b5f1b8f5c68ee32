// A smaller vocabulary out of a seed vocabulary and the frequencies of its pieces, as a SentencePiece model
// file. Used by whoever exports a model of kind "unigram". Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "accord/status.h"
#include "base/text.h"
#include "data/sentencepiece_model.h"

namespace accord::data {

// The pieces of `seed`, a unigram model, that stay when `count` of all of them may: first those that no
// text is cut into or that are one character or the user's, always; then normal ones, by what the
// likelihood of a text loses without them (unigram_model_trainer.cc, PruneSentencePieces, of
// github.com/google/sentencepiece; here the frequencies are expected ones): p (log p - log of the
// probability of the best other way to cut the piece, whose pieces take over its frequency). In the order
// of a model's file: what is not normal as in the seed, then the normal pieces, the most probable first,
// their scores log p anew. `frequencies` as UnigramLattice::SetFrequencies. `data.tokenizer` where so few
// would not hold those that always stay, or there are not so many, or the seed is no unigram model; count
// 0: all stay.
[[nodiscard]] Result<std::vector<model::Piece>> PruneUnigram(const SentencePieceModel& seed,
                                                             std::span<const float> frequencies,
                                                             std::uint64_t count);

// The model file `seed` with these pieces instead of its own; its normalisation and the rest of what its
// trainer said stay. Deterministic. Fails with `data.tokenizer` where ParseSentencePieceModel does.
[[nodiscard]] Result<Bytes> WithPieces(ByteView seed, std::span<const model::Piece> pieces);

}  // namespace accord::data
