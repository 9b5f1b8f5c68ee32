#include "trainer/llama_kernels.h"

#include <cmath>
#include <limits>

// One version of each function for each generation of processors, chosen when the program is loaded.
// (arch= with the name of a processor would choose for that very model alone.)
#if defined(__x86_64__) && defined(__clang__)
#define ACCORD_VERSIONS __attribute__((target_clones("avx512f", "avx2", "default")))
#elif defined(__x86_64__)
#define ACCORD_VERSIONS __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define ACCORD_VERSIONS
#endif
#define ACCORD_INLINE inline __attribute__((always_inline))

namespace accord::trainer {
namespace {

// std::bit_cast, which g++ 12 does not inline into all versions of a function.
ACCORD_INLINE float AsFloat(std::uint32_t bits) { return __builtin_bit_cast(float, bits); }
ACCORD_INLINE std::uint32_t AsBits(float x) { return __builtin_bit_cast(std::uint32_t, x); }

ACCORD_INLINE float Load(float x) { return x; }
ACCORD_INLINE float Load(Bf16 x) { return AsFloat(static_cast<std::uint32_t>(x.bits) << 16); }
ACCORD_INLINE void Store(float x, float& to) { to = x; }
// To the nearest, ties to even; a NaN stays one.
ACCORD_INLINE void Store(float x, Bf16& to) {
  const auto bits = AsBits(x);
  const std::uint32_t rounded = (bits + 0x7FFFU + (bits >> 16 & 1U)) >> 16;
  to.bits = static_cast<std::uint16_t>(x != x ? 0x7FC0U : rounded);
}

// Cephes' expf without its ends: within 2 ulp for -87 < x < 88, beyond them the value at the end.
ACCORD_INLINE float Exp(float x) {
  x = x < -87.0F ? -87.0F : x;
  x = x > 88.0F ? 88.0F : x;
  constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: a sum with it has the integer in its low bits
  const float rounded = x * 1.44269504088896341F + kRound;
  const float n = rounded - kRound;
  const float r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * r * r + r + 1.0F;
  return p * AsFloat((AsBits(rounded) + 127U) << 23);
}

template <class T>
ACCORD_INLINE void NormRows(const NormShape& shape, const float* x, const float* w, T* y, float* inverse) {
  for (std::int64_t row = 0; row < shape.rows; ++row, x += shape.width, y += shape.width) {
    float sum = 0.0F;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < shape.width; ++i) sum += x[i] * x[i];
    const float r = 1.0F / std::sqrt(sum / static_cast<float>(shape.width) + shape.epsilon);
    inverse[row] = r;
#pragma omp simd
    for (std::int64_t i = 0; i < shape.width; ++i) Store(w[i] * (x[i] * r), y[i]);
  }
}

template <class T>
ACCORD_INLINE void NormRowsBackward(const NormShape& shape, const NormGradient<T>& g) {
  for (std::int64_t row = 0; row < shape.rows; ++row) {
    const T* dy = g.dy + row * shape.width;
    const float* x = g.x + row * shape.width;
    float* dx = g.dx + row * shape.width;
    const float* w = g.w;
    float* dw = g.dw;
    const float r = g.inverse[row];
    float dot = 0.0F;
#pragma omp simd reduction(+ : dot)
    for (std::int64_t i = 0; i < shape.width; ++i) dot += Load(dy[i]) * w[i] * x[i];
    const float c = dot * r * r * r / static_cast<float>(shape.width);
#pragma omp simd
    for (std::int64_t i = 0; i < shape.width; ++i) {
      const float d = Load(dy[i]) * r;
      dw[i] += d * x[i];
      dx[i] += d * w[i] - c * x[i];
    }
  }
}

template <class T>
ACCORD_INLINE void SwiGluAll(std::int64_t n, const T* gate, const T* up, T* y) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) {
    const float g = Load(gate[i]);
    Store(g / (1.0F + Exp(-g)) * Load(up[i]), y[i]);
  }
}

