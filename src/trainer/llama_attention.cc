#include "trainer/llama_attention.h"

#include <ATen/Parallel.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "trainer/llama_kernels.h"
#include "trainer/llama_ops.h"

namespace accord::trainer {
namespace {

// Rows of queries whose scores are formed together: few enough that what causality hides is left out, many
// enough for fast products.
constexpr std::int64_t kBlockRows = 64;

// The row blocks of one head, as views into buffers that all heads of a thread take turns in. `dq` and so on
// are used by the backward pass alone.
struct Block {
  ScoreBlock shape;
  at::Tensor q, k, v, scores, out;  // k and v: the rows that these queries see
  at::Tensor kt, vt, qt, outt, scorest, dscorest;
  at::Tensor dscores, dq, dk, dv;
};

class Scratch {
 public:
  Scratch(const AttentionShape& shape, bool backward) : length_(shape.length), width_(shape.head_size) {
    for (at::Tensor* tensor : {&q, &k, &v, &out}) *tensor = at::empty({length_, width_}, at::kFloat);
    const std::int64_t scores = std::min(kBlockRows, length_) * length_;
    scores_ = at::empty({scores}, at::kFloat);
    if (backward) {
      for (at::Tensor* tensor : {&dq, &dk, &dv}) *tensor = at::empty({length_, width_}, at::kFloat);
      dscores_ = at::empty({scores}, at::kFloat);
    }
    for (std::int64_t first = 0; first < length_; first += kBlockRows) AddBlock(first, backward);
  }

  at::Tensor q, k, v, out;  // [length, head_size]; backward: out is the gradient of the output
  at::Tensor dq, dk, dv;
  std::vector<Block> blocks;

 private:
  void AddBlock(std::int64_t first, bool backward) {
    const std::int64_t rows = std::min(kBlockRows, length_ - first), seen = first + rows;
    Block block{.shape = {rows, seen, first},
                .q = q.narrow(0, first, rows),
                .k = k.narrow(0, 0, seen),
                .v = v.narrow(0, 0, seen),
                .scores = at::from_blob(scores_.data_ptr(), {rows, seen}, at::kFloat),
                .out = out.narrow(0, first, rows)};
    block.kt = block.k.t();
    if (backward) {
      block.vt = block.v.t();
      block.qt = block.q.t();
      block.outt = block.out.t();
      block.dscores = at::from_blob(dscores_.data_ptr(), {rows, seen}, at::kFloat);
      block.scorest = block.scores.t();
      block.dscorest = block.dscores.t();
      block.dq = dq.narrow(0, first, rows);
      block.dk = dk.narrow(0, 0, seen);
      block.dv = dv.narrow(0, 0, seen);
    }
    blocks.push_back(std::move(block));
  }

  std::int64_t length_, width_;
  at::Tensor scores_, dscores_;
};

// One head of one sequence inside a tensor [batch * length, width of all heads].
template <class T>
HeadView<T> Head(const AttentionShape& shape, const at::Tensor& tensor, std::int64_t sequence,
                 std::int64_t head, const Rotary* rotary) {
  auto* data = Elements<std::remove_const_t<T>>(tensor);
  return {.data = data + sequence * shape.length * tensor.size(1) + head * shape.head_size,
          .rows = shape.length,
          .stride = tensor.size(1),
          .width = shape.head_size,
          .cos = rotary == nullptr ? nullptr : Elements<float>(rotary->cos),
          .sin = rotary == nullptr ? nullptr : Elements<float>(rotary->sin)};
}

float ScoreScale(const AttentionShape& shape) {
  return 1.0F / std::sqrt(static_cast<float>(shape.head_size));
}

template <class T>
void ForwardAll(const AttentionShape& shape, const Rotary& rotary, const AttentionTensors& t,
                const at::Tensor& out) {
  at::parallel_for(0, shape.batch * shape.kv_heads, 1, [&](std::int64_t begin, std::int64_t end) {
    Scratch scratch(shape, false);
    const std::int64_t group = shape.heads / shape.kv_heads;
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t sequence = i / shape.kv_heads, kv = i % shape.kv_heads;
      PackHead(Head<const T>(shape, t.k, sequence, kv, &rotary), 1.0F, Elements<float>(scratch.k));
      PackHead(Head<const T>(shape, t.v, sequence, kv, nullptr), 1.0F, Elements<float>(scratch.v));
      for (std::int64_t head = kv * group; head < (kv + 1) * group; ++head) {
        PackHead(Head<const T>(shape, t.q, sequence, head, &rotary), ScoreScale(shape),
                 Elements<float>(scratch.q));
        float* logsum = Elements<float>(t.logsum) + (sequence * shape.heads + head) * shape.length;
        for (Block& block : scratch.blocks) {
          at::mm_out(block.scores, block.q, block.kt);
          CausalSoftmax(block.shape, Elements<float>(block.scores), logsum + block.shape.first);
          at::mm_out(block.out, block.scores, block.v);
        }
        UnpackHead(Elements<float>(scratch.out), 1.0F, Head<T>(shape, out, sequence, head, nullptr));
      }
    }
  });
}

void BackwardHead(Scratch& scratch, const float* logsum) {
  for (Block& block : scratch.blocks) {
    at::mm_out(block.scores, block.q, block.kt);
    at::mm_out(block.dscores, block.out, block.vt);
    CausalSoftmaxBackward(block.shape, Elements<float>(block.scores), logsum + block.shape.first,
                          Elements<float>(block.dscores));
    at::mm_out(block.dq, block.dscores, block.k);
    at::addmm_out(block.dk, block.dk, block.dscorest, block.q);
    at::addmm_out(block.dv, block.dv, block.scorest, block.out);
  }
}

template <class T>
void BackwardAll(const AttentionShape& shape, const Rotary& rotary, const AttentionTensors& t,
                 const at::Tensor& dout) {
  at::parallel_for(0, shape.batch * shape.kv_heads, 1, [&](std::int64_t begin, std::int64_t end) {
    Scratch scratch(shape, true);
    const std::int64_t group = shape.heads / shape.kv_heads;
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t sequence = i / shape.kv_heads, kv = i % shape.kv_heads;
      const auto k = Head<T>(shape, t.k, sequence, kv, &rotary);
      const auto v = Head<T>(shape, t.v, sequence, kv, nullptr);
      PackHead(Head<const T>(shape, t.k, sequence, kv, &rotary), 1.0F, Elements<float>(scratch.k));
      PackHead(Head<const T>(shape, t.v, sequence, kv, nullptr), 1.0F, Elements<float>(scratch.v));
      scratch.dk.zero_();
      scratch.dv.zero_();
      for (std::int64_t head = kv * group; head < (kv + 1) * group; ++head) {
        PackHead(Head<const T>(shape, t.q, sequence, head, &rotary), ScoreScale(shape),
                 Elements<float>(scratch.q));
        PackHead(Head<const T>(shape, dout, sequence, head, nullptr), 1.0F, Elements<float>(scratch.out));
        BackwardHead(scratch, Elements<float>(t.logsum) + (sequence * shape.heads + head) * shape.length);
        UnpackHead(Elements<float>(scratch.dq), ScoreScale(shape),
                   Head<T>(shape, t.q, sequence, head, &rotary));
      }
      UnpackHead(Elements<float>(scratch.dk), 1.0F, k);
      UnpackHead(Elements<float>(scratch.dv), 1.0F, v);
    }
  });
}

}  // namespace

