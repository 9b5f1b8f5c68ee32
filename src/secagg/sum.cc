#include "secagg/sum.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "base/check.h"
#include "base/errors.h"

namespace accord::secagg {
namespace {

constexpr std::size_t kWordBytes = 8;

std::uint64_t LoadWord(const std::uint8_t* bytes) {
  std::uint64_t word = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&word, bytes, kWordBytes);
  } else {
    for (std::size_t i = kWordBytes; i-- > 0;) word = word << 8 | bytes[i];
  }
  return word;
}

// Some bytes of one word, from its byte `at`: their value at their place. Sums of parts are parts of sums.
std::uint64_t PartOfWord(ByteView part, std::size_t at) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < part.size(); ++i) word |= static_cast<std::uint64_t>(part[i]) << (8 * (at + i));
  return word;
}

Status Range(const std::string& what) { return Fail(errors::kSecaggRange, what); }

// Unused bits of every packed word and unused fields of the last one.
bool PaddingIsZero(const Encoding& encoding, std::span<const std::uint64_t> packed) {
  const std::uint32_t used = encoding.FieldsPerWord() * encoding.field_bits;
  std::uint64_t seen = 0;
  for (const std::uint64_t word : packed) seen |= word;
  if (used < 64 && seen >> used != 0) return false;
  const auto in_last = static_cast<std::uint32_t>((encoding.coordinates - 1) % encoding.FieldsPerWord()) + 1;
  const std::uint32_t used_in_last = in_last * encoding.field_bits;
  return used_in_last == 64 || packed.back() >> used_in_last == 0;
}

Status CheckHeaders(const Encoding& encoding, std::span<const std::uint64_t> words, std::uint32_t survivors) {
  if (words[0] != survivors) {
    return Fail(errors::kSecaggWrongCount,
                "the sum counts " + std::to_string(words[0]) + " updates, not " + std::to_string(survivors));
  }
  for (std::size_t i = 0; i < encoding.headers.size(); ++i) {
    if (words[i] > survivors * encoding.headers[i].max) {
      return Range("header '" + encoding.headers[i].name + "' of the sum is out of its range");
    }
  }
  return {};
}

struct Extremes {
  std::uint64_t least = ~0ULL;
  std::uint64_t most = 0;
};

// Over the coordinates; the unused fields of the last word are no coordinates.
Extremes ExtremesOf(const Encoding& encoding, std::span<const std::uint64_t> packed) {
  Extremes extremes;
  const std::uint64_t mask = encoding.FieldMask();
  std::uint64_t left = encoding.coordinates;
  for (std::uint64_t word : packed) {
    const std::uint64_t here = std::min<std::uint64_t>(left, encoding.FieldsPerWord());
    for (std::uint64_t q = 0; q < here; ++q, word >>= encoding.field_bits) {
      extremes.least = std::min(extremes.least, word & mask);
      extremes.most = std::max(extremes.most, word & mask);
    }
    left -= here;
  }
  return extremes;
}

// max_j |Z_j - survivors * M| * (2^32 - 1) <= M * Omega + survivors * (2^32 - 1).
bool WithinMeanBound(const Encoding& encoding, const Extremes& extremes, std::uint64_t omega,
                     std::uint32_t survivors) {
  const std::uint64_t middle = survivors * encoding.Limit();
  const std::uint64_t above = extremes.most > middle ? extremes.most - middle : 0;
  const std::uint64_t below = middle > extremes.least ? middle - extremes.least : 0;
  const auto farthest = static_cast<unsigned __int128>(std::max(above, below));
  return farthest * kOmegaOne <= static_cast<unsigned __int128>(encoding.Limit()) * omega +
                                     static_cast<unsigned __int128>(survivors) * kOmegaOne;
}

}  // namespace

void AddBytes(std::span<std::uint64_t> words, std::uint64_t first_byte, ByteView slice) {
  const std::uint64_t end = words.size_bytes();
  ACCORD_CHECK(first_byte <= end && slice.size() <= end - first_byte);
  auto word = static_cast<std::size_t>(first_byte / kWordBytes);
  if (const std::size_t at = first_byte % kWordBytes; at != 0 && !slice.empty()) {
    const std::size_t size = std::min(kWordBytes - at, slice.size());
    words[word++] += PartOfWord(slice.first(size), at);
    slice = slice.subspan(size);
  }
  const std::size_t whole = slice.size() / kWordBytes;
  std::uint64_t* const out = words.data() + word;
  for (std::size_t i = 0; i < whole; ++i) out[i] += LoadWord(slice.data() + i * kWordBytes);
  slice = slice.subspan(whole * kWordBytes);
  if (!slice.empty()) out[whole] += PartOfWord(slice, 0);
}

