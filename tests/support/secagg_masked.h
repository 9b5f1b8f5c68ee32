// Masked uploads of inputs that a test chooses, made by real Members and read back as the words on the wire.
#pragma once

#include <cmath>
#include <random>
#include <stdexcept>
#include <vector>

#include "tests/support/secagg_federation.h"

namespace accord::fsa1 {

using Words = std::vector<std::uint64_t>;

// Deltas within the clip of 1.
enum class Input : std::uint8_t { kLowest, kZero, kHighest, kGradient, kOtherGradient };

// A gradient of three layers: of one scale each, heavy tails, a third of exact zeros. The other one is four
// times as large.
inline std::vector<float> DeltaOf(Input input, std::size_t coordinates) {
  if (input == Input::kLowest) return std::vector<float>(coordinates, -1.0F);
  if (input == Input::kZero) return std::vector<float>(coordinates, 0.0F);
  if (input == Input::kHighest) return std::vector<float>(coordinates, 1.0F);
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0.0F, 1.0F);
  std::vector<float> delta(coordinates);
  for (std::size_t j = 0; j < coordinates; ++j) {
    const float scale = j < coordinates / 2 ? 0.002F : j < coordinates * 9 / 10 ? 0.02F : 0.2F;
    const float value = normal(random);
    const bool silent = random() % 3 == 0;
    if (!silent) delta[j] = scale * value * std::abs(value) * (input == Input::kOtherGradient ? 4.0F : 1.0F);
  }
  return delta;
}

// A federation in the full graph whose members have masks, one attempt after the other.
class MaskedFederation {
 public:
  MaskedFederation(std::uint32_t n, std::uint32_t corrupt, std::uint64_t coordinates)
      : federation({.n = n, .corrupt = corrupt, .coordinates = coordinates, .chunk_words = 4096}) {}

  // Every member of a new round, up to P3: with fresh masks.
  void Begin(std::uint64_t round) {
    federation.offer.round.value = round;
    federation.Share();
    for (std::size_t i = 0; i < federation.labs.size(); ++i) {
      if (federation.labs[i].member->OnInbound(federation.InboundFor(i)))
        throw std::runtime_error("honest shares were refused");
    }
  }

  // What lab `i` would upload for `input`, on the wire. Twice in one round: under one mask, which no node
  // does.
  [[nodiscard]] Words Masked(std::size_t i, Input input) {
    Lab& lab = federation.labs[i];
    lab.delta = DeltaOf(input, federation.params.encoding.coordinates);
    lab.upload = MakeUpload(*lab.member, EncoderOf(lab));
    Words words(federation.params.encoding.Words());
    std::uint64_t at = 0;
    for (const Bytes& chunk : lab.upload.chunks) {
      secagg::AddBytes(words, at, chunk);
      at += chunk.size();
    }
    return words;
  }
  [[nodiscard]] Words Plain(std::size_t i, Input input) {
    Lab& lab = federation.labs[i];
    lab.delta = DeltaOf(input, federation.params.encoding.coordinates);
    Words words(federation.params.encoding.Words());
    EncoderOf(lab).Encode(0, words);
    return words;
  }

  Federation federation;

 private:
  [[nodiscard]] secagg::Encoder EncoderOf(const Lab& lab) const {
    const secagg::Encoding& encoding = federation.params.encoding;
    return *secagg::Encoder::Create(encoding, *secagg::CheckDelta(encoding, lab.delta),
                                    {1, secagg::kOmegaOne}, crypto::Sha256::Of(lab.seed).bytes);
  }
};

}  // namespace accord::fsa1
