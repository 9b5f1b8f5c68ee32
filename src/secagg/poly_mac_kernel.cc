#include "secagg/poly_mac_kernel.h"

#include <array>

#include "base/check.h"
#include "secagg/field61.h"
#include "secagg/vector_targets.h"
#ifdef ACCORD_TARGET_512
#include <immintrin.h>
#endif

namespace accord::secagg {
namespace {

using Wide = unsigned __int128;

// A piece is below 2^24 and a power below 2^61: a block of products stays below 2^95.
template <std::size_t kCount>
void SumPlain(const MacPieces& pieces, std::span<const std::uint64_t> words, const MacPowers& powers,
              std::uint64_t* sums) {
  std::array<Wide, 2 * kCount> wide{};
  for (std::size_t w = 0; w < words.size(); ++w) {
    for (std::size_t v = 0; v < kCount; ++v) {
      const std::uint64_t piece = words[w] >> pieces.shifts[v] & pieces.masks[v];
      wide[2 * v] += Wide{piece} * powers.first[w];
      wide[2 * v + 1] += Wide{piece} * powers.second[w];
    }
  }
  for (std::size_t i = 0; i < wide.size(); ++i) sums[i] = FieldReduceWide(wide[i]);
}

#ifdef ACCORD_TARGET_512
// Each power is two halves of 32 and 29 bits, whose products with a piece are below 2^56: a lane holds the
// sum of 256 of them. A block gives a lane 128 words (8 lanes) or 256 (4 lanes).
constexpr unsigned kHalfBits = 32;
static_assert(kMacBlockWords / 4 <= 1U << (64 - kHalfBits - kMacPieceBits));

std::uint64_t JoinHalves(std::span<const std::uint64_t> low, std::span<const std::uint64_t> high,
                         unsigned half_bits) {
  Wide sum = 0;
  for (const std::uint64_t lane : low) sum += lane;
  for (const std::uint64_t lane : high) sum += Wide{lane} << half_bits;
  return FieldReduceWide(sum);
}

template <std::size_t kCount>
ACCORD_TARGET_512 void Sum512(const MacPieces& pieces, std::span<const std::uint64_t> words,
                              const MacPowers& powers, std::uint64_t* sums) {
  __m512i low[2 * kCount];
  __m512i high[2 * kCount];
  __m512i shifts[kCount];
  __m512i masks[kCount];
  for (std::size_t i = 0; i < 2 * kCount; ++i) low[i] = high[i] = _mm512_setzero_si512();
  for (std::size_t v = 0; v < kCount; ++v) {
    shifts[v] = _mm512_set1_epi64(static_cast<long long>(pieces.shifts[v]));
    masks[v] = _mm512_set1_epi64(static_cast<long long>(pieces.masks[v]));
  }
  for (std::size_t w = 0; w < words.size(); w += 8) {
    const __m512i word = _mm512_loadu_si512(words.data() + w);
    const __m512i first = _mm512_loadu_si512(powers.first + w);
    const __m512i second = _mm512_loadu_si512(powers.second + w);
    const __m512i first_high = _mm512_srli_epi64(first, kHalfBits);
    const __m512i second_high = _mm512_srli_epi64(second, kHalfBits);
    for (std::size_t v = 0; v < kCount; ++v) {
      const __m512i piece = _mm512_and_si512(_mm512_srlv_epi64(word, shifts[v]), masks[v]);
      low[2 * v] = _mm512_add_epi64(low[2 * v], _mm512_mul_epu32(piece, first));
      high[2 * v] = _mm512_add_epi64(high[2 * v], _mm512_mul_epu32(piece, first_high));
      low[2 * v + 1] = _mm512_add_epi64(low[2 * v + 1], _mm512_mul_epu32(piece, second));
      high[2 * v + 1] = _mm512_add_epi64(high[2 * v + 1], _mm512_mul_epu32(piece, second_high));
    }
  }
  alignas(64) std::uint64_t lanes[2][8];
  for (std::size_t i = 0; i < 2 * kCount; ++i) {
    _mm512_store_si512(lanes[0], low[i]);
    _mm512_store_si512(lanes[1], high[i]);
    sums[i] = JoinHalves(lanes[0], lanes[1], kHalfBits);
  }
}

// The same with one instruction for a product and its sum, of pieces of at most 21 bits and halves of 31 and
// 30: their products stay below 2^52, the width that it multiplies.
constexpr unsigned kFusedPieceBits = 21;
constexpr unsigned kFusedHalfBits = 31;

bool CanFuse(const MacPieces& pieces) {
  static const bool kHasIfma = __builtin_cpu_supports("avx512ifma");
  std::uint64_t all = 0;
  for (std::size_t v = 0; v < pieces.count; ++v) all |= pieces.masks[v];
  return kHasIfma && all >> kFusedPieceBits == 0;
}

template <std::size_t kCount>
__attribute__((target("avx512f,avx512ifma"))) void SumFused(const MacPieces& pieces,
                                                            std::span<const std::uint64_t> words,
                                                            const MacPowers& powers, std::uint64_t* sums) {
  __m512i low[2 * kCount];
  __m512i high[2 * kCount];
  __m512i shifts[kCount];
  __m512i masks[kCount];
  for (std::size_t i = 0; i < 2 * kCount; ++i) low[i] = high[i] = _mm512_setzero_si512();
  for (std::size_t v = 0; v < kCount; ++v) {
    shifts[v] = _mm512_set1_epi64(static_cast<long long>(pieces.shifts[v]));
    masks[v] = _mm512_set1_epi64(static_cast<long long>(pieces.masks[v]));
  }
  const __m512i half = _mm512_set1_epi64((1LL << kFusedHalfBits) - 1);
  for (std::size_t w = 0; w < words.size(); w += 8) {
    const __m512i word = _mm512_loadu_si512(words.data() + w);
    const __m512i first = _mm512_loadu_si512(powers.first + w);
    const __m512i second = _mm512_loadu_si512(powers.second + w);
    const __m512i first_low = _mm512_and_si512(first, half);
    const __m512i second_low = _mm512_and_si512(second, half);
    const __m512i first_high = _mm512_srli_epi64(first, kFusedHalfBits);
    const __m512i second_high = _mm512_srli_epi64(second, kFusedHalfBits);
    for (std::size_t v = 0; v < kCount; ++v) {
      const __m512i piece = _mm512_and_si512(_mm512_srlv_epi64(word, shifts[v]), masks[v]);
      low[2 * v] = _mm512_madd52lo_epu64(low[2 * v], piece, first_low);
      high[2 * v] = _mm512_madd52lo_epu64(high[2 * v], piece, first_high);
      low[2 * v + 1] = _mm512_madd52lo_epu64(low[2 * v + 1], piece, second_low);
      high[2 * v + 1] = _mm512_madd52lo_epu64(high[2 * v + 1], piece, second_high);
    }
  }
  alignas(64) std::uint64_t lanes[2][8];
  for (std::size_t i = 0; i < 2 * kCount; ++i) {
    _mm512_store_si512(lanes[0], low[i]);
    _mm512_store_si512(lanes[1], high[i]);
    sums[i] = JoinHalves(lanes[0], lanes[1], kFusedHalfBits);
  }
}

template <std::size_t kCount>
ACCORD_TARGET_256 void Sum256(const MacPieces& pieces, std::span<const std::uint64_t> words,
                              const MacPowers& powers, std::uint64_t* sums) {
  __m256i low[2 * kCount];
  __m256i high[2 * kCount];
  __m256i shifts[kCount];
  __m256i masks[kCount];
  for (std::size_t i = 0; i < 2 * kCount; ++i) low[i] = high[i] = _mm256_setzero_si256();
  for (std::size_t v = 0; v < kCount; ++v) {
    shifts[v] = _mm256_set1_epi64x(static_cast<long long>(pieces.shifts[v]));
    masks[v] = _mm256_set1_epi64x(static_cast<long long>(pieces.masks[v]));
  }
  const auto* const word_vectors = reinterpret_cast<const __m256i*>(words.data());
  const auto* const first_powers = reinterpret_cast<const __m256i*>(powers.first);
  const auto* const second_powers = reinterpret_cast<const __m256i*>(powers.second);
  for (std::size_t w = 0; w < words.size() / 4; ++w) {
    const __m256i word = _mm256_loadu_si256(word_vectors + w);
    const __m256i first = _mm256_loadu_si256(first_powers + w);
    const __m256i second = _mm256_loadu_si256(second_powers + w);
    const __m256i first_high = _mm256_srli_epi64(first, kHalfBits);
    const __m256i second_high = _mm256_srli_epi64(second, kHalfBits);
    for (std::size_t v = 0; v < kCount; ++v) {
      const __m256i piece = _mm256_and_si256(_mm256_srlv_epi64(word, shifts[v]), masks[v]);
      low[2 * v] = _mm256_add_epi64(low[2 * v], _mm256_mul_epu32(piece, first));
      high[2 * v] = _mm256_add_epi64(high[2 * v], _mm256_mul_epu32(piece, first_high));
      low[2 * v + 1] = _mm256_add_epi64(low[2 * v + 1], _mm256_mul_epu32(piece, second));
      high[2 * v + 1] = _mm256_add_epi64(high[2 * v + 1], _mm256_mul_epu32(piece, second_high));
    }
  }
  alignas(32) std::uint64_t lanes[2][4];
  for (std::size_t i = 0; i < 2 * kCount; ++i) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(lanes[0]), low[i]);
    _mm256_store_si256(reinterpret_cast<__m256i*>(lanes[1]), high[i]);
    sums[i] = JoinHalves(lanes[0], lanes[1], kHalfBits);
  }
}
#endif

