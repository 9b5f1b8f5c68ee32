#include "secagg/sum_kernel.h"

#include "secagg/vector_targets.h"

namespace accord::secagg {
namespace {

// Signed, as all vector units compare: a field has at most 53 bits.
template <std::uint32_t kFields>
ACCORD_BODY FieldScan ScanBody(FieldShape shape, const std::uint64_t* words, std::size_t count) {
  const std::uint32_t per_word = kFields != 0 ? kFields : shape.per_word;
  const std::uint64_t mask = (1ULL << shape.bits) - 1;
  std::int64_t least = INT64_MAX;
  std::int64_t most = 0;
  std::uint64_t any = 0;
  for (std::size_t w = 0; w < count; ++w) {
    any |= words[w];
    for (std::uint32_t q = 0; q < per_word; ++q) {
      const auto field = static_cast<std::int64_t>(words[w] >> (q * shape.bits) & mask);
      least = field < least ? field : least;
      most = field > most ? field : most;
    }
  }
  if (count == 0) return {};
  return {static_cast<std::uint64_t>(least), static_cast<std::uint64_t>(most), any};
}

template <std::uint32_t kFields>
ACCORD_BODY void UnpackBody(FieldShape shape, std::span<const std::uint64_t> words,
                            std::uint64_t* __restrict fields) {
  const std::uint32_t per_word = kFields != 0 ? kFields : shape.per_word;
  const std::uint64_t mask = (1ULL << shape.bits) - 1;
  for (std::size_t w = 0; w < words.size(); ++w) {
    for (std::uint32_t q = 0; q < per_word; ++q) {
      fields[w * per_word + q] = words[w] >> (q * shape.bits) & mask;
    }
  }
}

// The counts that updates of 16 bits and more have are known to the compiler.
ACCORD_BODY FieldScan ScanAny(FieldShape shape, const std::uint64_t* words, std::size_t count) {
  switch (shape.per_word) {
    case 1:
      return ScanBody<1>(shape, words, count);
    case 2:
      return ScanBody<2>(shape, words, count);
    case 3:
      return ScanBody<3>(shape, words, count);
    case 4:
      return ScanBody<4>(shape, words, count);
    default:
      return ScanBody<0>(shape, words, count);
  }
}

ACCORD_BODY void UnpackAny(FieldShape shape, std::span<const std::uint64_t> words, std::uint64_t* fields) {
  switch (shape.per_word) {
    case 1:
      return UnpackBody<1>(shape, words, fields);
    case 2:
      return UnpackBody<2>(shape, words, fields);
    case 3:
      return UnpackBody<3>(shape, words, fields);
    case 4:
      return UnpackBody<4>(shape, words, fields);
    default:
      return UnpackBody<0>(shape, words, fields);
  }
}

ACCORD_BODY void DivideBody(std::span<const std::int64_t> integers, double denominator,
                            double* __restrict means) {
  for (std::size_t j = 0; j < integers.size(); ++j) means[j] = static_cast<double>(integers[j]) / denominator;
}

#ifdef ACCORD_TARGET_512
ACCORD_TARGET_512 FieldScan Scan512(FieldShape shape, const std::uint64_t* words, std::size_t count) {
  return ScanAny(shape, words, count);
}
ACCORD_TARGET_256 FieldScan Scan256(FieldShape shape, const std::uint64_t* words, std::size_t count) {
  return ScanAny(shape, words, count);
}
ACCORD_TARGET_512 void Unpack512(FieldShape shape, std::span<const std::uint64_t> words,
                                 std::uint64_t* fields) {
  UnpackAny(shape, words, fields);
}
ACCORD_TARGET_256 void Unpack256(FieldShape shape, std::span<const std::uint64_t> words,
                                 std::uint64_t* fields) {
  UnpackAny(shape, words, fields);
}
ACCORD_TARGET_512 void Divide512(std::span<const std::int64_t> integers, double denominator, double* means) {
  DivideBody(integers, denominator, means);
}
#endif

}  // namespace

FieldScan ScanFields([[maybe_unused]] Width width, FieldShape shape, std::span<const std::uint64_t> words) {
#ifdef ACCORD_TARGET_512
  if (width == Width::k512) return Scan512(shape, words.data(), words.size());
  if (width == Width::k256) return Scan256(shape, words.data(), words.size());
#endif
  return ScanAny(shape, words.data(), words.size());
}

void UnpackWords([[maybe_unused]] Width width, FieldShape shape, std::span<const std::uint64_t> words,
                 std::uint64_t* fields) {
#ifdef ACCORD_TARGET_512
  if (width == Width::k512) return Unpack512(shape, words, fields);
  if (width == Width::k256) return Unpack256(shape, words, fields);
#endif
  UnpackAny(shape, words, fields);
}

void Divide([[maybe_unused]] Width width, std::span<const std::int64_t> integers, double denominator,
            double* means) {
#ifdef ACCORD_TARGET_512
  if (width == Width::k512) return Divide512(integers, denominator, means);  // the only one that can convert
#endif
  DivideBody(integers, denominator, means);
}

}  // namespace accord::secagg
