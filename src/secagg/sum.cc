#include "secagg/sum.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "base/check.h"
#include "base/errors.h"
#include "secagg/sum_kernel.h"

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

FieldShape ShapeOf(const Encoding& encoding) { return {encoding.FieldsPerWord(), encoding.field_bits}; }

// Of the last word; 1 to FieldsPerWord().
std::uint32_t FieldsInLast(const Encoding& encoding) {
  return static_cast<std::uint32_t>((encoding.coordinates - 1) % encoding.FieldsPerWord()) + 1;
}

// Over the coordinates; the unused fields of the last word are no coordinates.
FieldScan ScanOf(const Encoding& encoding, std::span<const std::uint64_t> packed) {
  FieldScan scan = ScanFields(Widths().back(), ShapeOf(encoding), packed.first(packed.size() - 1));
  scan.any |= packed.back();
  std::uint64_t word = packed.back();
  for (std::uint32_t q = 0; q < FieldsInLast(encoding); ++q, word >>= encoding.field_bits) {
    scan.least = std::min(scan.least, word & encoding.FieldMask());
    scan.most = std::max(scan.most, word & encoding.FieldMask());
  }
  return scan;
}

// Unused bits of every packed word and unused fields of the last one. `seen`: the bits that any word has.
bool PaddingIsZero(const Encoding& encoding, std::uint64_t seen, std::uint64_t last) {
  const std::uint32_t used = encoding.FieldsPerWord() * encoding.field_bits;
  if (used < 64 && seen >> used != 0) return false;
  const std::uint32_t used_in_last = FieldsInLast(encoding) * encoding.field_bits;
  return used_in_last == 64 || last >> used_in_last == 0;
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

// max_j |Z_j - survivors * M| * (2^32 - 1) <= M * Omega + survivors * (2^32 - 1).
bool WithinMeanBound(const Encoding& encoding, const FieldScan& scan, std::uint64_t omega,
                     std::uint32_t survivors) {
  const std::uint64_t middle = survivors * encoding.Limit();
  const std::uint64_t above = scan.most > middle ? scan.most - middle : 0;
  const std::uint64_t below = middle > scan.least ? middle - scan.least : 0;
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
  const auto packed = words.subspan(encoding.headers.size());
  const std::uint32_t per_word = encoding.FieldsPerWord();
  const auto field = [&](std::uint64_t j) {
    return packed[j / per_word] >> (j % per_word * encoding.field_bits) & encoding.FieldMask();
  };
  std::size_t done = 0;  // the last fields of a word, then whole words, then the first fields of a word
  for (; done < out.size() && (first + done) % per_word != 0; ++done) out[done] = field(first + done);
  const std::size_t whole = (out.size() - done) / per_word;
  UnpackWords(Widths().back(), ShapeOf(encoding), packed.subspan((first + done) / per_word, whole),
              out.data() + done);
  for (done += whole * per_word; done < out.size(); ++done) out[done] = field(first + done);
}

Status CheckSum(const Encoding& encoding, std::span<const std::uint64_t> words, std::uint32_t survivors) {
  if (words.size() != encoding.Words()) {
    return Fail(errors::kSecaggWrongLength, "the sum has " + std::to_string(words.size()) + " words, not " +
                                                std::to_string(encoding.Words()));
  }
  ACCORD_CHECK(survivors <= encoding.n);
  const auto packed = words.subspan(encoding.headers.size());
  const FieldScan scan = ScanOf(encoding, packed);
  if (!PaddingIsZero(encoding, scan.any, packed.back())) return Range("unused bits of the sum are not zero");
  ACCORD_RETURN_IF_ERROR(CheckHeaders(encoding, words, survivors));
  if (scan.most > 2 * encoding.Limit() * survivors)
    return Range("a coordinate of the sum is out of its range");
  if (words[1] == 0) return Fail(errors::kSecaggZeroWeight, "all weights of the sum are zero");
  if (encoding.margin == 0 && !WithinMeanBound(encoding, scan, words[1], survivors)) {
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
    Divide(Widths().back(), std::span(integers).first(count), denominator, out.data());
    first += count;
    out = out.subspan(count);
  }
}

}  // namespace accord::secagg
