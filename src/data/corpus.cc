#include "data/corpus.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/codec.h"

namespace accord::data {
namespace {

std::uint64_t FirstWord(const Digest& digest) { return Reader(digest.bytes).U64(); }

void Count(TextCounts& counts, std::uint64_t bytes, std::uint64_t tokens) {
  ++counts.documents;
  counts.bytes += bytes;
  counts.tokens += tokens;
}

}  // namespace

std::uint64_t HoldoutDraw(const Digest& document, std::uint64_t seed) {
  Writer words;
  words.Raw("accord hold-out").U64(seed).Fixed(document);
  return FirstWord(crypto::Sha256::Of(words.bytes()));
}

std::uint64_t HoldoutBound(double share) {
  ACCORD_CHECK(share >= 0 && share < 1);
  return static_cast<std::uint64_t>(std::ldexp(share, 64));
}

bool HashSet::Insert(std::uint64_t value) {
  value = std::max<std::uint64_t>(value, 1);
  if (slots_.empty()) slots_.resize(1024);
  for (std::size_t i = value % slots_.size(); slots_[i] != 0; i = (i + 1) % slots_.size()) {
    if (slots_[i] == value) return false;
  }
  if (++used_ > slots_.size() / 4 * 3) {
    const std::vector<std::uint64_t> old =
        std::exchange(slots_, std::vector<std::uint64_t>(2 * slots_.size()));
    for (const std::uint64_t kept : old) {
      if (kept != 0) Place(kept);
    }
  }
  Place(value);
  return true;
}

void HashSet::Place(std::uint64_t value) {
  std::size_t i = value % slots_.size();
  while (slots_[i] != 0) i = (i + 1) % slots_.size();
  slots_[i] = value;
}

Status CorpusWriter::Begin(std::string_view source) {
  source_held_out_ = all_held_out_ || rules_.holdout.sources.contains(source);
  blank_ = true;
  unread_ = true;
  bytes_ = 0;
  mark_ = parts_.train.size();
  tokens_ = {tokenizer_.bos()};
  return parts_.train.Append(tokens_);
}

Status CorpusWriter::Append(std::string_view piece) {
  hash_.Update(piece);
  bytes_ += piece.size();
  blank_ = blank_ && piece.find_first_not_of(kWhiteSpace) == std::string_view::npos;
  pending_ += piece;
  return pending_.size() < Tokenizer::kMaxPiece ? Status() : Encode(false);
}

Status CorpusWriter::Encode(bool last) {
  std::string_view rest = pending_;
  while (last ? !rest.empty() : rest.size() >= Tokenizer::kMaxPiece) {
    tokens_.clear();
    const std::string_view piece = rest.substr(0, Tokenizer::kMaxPiece);
    const Place place{.first = unread_, .last = last && piece.size() == rest.size()};
    ACCORD_ASSIGN_OR_RETURN(const std::size_t taken, tokenizer_.Encode(piece, place, tokens_));
    unread_ = false;
    ACCORD_CHECK(taken > 0);
    ACCORD_RETURN_IF_ERROR(parts_.train.Append(tokens_));
    rest.remove_prefix(taken);
  }
  pending_.erase(0, pending_.size() - rest.size());
  return {};
}

bool CorpusWriter::HeldOut(const Digest& digest) {
  if (source_held_out_) return true;
  if (rules_.holdout.below == 0) return false;
  const std::uint64_t draw = HoldoutDraw(digest, rules_.holdout.seed);
  figures_.least_draw = std::min(figures_.least_draw, draw);
  figures_.greatest_draw = std::max(figures_.greatest_draw, draw);
  return draw < rules_.holdout.below;
}

Status CorpusWriter::End() {
  const Digest digest = hash_.Finish();
  ACCORD_RETURN_IF_ERROR(Encode(true));
  if (blank_) return parts_.train.Truncate(mark_);
  if (rules_.deduplicate && !seen_.Insert(FirstWord(digest))) {
    ++figures_.duplicates;
    return parts_.train.Truncate(mark_);
  }
  const bool held_out = HeldOut(digest);
  Count(held_out ? figures_.holdout : figures_.train, bytes_, parts_.train.size() - mark_);
  return held_out ? parts_.train.MoveTail(mark_, parts_.holdout) : Status();
}

}  // namespace accord::data
