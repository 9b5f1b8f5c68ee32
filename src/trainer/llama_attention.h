// Causal attention of rotated queries over keys and values, forward and backward, with the memory of one
// block of scores instead of all: the backward pass forms them again from their sums (Dao et al. 2022,
// section 3.1). Used by llama_layer.cc; knows ATen. Any thread; splits heads between the threads of
// at::parallel_for.
#pragma once

#include <cstdint>

#include "trainer/aten.h"

namespace accord::trainer {

struct AttentionShape {
  std::int64_t batch, length;               // sequences, and tokens in each
  std::int64_t heads, kv_heads, head_size;  // head h uses key and value head h / (heads / kv_heads)
};

// cos and sin of each position's angles, f32 [positions, head_size / 2], as Hugging Face computes them.
struct Rotary {
  at::Tensor cos, sin;
};
[[nodiscard]] Rotary MakeRotary(std::int64_t positions, std::int64_t head_size, double theta);

// Tensors of one dtype, f32 or bf16, [batch * length, heads (or kv_heads) * head_size], contiguous, not yet
// rotated; logsum f32 [batch, heads, length].
struct AttentionTensors {
  at::Tensor q, k, v, logsum;
};

// Writes t.logsum and `out`, like q.
void Attention(const AttentionShape& shape, const Rotary& rotary, const AttentionTensors& t,
               const at::Tensor& out);
// q, k and v become their own gradients; `dout` is that of `out`.
void AttentionBackward(const AttentionShape& shape, const Rotary& rotary, const AttentionTensors& t,
                       const at::Tensor& dout);

// Keys, rotated, and values of the tokens read so far: f32 [kv_heads, positions, head_size].
struct AttentionPast {
  at::Tensor k, v;
};
// One sequence that goes on (shape.batch = 1): t holds its tokens from position `first` on, f32. Adds their
// keys and values to `past` and attends to all of it.
void AttentionOnward(const AttentionShape& shape, const Rotary& rotary, const AttentionTensors& t,
                     const AttentionPast& past, std::int64_t first, const at::Tensor& out);

}  // namespace accord::trainer