void StoreWords(std::span<const std::uint64_t> words, std::span<std::uint8_t> out) {
  ACCORD_CHECK(out.size() == words.size_bytes());
  if constexpr (std::endian::native == std::endian::little) {
    if (!words.empty()) std::memcpy(out.data(), words.data(), out.size());
  } else {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = static_cast<std::uint8_t>(words[i / kWordBytes] >> (8 * (i % kWordBytes)));
    }
  }
}

void UnpackFields(const Encoding& encoding, std::span<const std::uint64_t> words, std::uint64_t first,
                  std::span<std::uint64_t> out) {
  ACCORD_CHECK(words.size() == encoding.Words());
  ACCORD_CHECK(first <= encoding.coordinates && out.size() <= encoding.coordinates - first);
  const std::uint64_t* word = words.data() + encoding.headers.size() + first / encoding.FieldsPerWord();
  const std::uint64_t mask = encoding.FieldMask();
  auto q = static_cast<std::uint32_t>(first % encoding.FieldsPerWord());
  for (std::uint64_t& field : out) {
    field = *word >> (q * encoding.field_bits) & mask;
    if (++q == encoding.FieldsPerWord()) {
      q = 0;
      ++word;
    }
  }
}

Status CheckSum(const Encoding& encoding, std::span<const std::uint64_t> words, std::uint32_t survivors) {
  if (words.size() != encoding.Words()) {
    return Fail(errors::kSecaggWrongLength, "the sum has " + std::to_string(words.size()) + " words, not " +
                                                std::to_string(encoding.Words()));
  }
  ACCORD_CHECK(survivors <= encoding.n);
  const auto packed = words.subspan(encoding.headers.size());
  if (!PaddingIsZero(encoding, packed)) return Range("unused bits of the sum are not zero");
  ACCORD_RETURN_IF_ERROR(CheckHeaders(encoding, words, survivors));
  const Extremes extremes = ExtremesOf(encoding, packed);
  if (extremes.most > 2 * encoding.Limit() * survivors)
    return Range("a coordinate of the sum is out of its range");
  if (words[1] == 0) return Fail(errors::kSecaggZeroWeight, "all weights of the sum are zero");
  if (encoding.margin == 0 && !WithinMeanBound(encoding, extremes, words[1], survivors)) {
    return Fail(errors::kSecaggMeanBound, "a coordinate of the sum is beyond what its weights allow");
  }
  return {};
}

void DecodeMean(const Encoding& encoding, std::span<const std::uint64_t> words, std::uint64_t first,
                std::span<double> out) {
  const SumPart whole{&encoding, words};
  DecodeMean({&whole, 1}, first, out);
}

void DecodeMean(std::span<const SumPart> parts, std::uint64_t first, std::span<double> out) {
  std::uint64_t omega = 0;
  for (const SumPart& part : parts) {
    ACCORD_CHECK(part.encoding->Scale() == parts[0].encoding->Scale());
    omega += part.words[1];
  }
  const double denominator = parts[0].encoding->Scale() * (static_cast<double>(omega) / 4294967295.0);
  std::uint64_t fields[1024];
  std::int64_t integers[1024];
  while (!out.empty()) {
    const std::size_t count = std::min(out.size(), std::size(fields));
    std::fill_n(integers, count, 0);
    for (const SumPart& part : parts) {
      const auto middle = static_cast<std::int64_t>(part.words[0] * part.encoding->Limit());
      UnpackFields(*part.encoding, part.words, first, std::span(fields).first(count));
      for (std::size_t j = 0; j < count; ++j) integers[j] += static_cast<std::int64_t>(fields[j]) - middle;
    }
    for (std::size_t j = 0; j < count; ++j) out[j] = static_cast<double>(integers[j]) / denominator;
    first += count;
    out = out.subspan(count);
  }
}

}  // namespace accord::secagg
