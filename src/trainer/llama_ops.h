// The kernels of llama_kernels.h over tensors: of either dtype, their rows split between the threads of
// at::parallel_for. Used by llama*.cc; knows ATen. Tensors are contiguous, [rows, width], on the processor.
#pragma once

#include <cstdint>
#include <span>

#include "trainer/aten.h"
#include "trainer/llama_kernels.h"

namespace accord::trainer {

// The elements of a contiguous tensor whose dtype is that of T.
template <class T>
[[nodiscard]] T* Elements(const at::Tensor& tensor) {
  return static_cast<T*>(tensor.data_ptr());
}

struct NormTensors {
  at::Tensor x, w, inverse;  // f32 [rows, width], [width], [rows]
};
void Norm(const NormTensors& t, float epsilon, const at::Tensor& y);
// Adds to dx and dw.
void NormBackward(const NormTensors& t, const at::Tensor& dy, const at::Tensor& dx, const at::Tensor& dw);

void Gated(const at::Tensor& gate, const at::Tensor& up, const at::Tensor& y);
void GatedBackward(const at::Tensor& dy, const at::Tensor& gate, const at::Tensor& up);

// As CrossEntropy of llama_kernels.h.
TokenLoss TokensLoss(const at::Tensor& logits, std::span<const std::int32_t> targets, float scale);

// x (f32) += y (either).
void Add(const at::Tensor& y, const at::Tensor& x);
// x itself, or where `as` is bf16 its rounding, written to `as`.
[[nodiscard]] const at::Tensor& Rounded(const at::Tensor& x, const at::Tensor& as);

// y = x w', for x and w of one dtype.
void Product(const at::Tensor& x, const at::Tensor& w, at::Tensor& y);
// y (f32) = r + x w'.
void ProductPlus(const at::Tensor& r, const at::Tensor& x, const at::Tensor& w, at::Tensor& y);
// The gradients of y = x w': dw (f32) += dy' x, and dx = dy w, or dx += dy w.
enum class Into : std::uint8_t { kNew, kSum };
void ProductBackward(const at::Tensor& dy, const at::Tensor& w, at::Tensor& dx, Into into);
void WeightBackward(const at::Tensor& dy, const at::Tensor& x, at::Tensor& dw);

}  // namespace accord::trainer
