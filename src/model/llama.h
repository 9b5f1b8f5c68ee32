// The llama kind: a decoder of pre-RMSNorm, rotary attention with shared key and value heads, and SwiGLU,
// laid out tensor by tensor as Hugging Face's LlamaForCausalLM has it, so that its files are ours. Called by
// layout.cc and by whoever reads or writes such files. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "accord/job_spec.h"
#include "accord/model.h"
#include "accord/status.h"

namespace accord::model {

inline constexpr std::uint64_t kMaxLlamaLayers = 1'024;
// What is kept of each position grows with this number and not with the weights, so that a small file could
// ask for any memory; the longest contexts that are published are as long.
inline constexpr std::uint64_t kMaxLlamaPositions = 1 << 20;
inline constexpr double kLlamaInitDeviation = 0.02;  // HF's initializer_range

// `spec` with nothing left open. Keys that are given stand; of the others those of the preset hold, then
//   vocab_size           the byte vocabulary (model/byte_vocabulary.h)
//   num_key_value_heads  num_attention_heads
// The presets, with the parameters that each has over the byte vocabulary with tied embeddings (a vocabulary
// of V tokens adds (V - 259) * hidden_size):
//   preset  hidden  intermediate  layers  heads  positions  parameters
//   2m         192           576       4      6        512    1'968'384
//   15m        384         1'088       8      6      1'024   14'851'584
//   110m       768         1'920      16     12      2'048  108'751'872
// Fails with `model.shape`, naming the key, for an unknown preset, a dimension that is missing, heads that do
// not divide hidden_size, key and value heads that do not divide the heads, a head of odd size (positions
// turn its pairs), more than kMaxLlamaLayers layers or kMaxLlamaPositions positions, and an rms_norm_eps or
// rope_theta that is no use.
[[nodiscard]] Result<LlamaSpec> ResolveLlama(LlamaSpec spec);

// hidden_size / num_attention_heads of a resolved spec.
[[nodiscard]] std::uint64_t HeadSize(const LlamaSpec& resolved);

// The tensors of a resolved spec, for MakeLayout:
//   model.embed_tokens.weight [V, H], model.norm.weight [H], lm_head.weight [V, H] unless embeddings are tied
//   model.layers.{i}.input_layernorm.weight [H], .post_attention_layernorm.weight [H]
//   model.layers.{i}.self_attn.{q_proj [H, H], k_proj, v_proj [KV * H / heads, H], o_proj [H, H]}.weight
//   model.layers.{i}.mlp.{gate_proj [I, H], up_proj [I, H], down_proj [H, I]}.weight
// Norms start at 1; all else uniform with the deviation 0.02, which is a bound of 0.02 * sqrt(3).
[[nodiscard]] std::vector<TensorSpec> LlamaTensors(const LlamaSpec& resolved);

}  // namespace accord::model
