// The loops of a Llama between its matrix products, each one pass over memory where a library of tensor
// operations needs several: at the sizes that nations train on processors these passes, not the products,
// were most of a step. Plain C++ that the compiler vectorises, in one version for each generation of
// processors. Called by llama*.cc. Pure; any thread; callers split rows between threads. No torch here.
//
// Shapes are [rows, width], contiguous unless a stride is named. T is float or Bf16: what the products read
// and write; sums are formed in float. x is the residual stream, float always.
#pragma once

#include <cstdint>

namespace accord::trainer {

struct Bf16 {
  std::uint16_t bits;
};

struct NormShape {
  std::int64_t rows, width;
  float epsilon;
};

// y = w * x / rms, rms = sqrt(mean(x^2) + epsilon); `inverse` [rows] gets 1 / rms.
void RmsNorm(const NormShape& shape, const float* x, const float* w, float* y, float* inverse);
void RmsNorm(const NormShape& shape, const float* x, const float* w, Bf16* y, float* inverse);

template <class T>
struct NormGradient {
  const T* dy;
  const float *x, *w, *inverse;
  float *dx, *dw;  // added to
};
void RmsNormBackward(const NormShape& shape, const NormGradient<float>& g);
void RmsNormBackward(const NormShape& shape, const NormGradient<Bf16>& g);

// y = gate * sigmoid(gate) * up, over n elements.
void SwiGlu(std::int64_t n, const float* gate, const float* up, float* y);
void SwiGlu(std::int64_t n, const Bf16* gate, const Bf16* up, Bf16* y);
// gate and up become their own gradients.
void SwiGluBackward(std::int64_t n, const float* dy, float* gate, float* up);
void SwiGluBackward(std::int64_t n, const Bf16* dy, Bf16* gate, Bf16* up);

// One head of queries, keys, values or their gradients inside [rows, all heads].
template <class T>
struct HeadView {
  T* data;
  std::int64_t rows, stride, width;
  // cos and sin [rows, width / 2] of the positions; null: not turned. Hugging Face's convention: element i is
  // paired with i + width / 2.
  const float *cos, *sin;
};
// to [rows, width] = scale * turned rows.
void PackHead(const HeadView<const float>& from, float scale, float* to);
void PackHead(const HeadView<const Bf16>& from, float scale, float* to);
// The adjoint: rows = scale * `from`, turned back.
void UnpackHead(const float* from, float scale, const HeadView<float>& to);
void UnpackHead(const float* from, float scale, const HeadView<Bf16>& to);

// A block of attention scores [rows, columns]; row r sees the columns 0 .. first + r, the others are 0 after.
struct ScoreBlock {
  std::int64_t rows, columns, first;
};
// Scores become probabilities; `logsum` [rows] gets log(sum(exp(scores))).
void CausalSoftmax(const ScoreBlock& block, float* scores, float* logsum);
// The same probabilities once more from scores and `logsum`; then `dp`, gradients of the probabilities,
// become those of the scores.
void CausalSoftmaxBackward(const ScoreBlock& block, float* scores, const float* logsum, float* dp);

struct TokenLoss {
  double nll = 0.0;  // sum over the rows that count, in nats
  std::int64_t counted = 0;
  std::int64_t correct = 0;  // rows whose greatest logit is their target's
};
// Cross entropy of logits [rows, width]. A target below 0 is padding: it does not count and its gradient is
// 0. With scale != 0 the logits become scale * d nll / d logits.
TokenLoss CrossEntropy(const NormShape& shape, const std::int32_t* targets, float scale, float* logits);
TokenLoss CrossEntropy(const NormShape& shape, const std::int32_t* targets, float scale, Bf16* logits);

// x += y over n elements.
void AddTo(std::int64_t n, const Bf16* y, float* x);
void Convert(std::int64_t n, const float* x, Bf16* y);

}  // namespace accord::trainer