template <class T>
ACCORD_INLINE void SwiGluAllBackward(std::int64_t n, const T* dy, T* gate, T* up) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) {
    const float g = Load(gate[i]), u = Load(up[i]), d = Load(dy[i]);
    const float s = 1.0F / (1.0F + Exp(-g));
    Store(d * u * s * (1.0F + g * (1.0F - s)), gate[i]);
    Store(d * g * s, up[i]);
  }
}

template <class T>
ACCORD_INLINE void Pack(const HeadView<const T>& from, float scale, float* to) {
  const std::int64_t half = from.width / 2;
  for (std::int64_t row = 0; row < from.rows; ++row, to += from.width) {
    const T* in = from.data + row * from.stride;
    if (from.cos == nullptr) {
#pragma omp simd
      for (std::int64_t i = 0; i < from.width; ++i) to[i] = scale * Load(in[i]);
      continue;
    }
    const float *c = from.cos + row * half, *s = from.sin + row * half;
#pragma omp simd
    for (std::int64_t i = 0; i < half; ++i) {
      const float a = scale * Load(in[i]), b = scale * Load(in[i + half]);
      to[i] = a * c[i] - b * s[i];
      to[i + half] = b * c[i] + a * s[i];
    }
  }
}

template <class T>
ACCORD_INLINE void Unpack(const float* from, float scale, const HeadView<T>& to) {
  const std::int64_t half = to.width / 2;
  for (std::int64_t row = 0; row < to.rows; ++row, from += to.width) {
    T* out = to.data + row * to.stride;
    if (to.cos == nullptr) {
#pragma omp simd
      for (std::int64_t i = 0; i < to.width; ++i) Store(scale * from[i], out[i]);
      continue;
    }
    const float *c = to.cos + row * half, *s = to.sin + row * half;
#pragma omp simd
    for (std::int64_t i = 0; i < half; ++i) {
      const float a = scale * from[i], b = scale * from[i + half];
      Store(a * c[i] + b * s[i], out[i]);
      Store(b * c[i] - a * s[i], out[i + half]);
    }
  }
}

// The index of the greatest of n values, and it.
template <class T>
ACCORD_INLINE float Greatest(std::int64_t n, const T* x) {
  float most = -std::numeric_limits<float>::infinity();
#pragma omp simd reduction(max : most)
  for (std::int64_t i = 0; i < n; ++i) most = Load(x[i]) > most ? Load(x[i]) : most;
  return most;
}

template <class T>
ACCORD_INLINE TokenLoss CrossEntropyRows(const NormShape& shape, const std::int32_t* targets, float scale,
                                         T* logits) {
  TokenLoss loss;
  for (std::int64_t row = 0; row < shape.rows; ++row, logits += shape.width) {
    const std::int32_t target = targets[row];
    if (target < 0) {
      if (scale != 0.0F) {
        for (std::int64_t i = 0; i < shape.width; ++i) Store(0.0F, logits[i]);
      }
      continue;
    }
    const float most = Greatest(shape.width, logits);
    float sum = 0.0F;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < shape.width; ++i) sum += Exp(Load(logits[i]) - most);
    const float own = Load(logits[target]) - most;
    loss.nll += std::log(static_cast<double>(sum)) - static_cast<double>(own);
    loss.correct += own == 0.0F ? 1 : 0;
    ++loss.counted;
    if (scale == 0.0F) continue;
    const float part = scale / sum;
#pragma omp simd
    for (std::int64_t i = 0; i < shape.width; ++i) Store(part * Exp(Load(logits[i]) - most), logits[i]);
    Store(part * Exp(own) - scale, logits[target]);
  }
  return loss;
}

}  // namespace

