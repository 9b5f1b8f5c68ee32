#include "secagg/poly_mac.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "secagg/field61.h"
#include "secagg/poly_mac_kernel.h"

namespace accord::secagg {
namespace {

constexpr std::size_t kPoints = 2;

// alpha^exponent for every point; the exponent is public.
SecretWords Powers(const SecretWords& alpha, std::uint64_t exponent) {
  SecretWords powers(kPoints);
  for (std::size_t c = 0; c < kPoints; ++c) powers[c] = FieldPower(alpha[c], exponent);
  return powers;
}

}  // namespace

PolyMac::PolyMac(const Encoding& encoding, const SecretPair& alpha)
    : encoding_(encoding), alpha_(kPoints), powers_(kPoints * kMacBlockWords), headers_(kPoints) {
  const std::uint32_t per_word = encoding_.FieldsPerWord();
  const std::uint32_t f = encoding_.field_bits;
  const std::uint32_t digits = (f + kMacPieceBits - 1) / kMacPieceBits;
  const std::uint32_t digit_bits = (f + digits - 1) / digits;
  for (std::size_t c = 0; c < kPoints; ++c) alpha_[c] = alpha[c];
  for (std::uint32_t q = 0; q < per_word; ++q) {
    for (std::uint32_t at = 0; at < f; at += digit_bits) {
      Digit digit{.shift = q * f + at,
                  .mask = (1ULL << std::min(digit_bits, f - at)) - 1,
                  .weight = Powers(alpha_, encoding_.headers.size() + 1 + q),
                  .sum = SecretWords(kPoints)};
      for (std::uint64_t& weight : digit.weight.words()) weight = FieldMultiply(weight, 1ULL << at);
      digits_.push_back(std::move(digit));
    }
  }
  const SecretWords word_step = Powers(alpha_, per_word);
  for (std::size_t c = 0; c < kPoints; ++c) {
    std::uint64_t power = 1;
    for (std::size_t w = 0; w < kMacBlockWords; ++w) {
      powers_[c * kMacBlockWords + w] = power;
      power = FieldMultiply(power, word_step[c]);
    }
  }
  step_ = Powers(word_step, kMacBlockWords);
  start_ = Powers(alpha_, 0);
}

void PolyMac::Add(std::uint64_t first, std::span<const std::uint64_t> words) {
  ACCORD_CHECK(first <= encoding_.Words() && words.size() <= encoding_.Words() - first);
  const std::uint64_t headers = encoding_.headers.size();
  for (; first < headers && !words.empty(); ++first, words = words.subspan(1)) {
    const std::uint64_t value = FieldReduce(words.front());
    for (std::size_t c = 0; c < kPoints; ++c) {
      headers_[c] = FieldAdd(headers_[c], FieldMultiply(value, FieldPower(alpha_[c], first + 1)));
    }
  }
  if (!words.empty()) AddPacked(first - headers, words);
}

void PolyMac::AddPacked(std::uint64_t first, std::span<const std::uint64_t> packed) {
  SeekTo(first);
  while (!packed.empty()) {
    const std::size_t size = std::min(packed.size(), kMacBlockWords);
    AddBlock(packed.first(size));
    if (size == kMacBlockWords) {
      for (std::size_t c = 0; c < kPoints; ++c) start_[c] = FieldMultiply(start_[c], step_[c]);
      next_ += size;
    } else {
      SeekTo(next_ + size);
    }
    packed = packed.subspan(size);
  }
}

void PolyMac::SeekTo(std::uint64_t first) {
  if (first == next_) return;
  for (std::size_t c = 0; c < kPoints; ++c) {
    start_[c] = FieldPower(alpha_[c], first * encoding_.FieldsPerWord());
  }
  next_ = first;
}

void PolyMac::AddBlock(std::span<const std::uint64_t> packed) {
  const Width width = Widths().back();
  const MacPowers powers{.first = powers_.words().data(), .second = powers_.words().data() + kMacBlockWords};
  std::array<std::uint64_t, kPoints * kMacPieces> sums;
  for (std::size_t begin = 0; begin < digits_.size(); begin += kMacPieces) {
    MacPieces pieces{.count = std::min(kMacPieces, digits_.size() - begin), .shifts = {}, .masks = {}};
    for (std::size_t v = 0; v < pieces.count; ++v) {
      pieces.shifts[v] = digits_[begin + v].shift;
      pieces.masks[v] = digits_[begin + v].mask;
    }
    SumPieces(width, pieces, packed, powers, sums.data());
    for (std::size_t v = 0; v < pieces.count; ++v) {
      SecretWords& sum = digits_[begin + v].sum;
      for (std::size_t c = 0; c < kPoints; ++c) {
        sum[c] = FieldAdd(sum[c], FieldMultiply(sums[kPoints * v + c], start_[c]));
      }
    }
  }
  CleanseWords(sums);
}

SecretPair PolyMac::Value() const {
  SecretWords value(kPoints);
  for (std::size_t c = 0; c < kPoints; ++c) {
    value[c] = headers_[c];
    for (const Digit& digit : digits_) {
      value[c] = FieldAdd(value[c], FieldMultiply(digit.sum[c], digit.weight[c]));
    }
  }
  return SecretPair({value[0], value[1]});
}

SecretPair AddPad(const SecretPair& value, const SecretPair& pad) {
  return SecretPair({FieldAdd(value[0], pad[0]), FieldAdd(value[1], pad[1])});
}

bool TagHolds(const TagPair& tau, const SecretPair& value, std::span<const SecretPair> pads) {
  std::uint64_t difference = 0;
  for (std::size_t c = 0; c < kPoints; ++c) {
    std::uint64_t want = value[c];
    for (const SecretPair& pad : pads) want = FieldAdd(want, pad[c]);
    difference |= want ^ tau[c];
  }
  return difference == 0;
}

}  // namespace accord::secagg
