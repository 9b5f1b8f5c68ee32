#include "trainer/llama_ops.h"

#include <ATen/Parallel.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <vector>

namespace accord::trainer {
namespace {

constexpr std::int64_t kGrain = 16'384;  // elements below which another thread costs more than it gains

bool IsFloat(const at::Tensor& tensor) { return tensor.scalar_type() == at::kFloat; }

// Calls body(first, count) for ranges of `rows`, each row of `width` elements.
template <class Body>
void SplitRows(std::int64_t rows, std::int64_t width, const Body& body) {
  const std::int64_t grain = std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(1, width));
  at::parallel_for(0, rows, grain, [&](std::int64_t begin, std::int64_t end) { body(begin, end - begin); });
}

// The same with numbered parts, a function of the thread count alone, for what is added up afterwards.
template <class Body>
std::int64_t SplitParts(std::int64_t rows, std::int64_t width, const Body& body) {
  const std::int64_t most = rows * width / kGrain;
  const std::int64_t parts = std::clamp<std::int64_t>(most, 1, at::get_num_threads());
  at::parallel_for(0, parts, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t part = begin; part < end; ++part) {
      const std::int64_t first = rows * part / parts;
      body(part, first, rows * (part + 1) / parts - first);
    }
  });
  return parts;
}

template <class T>
void NormBackwardAs(const NormTensors& t, const at::Tensor& dy, const at::Tensor& dx, const at::Tensor& dw) {
  const std::int64_t width = t.x.size(1);
  const at::Tensor sums = at::zeros({at::get_num_threads(), width}, at::kFloat);
  SplitParts(t.x.size(0), width, [&](std::int64_t part, std::int64_t first, std::int64_t count) {
    const std::int64_t at = first * width;
    RmsNormBackward(NormShape{count, width, 0.0F},
                    NormGradient<T>{.dy = Elements<T>(dy) + at,
                                    .x = Elements<float>(t.x) + at,
                                    .w = Elements<float>(t.w),
                                    .inverse = Elements<float>(t.inverse) + first,
                                    .dx = Elements<float>(dx) + at,
                                    .dw = Elements<float>(sums) + part * width});
  });
  for (std::int64_t part = 0; part < sums.size(0); ++part) dw.add_(sums[part]);
}

template <class T>
TokenLoss TokensLossAs(const at::Tensor& logits, std::span<const std::int32_t> targets, float scale) {
  const std::int64_t width = logits.size(1);
  std::vector<TokenLoss> losses(static_cast<std::size_t>(at::get_num_threads()));
  SplitParts(logits.size(0), width, [&](std::int64_t part, std::int64_t first, std::int64_t count) {
    losses[static_cast<std::size_t>(part)] = CrossEntropy(
        NormShape{count, width, 0.0F}, targets.data() + first, scale, Elements<T>(logits) + first * width);
  });
  TokenLoss sum;
  for (const TokenLoss& loss : losses) {
    sum.nll += loss.nll;
    sum.counted += loss.counted;
    sum.correct += loss.correct;
  }
  return sum;
}

}  // namespace

void Norm(const NormTensors& t, float epsilon, const at::Tensor& y) {
  const std::int64_t width = t.x.size(1);
  SplitRows(t.x.size(0), width, [&](std::int64_t first, std::int64_t count) {
    const NormShape shape{count, width, epsilon};
    const float* x = Elements<float>(t.x) + first * width;
    float* inverse = Elements<float>(t.inverse) + first;
    IsFloat(y) ? RmsNorm(shape, x, Elements<float>(t.w), Elements<float>(y) + first * width, inverse)
               : RmsNorm(shape, x, Elements<float>(t.w), Elements<Bf16>(y) + first * width, inverse);
  });
}

void NormBackward(const NormTensors& t, const at::Tensor& dy, const at::Tensor& dx, const at::Tensor& dw) {
  IsFloat(dy) ? NormBackwardAs<float>(t, dy, dx, dw) : NormBackwardAs<Bf16>(t, dy, dx, dw);
}

void Gated(const at::Tensor& gate, const at::Tensor& up, const at::Tensor& y) {
  SplitRows(y.numel(), 1, [&](std::int64_t at, std::int64_t n) {
    IsFloat(y) ? SwiGlu(n, Elements<float>(gate) + at, Elements<float>(up) + at, Elements<float>(y) + at)
               : SwiGlu(n, Elements<Bf16>(gate) + at, Elements<Bf16>(up) + at, Elements<Bf16>(y) + at);
  });
}

void GatedBackward(const at::Tensor& dy, const at::Tensor& gate, const at::Tensor& up) {
  SplitRows(dy.numel(), 1, [&](std::int64_t at, std::int64_t n) {
    IsFloat(dy)
        ? SwiGluBackward(n, Elements<float>(dy) + at, Elements<float>(gate) + at, Elements<float>(up) + at)
        : SwiGluBackward(n, Elements<Bf16>(dy) + at, Elements<Bf16>(gate) + at, Elements<Bf16>(up) + at);
  });
}

TokenLoss TokensLoss(const at::Tensor& logits, std::span<const std::int32_t> targets, float scale) {
  return IsFloat(logits) ? TokensLossAs<float>(logits, targets, scale)
                         : TokensLossAs<Bf16>(logits, targets, scale);
}

void Add(const at::Tensor& y, const at::Tensor& x) {
  if (IsFloat(y)) {
    x.add_(y);
    return;
  }
  SplitRows(x.numel(), 1, [&](std::int64_t at, std::int64_t n) {
    AddTo(n, Elements<Bf16>(y) + at, Elements<float>(x) + at);
  });
}

const at::Tensor& Rounded(const at::Tensor& x, const at::Tensor& as) {
  if (IsFloat(as)) return x;
  SplitRows(x.numel(), 1, [&](std::int64_t at, std::int64_t n) {
    Convert(n, Elements<float>(x) + at, Elements<Bf16>(as) + at);
  });
  return as;
}

void Product(const at::Tensor& x, const at::Tensor& w, at::Tensor& y) { at::mm_out(y, x, w.t()); }

void ProductPlus(const at::Tensor& r, const at::Tensor& x, const at::Tensor& w, at::Tensor& y) {
  if (IsFloat(x)) {
    at::addmm_out(y, r, x, w.t());
    return;
  }
  y.copy_(r);
  Add(at::mm(x, w.t()), y);
}

void ProductBackward(const at::Tensor& dy, const at::Tensor& w, at::Tensor& dx, Into into) {
  if (into == Into::kNew) {
    at::mm_out(dx, dy, w);
  } else {
    at::addmm_out(dx, dx, dy, w);
  }
}

void WeightBackward(const at::Tensor& dy, const at::Tensor& x, at::Tensor& dw) {
  if (IsFloat(x)) {
    at::addmm_out(dw, dw, dy.t(), x);
  } else {
    Add(at::mm(dy.t(), x), dw);
  }
}

}  // namespace accord::trainer