template <std::size_t kCount>
void Sum(Width width, const MacPieces& pieces, std::span<const std::uint64_t> words, const MacPowers& powers,
         std::uint64_t* sums) {
  std::size_t done = 0;
  std::array<std::uint64_t, 2 * kCount> wide{};
#ifdef ACCORD_TARGET_512
  if (width != Width::kBase) {
    done = words.size() & ~std::size_t{7};
    const auto whole = words.first(done);
    if (width == Width::k256) {
      Sum256<kCount>(pieces, whole, powers, wide.data());
    } else if (CanFuse(pieces)) {
      SumFused<kCount>(pieces, whole, powers, wide.data());
    } else {
      Sum512<kCount>(pieces, whole, powers, wide.data());
    }
  }
#else
  static_cast<void>(width);
#endif
  SumPlain<kCount>(pieces, words.subspan(done), {powers.first + done, powers.second + done}, sums);
  for (std::size_t i = 0; i < wide.size(); ++i) sums[i] = FieldAdd(sums[i], wide[i]);
}

}  // namespace

void SumPieces(Width width, const MacPieces& pieces, std::span<const std::uint64_t> words,
               const MacPowers& powers, std::uint64_t* sums) {
  ACCORD_CHECK(words.size() <= kMacBlockWords);
  for (std::size_t v = 0; v < pieces.count; ++v) ACCORD_CHECK(pieces.masks[v] >> kMacPieceBits == 0);
  switch (pieces.count) {
    case 1:
      return Sum<1>(width, pieces, words, powers, sums);
    case 2:
      return Sum<2>(width, pieces, words, powers, sums);
    case 3:
      return Sum<3>(width, pieces, words, powers, sums);
    default:
      ACCORD_CHECK(pieces.count == kMacPieces);
      return Sum<4>(width, pieces, words, powers, sums);
  }
}

}  // namespace accord::secagg