ACCORD_VERSIONS void RmsNorm(const NormShape& shape, const float* x, const float* w, float* y,
                             float* inverse) {
  NormRows(shape, x, w, y, inverse);
}
ACCORD_VERSIONS void RmsNorm(const NormShape& shape, const float* x, const float* w, Bf16* y,
                             float* inverse) {
  NormRows(shape, x, w, y, inverse);
}
ACCORD_VERSIONS void RmsNormBackward(const NormShape& shape, const NormGradient<float>& g) {
  NormRowsBackward(shape, g);
}
ACCORD_VERSIONS void RmsNormBackward(const NormShape& shape, const NormGradient<Bf16>& g) {
  NormRowsBackward(shape, g);
}
ACCORD_VERSIONS void SwiGlu(std::int64_t n, const float* gate, const float* up, float* y) {
  SwiGluAll(n, gate, up, y);
}
ACCORD_VERSIONS void SwiGlu(std::int64_t n, const Bf16* gate, const Bf16* up, Bf16* y) {
  SwiGluAll(n, gate, up, y);
}
ACCORD_VERSIONS void SwiGluBackward(std::int64_t n, const float* dy, float* gate, float* up) {
  SwiGluAllBackward(n, dy, gate, up);
}
ACCORD_VERSIONS void SwiGluBackward(std::int64_t n, const Bf16* dy, Bf16* gate, Bf16* up) {
  SwiGluAllBackward(n, dy, gate, up);
}
ACCORD_VERSIONS void PackHead(const HeadView<const float>& from, float scale, float* to) {
  Pack(from, scale, to);
}
ACCORD_VERSIONS void PackHead(const HeadView<const Bf16>& from, float scale, float* to) {
  Pack(from, scale, to);
}
ACCORD_VERSIONS void UnpackHead(const float* from, float scale, const HeadView<float>& to) {
  Unpack(from, scale, to);
}
ACCORD_VERSIONS void UnpackHead(const float* from, float scale, const HeadView<Bf16>& to) {
  Unpack(from, scale, to);
}

ACCORD_VERSIONS void CausalSoftmax(const ScoreBlock& block, float* scores, float* logsum) {
  for (std::int64_t row = 0; row < block.rows; ++row, scores += block.columns) {
    const std::int64_t seen = block.first + row + 1;
    const float most = Greatest(seen, scores);
    float sum = 0.0F;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < seen; ++i) {
      const float e = Exp(scores[i] - most);
      scores[i] = e;
      sum += e;
    }
    logsum[row] = most + std::log(sum);
    const float part = 1.0F / sum;
#pragma omp simd
    for (std::int64_t i = 0; i < seen; ++i) scores[i] *= part;
    for (std::int64_t i = seen; i < block.columns; ++i) scores[i] = 0.0F;
  }
}

ACCORD_VERSIONS void CausalSoftmaxBackward(const ScoreBlock& block, float* scores, const float* logsum,
                                           float* dp) {
  for (std::int64_t row = 0; row < block.rows; ++row, scores += block.columns, dp += block.columns) {
    const std::int64_t seen = block.first + row + 1;
    const float log = logsum[row];
    float dot = 0.0F;
#pragma omp simd reduction(+ : dot)
    for (std::int64_t i = 0; i < seen; ++i) {
      const float p = Exp(scores[i] - log);
      scores[i] = p;
      dot += p * dp[i];
    }
#pragma omp simd
    for (std::int64_t i = 0; i < seen; ++i) dp[i] = scores[i] * (dp[i] - dot);
    for (std::int64_t i = seen; i < block.columns; ++i) scores[i] = dp[i] = 0.0F;
  }
}

ACCORD_VERSIONS TokenLoss CrossEntropy(const NormShape& shape, const std::int32_t* targets, float scale,
                                       float* logits) {
  return CrossEntropyRows(shape, targets, scale, logits);
}
ACCORD_VERSIONS TokenLoss CrossEntropy(const NormShape& shape, const std::int32_t* targets, float scale,
                                       Bf16* logits) {
  return CrossEntropyRows(shape, targets, scale, logits);
}

ACCORD_VERSIONS void AddTo(std::int64_t n, const Bf16* y, float* x) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) x[i] += Load(y[i]);
}
ACCORD_VERSIONS void Convert(std::int64_t n, const float* x, Bf16* y) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) Store(x[i], y[i]);
}

}  // namespace accord::trainer
