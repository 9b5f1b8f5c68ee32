// The one-time polynomial MAC of a sum (secagg.md 3, V1): sum_j X_j alpha_c^(j+1) + beta_c modulo 2^61 - 1
// for c = 1 and 2, over the headers and then the coordinates. A node evaluates it over its own words, before
// they are masked, for its tag; every node over the opened sum, to check it. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "secagg/encoding.h"
#include "secagg/mask.h"
#include "secagg/samples.h"
#include "secagg/secret_words.h"

namespace accord::secagg {

// The polynomials' values, added up tile by tile. One object serves one thread at a time; several of one
// alpha may each take some of the words, and their values add up.
class PolyMac {
 public:
  // `encoding` is valid, with f <= 53.
  PolyMac(const Encoding& encoding, const SecretPair& alpha);

  // Words [first, first + words.size()) of a word vector: headers below 2^61, then packed words whose unused
  // bits are zero (CheckSum sees to that; they are not looked at). Every word of the vector must be added
  // once, in any order. Straight on is fastest. Allocates nothing.
  void Add(std::uint64_t first, std::span<const std::uint64_t> words);

  // The values of what was added so far.
  [[nodiscard]] SecretPair Value() const;

 private:
  void AddPacked(std::uint64_t first, std::span<const std::uint64_t> packed);
  void AddBlock(std::span<const std::uint64_t> packed);
  void SeekTo(std::uint64_t first);

  // A piece of a field, of at most 24 bits, so that its products can be summed before they are reduced.
  struct Digit {
    std::uint32_t shift;  // in the word
    std::uint64_t mask;
    SecretWords weight;  // what the piece counts for beside the word's power, for each c
    SecretWords sum;     // of pieces times powers of their words, for each c
  };
  Encoding encoding_;
  std::vector<Digit> digits_;
  std::uint64_t next_ = 0;  // the packed word that `start_` belongs to
  SecretWords alpha_;       // for each c
  SecretWords start_;       // alpha^(m * next_)
  SecretWords step_;        // alpha^(m * block)
  SecretWords powers_;      // alpha^(m * w) for w in a block; all of c = 1, then all of c = 2
  SecretWords headers_;     // the headers' part, for each c
};

// value + pad: a tag that says nothing about alpha.
[[nodiscard]] SecretPair AddPad(const SecretPair& value, const SecretPair& pad);
// Whether `tau` is the value of the sum's polynomials plus the pads of those whose sum it is (7.6, bad_tag).
// `tau` that is not reduced is none.
[[nodiscard]] bool TagHolds(const TagPair& tau, const SecretPair& value, std::span<const SecretPair> pads);

}  // namespace accord::secagg