Rotary MakeRotary(std::int64_t positions, std::int64_t head_size, double theta) {
  const std::int64_t half = head_size / 2;
  Rotary rotary{at::empty({positions, half}, at::kFloat), at::empty({positions, half}, at::kFloat)};
  for (std::int64_t i = 0; i < half; ++i) {
    // Angles are rounded to f32 as there: at great positions that is what a trained model has seen.
    const auto turn = static_cast<float>(
        1.0 / std::pow(theta, static_cast<double>(2 * i) / static_cast<double>(head_size)));
    for (std::int64_t p = 0; p < positions; ++p) {
      const double angle = static_cast<float>(p) * turn;
      Elements<float>(rotary.cos)[p * half + i] = static_cast<float>(std::cos(angle));
      Elements<float>(rotary.sin)[p * half + i] = static_cast<float>(std::sin(angle));
    }
  }
  return rotary;
}

void Attention(const AttentionShape& shape, const Rotary& rotary, const AttentionTensors& t,
               const at::Tensor& out) {
  t.q.scalar_type() == at::kFloat ? ForwardAll<float>(shape, rotary, t, out)
                                  : ForwardAll<Bf16>(shape, rotary, t, out);
}

void AttentionBackward(const AttentionShape& shape, const Rotary& rotary, const AttentionTensors& t,
                       const at::Tensor& dout) {
  t.q.scalar_type() == at::kFloat ? BackwardAll<float>(shape, rotary, t, dout)
                                  : BackwardAll<Bf16>(shape, rotary, t, dout);
}

void AttentionOnward(const AttentionShape& shape, const Rotary& rotary, const AttentionTensors& t,
                     const AttentionPast& past, std::int64_t first, const at::Tensor& out) {
  const Rotary here{rotary.cos.narrow(0, first, shape.length), rotary.sin.narrow(0, first, shape.length)};
  const std::int64_t group = shape.heads / shape.kv_heads, seen = first + shape.length;
  const at::Tensor logsum = at::empty({shape.length}, at::kFloat);
  at::Tensor q = at::empty({shape.length, shape.head_size}, at::kFloat);
  at::Tensor scores = at::empty({shape.length, seen}, at::kFloat);
  for (std::int64_t kv = 0; kv < shape.kv_heads; ++kv) {
    const at::Tensor k = past.k[kv].narrow(0, 0, seen), v = past.v[kv].narrow(0, 0, seen);
    const std::int64_t at = first * shape.head_size;
    PackHead(Head<const float>(shape, t.k, 0, kv, &here), 1.0F, Elements<float>(k) + at);
    PackHead(Head<const float>(shape, t.v, 0, kv, nullptr), 1.0F, Elements<float>(v) + at);
    for (std::int64_t head = kv * group; head < (kv + 1) * group; ++head) {
      PackHead(Head<const float>(shape, t.q, 0, head, &here), ScoreScale(shape), Elements<float>(q));
      at::mm_out(scores, q, k.t());
      CausalSoftmax({shape.length, seen, first}, Elements<float>(scores), Elements<float>(logsum));
      at::mm_out(q, scores, v);
      UnpackHead(Elements<float>(q), 1.0F, Head<float>(shape, out, 0, head, nullptr));
    }
  }
}

}  // namespace accord::trainer
