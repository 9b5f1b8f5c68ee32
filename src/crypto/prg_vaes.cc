#include "crypto/prg_vaes.h"

#include <algorithm>

#include "base/check.h"
#include "crypto/zeroizing.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#include <immintrin.h>

#define ACCORD_TARGET_AES __attribute__((target("sse2,aes")))
#define ACCORD_TARGET_VAES __attribute__((target("avx512f,avx512bw,vaes")))

namespace accord::crypto {
namespace {

constexpr std::size_t kBlockBytes = 16;
constexpr std::size_t kLanes = 4;      // blocks in a register
constexpr std::size_t kRegisters = 8;  // in flight: more than the latency of a round
constexpr std::size_t kLaneBytes = kLanes * kBlockBytes;
constexpr int kRounds = 14;

// words ^= the words below them, as the key schedule's chain does.
ACCORD_TARGET_AES inline __m128i Chain(__m128i words) {
  words = _mm_xor_si128(words, _mm_slli_si128(words, 4));
  return _mm_xor_si128(words, _mm_slli_si128(words, 8));
}

// FIPS 197 5.2 for Nk = 8: the next even and odd round key from the last two.
template <int kRcon>
ACCORD_TARGET_AES void NextKeys(__m128i* keys) {
  const __m128i turned = _mm_shuffle_epi32(_mm_aeskeygenassist_si128(keys[1], kRcon), 0xFF);
  keys[2] = _mm_xor_si128(Chain(keys[0]), turned);
  const __m128i substituted = _mm_shuffle_epi32(_mm_aeskeygenassist_si128(keys[2], 0), 0xAA);
  keys[3] = _mm_xor_si128(Chain(keys[1]), substituted);
}

ACCORD_TARGET_AES void ExpandKey(const std::uint8_t* key, std::uint8_t* round_keys) {
  __m128i keys[16];  // one more than there are, so that all steps are alike
  keys[0] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(key));
  keys[1] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(key) + 1);
  NextKeys<0x01>(keys);
  NextKeys<0x02>(keys + 2);
  NextKeys<0x04>(keys + 4);
  NextKeys<0x08>(keys + 6);
  NextKeys<0x10>(keys + 8);
  NextKeys<0x20>(keys + 10);
  NextKeys<0x40>(keys + 12);
  auto* const out = reinterpret_cast<__m128i*>(round_keys);
  for (int round = 0; round <= kRounds; ++round) _mm_store_si128(out + round, keys[round]);
  Cleanse({reinterpret_cast<std::uint8_t*>(keys), sizeof keys});
}

// Whole registers: kCount at a time, from block `block`; gives how many bytes were written.
template <std::size_t kCount>
ACCORD_TARGET_VAES std::size_t FillRegisters(const std::uint8_t* round_keys, std::uint64_t block,
                                             std::uint8_t* out, std::size_t size) {
  __m512i keys[kRounds + 1];
  for (int round = 0; round <= kRounds; ++round) {
    keys[round] = _mm512_maskz_broadcast_i32x4(
        0xFFFF, _mm_load_si128(reinterpret_cast<const __m128i*>(round_keys + round * kBlockBytes)));
  }
  // The counter stands little-endian in the upper half of each lane and is turned when used.
  const __m512i turn = _mm512_maskz_broadcast_i32x4(
      0xFFFF, _mm_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 7, 6, 5, 4, 3, 2, 1, 0));
  const __m512i step = _mm512_set_epi64(kLanes, 0, kLanes, 0, kLanes, 0, kLanes, 0);
  __m512i counter = _mm512_add_epi64(_mm512_set_epi64(3, 0, 2, 0, 1, 0, 0, 0),
                                     _mm512_maskz_set1_epi64(0xAA, static_cast<long long>(block)));
  std::size_t done = 0;
  for (; size - done >= kCount * kLaneBytes; done += kCount * kLaneBytes) {
    __m512i state[kCount];
    for (std::size_t i = 0; i < kCount; ++i) {
      state[i] = _mm512_xor_si512(_mm512_shuffle_epi8(counter, turn), keys[0]);
      counter = _mm512_add_epi64(counter, step);
    }
    for (int round = 1; round < kRounds; ++round) {
      for (std::size_t i = 0; i < kCount; ++i) state[i] = _mm512_aesenc_epi128(state[i], keys[round]);
    }
    for (std::size_t i = 0; i < kCount; ++i) {
      _mm512_storeu_si512(out + done + i * kLaneBytes, _mm512_aesenclast_epi128(state[i], keys[kRounds]));
    }
  }
  return done;
}

}  // namespace

bool HasVaes() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  const bool vaes = __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (c >> 9 & 1) != 0;
  return vaes && __builtin_cpu_supports("aes") && __builtin_cpu_supports("avx512f") &&
         __builtin_cpu_supports("avx512bw");
}

VaesKeystream::VaesKeystream(ByteView key) {
  ACCORD_CHECK(key.size() == 32);
  ExpandKey(key.data(), round_keys_.data());
}

void VaesKeystream::Fill(std::uint64_t first, std::span<std::uint8_t> out) const {
  const auto skip = static_cast<std::size_t>(first % kLaneBytes);
  std::uint64_t block = (first - skip) / kBlockBytes;
  const auto part = [&](std::size_t from) {  // of one register
    alignas(kLaneBytes) std::array<std::uint8_t, kLaneBytes> lane;
    FillRegisters<1>(round_keys_.data(), block, lane.data(), lane.size());
    const std::size_t count = std::min(out.size(), lane.size() - from);
    std::copy_n(lane.begin() + static_cast<std::ptrdiff_t>(from), count, out.begin());
    Cleanse(lane);
    out = out.subspan(count);
    block += kLanes;
  };
  if (skip != 0) part(skip);
  std::size_t done = FillRegisters<kRegisters>(round_keys_.data(), block, out.data(), out.size());
  block += done / kBlockBytes;
  out = out.subspan(done);
  done = FillRegisters<1>(round_keys_.data(), block, out.data(), out.size());
  block += done / kBlockBytes;
  out = out.subspan(done);
  if (!out.empty()) part(0);
}

}  // namespace accord::crypto
#else
namespace accord::crypto {

bool HasVaes() { return false; }
VaesKeystream::VaesKeystream(ByteView) : round_keys_{} { ACCORD_CHECK(HasVaes()); }
void VaesKeystream::Fill(std::uint64_t, std::span<std::uint8_t>) const { ACCORD_CHECK(HasVaes()); }

}  // namespace accord::crypto
#endif

namespace accord::crypto {

VaesKeystream::~VaesKeystream() { Cleanse(round_keys_); }

}  // namespace accord::crypto
