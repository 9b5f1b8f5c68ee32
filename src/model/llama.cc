#include "model/llama.h"

#include <cmath>
#include <numbers>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/errors.h"
#include "base/text.h"
#include "model/byte_vocabulary.h"

namespace accord::model {
namespace {

struct Preset {
  std::string_view name;
  std::uint64_t hidden, intermediate, layers, heads, positions;
};
constexpr Preset kPresets[] = {
    {"2m", 192, 576, 4, 6, 512}, {"15m", 384, 1'088, 8, 6, 1'024}, {"110m", 768, 1'920, 16, 12, 2'048}};

Status BadLlama(const std::string& what) { return Fail(errors::kModelShape, what); }

void FillIn(std::uint64_t& value, std::uint64_t otherwise) {
  if (value == 0) value = otherwise;
}

Status ApplyPreset(LlamaSpec& spec) {
  if (spec.preset.empty()) return {};
  for (const Preset& preset : kPresets) {
    if (preset.name != spec.preset) continue;
    FillIn(spec.hidden_size, preset.hidden);
    FillIn(spec.intermediate_size, preset.intermediate);
    FillIn(spec.num_hidden_layers, preset.layers);
    FillIn(spec.num_attention_heads, preset.heads);
    FillIn(spec.max_position_embeddings, preset.positions);
    return {};
  }
  return BadLlama("no model.preset is called \"" + Printable(spec.preset, 64) +
                  "\"; there are 2m, 15m, 110m");
}

Status CheckGiven(const LlamaSpec& spec) {
  const std::pair<std::string_view, std::uint64_t> needed[] = {
      {"hidden_size", spec.hidden_size},
      {"intermediate_size", spec.intermediate_size},
      {"num_hidden_layers", spec.num_hidden_layers},
      {"num_attention_heads", spec.num_attention_heads},
      {"max_position_embeddings", spec.max_position_embeddings}};
  for (const auto& [key, value] : needed) {
    if (value == 0) {
      return BadLlama("model." + std::string(key) + " is missing, and model.preset names no size");
    }
  }
  const std::tuple<std::string_view, std::uint64_t, std::uint64_t> bounded[] = {
      {"num_hidden_layers", spec.num_hidden_layers, kMaxLlamaLayers},
      {"max_position_embeddings", spec.max_position_embeddings, kMaxLlamaPositions}};
  for (const auto& [key, value, limit] : bounded) {
    if (value > limit) {
      return BadLlama("model." + std::string(key) + " is " + std::to_string(value) + "; the limit is " +
                      std::to_string(limit));
    }
  }
  if (!std::isfinite(spec.rms_norm_eps) || spec.rms_norm_eps <= 0) {
    return BadLlama("model.rms_norm_eps must be above 0");
  }
  if (!std::isfinite(spec.rope_theta) || spec.rope_theta <= 1) {
    return BadLlama("model.rope_theta must be above 1");
  }
  return {};
}

Status CheckHeads(const LlamaSpec& spec) {
  const std::string hidden = "model.hidden_size = " + std::to_string(spec.hidden_size);
  const std::string heads = "model.num_attention_heads = " + std::to_string(spec.num_attention_heads);
  if (spec.hidden_size % spec.num_attention_heads != 0) {
    return BadLlama(hidden + " is not a multiple of " + heads);
  }
  if (spec.num_attention_heads % spec.num_key_value_heads != 0) {
    return BadLlama(heads + " is not a multiple of model.num_key_value_heads = " +
                    std::to_string(spec.num_key_value_heads));
  }
  if (HeadSize(spec) % 2 != 0) {
    return BadLlama(hidden + " and " + heads + " give heads of " + std::to_string(HeadSize(spec)) +
                    "; the size of a head must be even");
  }
  return {};
}

}  // namespace

Result<LlamaSpec> ResolveLlama(LlamaSpec spec) {
  ACCORD_RETURN_IF_ERROR(ApplyPreset(spec));
  ACCORD_RETURN_IF_ERROR(CheckGiven(spec));
  FillIn(spec.vocab_size, kByteVocabulary);
  FillIn(spec.num_key_value_heads, spec.num_attention_heads);
  ACCORD_RETURN_IF_ERROR(CheckHeads(spec));
  return spec;
}

std::uint64_t HeadSize(const LlamaSpec& resolved) {
  return resolved.hidden_size / resolved.num_attention_heads;
}

std::vector<TensorSpec> LlamaTensors(const LlamaSpec& resolved) {
  const std::uint64_t hidden = resolved.hidden_size;
  const std::uint64_t inter = resolved.intermediate_size;
  const std::uint64_t shared = resolved.num_key_value_heads * HeadSize(resolved);
  std::vector<TensorSpec> tensors;
  const auto norm = [&](const std::string& name) {
    tensors.push_back({.name = name + ".weight", .shape = {hidden}, .init = {.constant = 1.0}});
  };
  const auto matrix = [&](const std::string& name, std::uint64_t out, std::uint64_t in) {
    tensors.push_back({.name = name + ".weight",
                       .shape = {out, in},
                       .init = {.bound = kLlamaInitDeviation * std::numbers::sqrt3}});
  };
  matrix("model.embed_tokens", resolved.vocab_size, hidden);
  norm("model.norm");
  if (!resolved.tie_word_embeddings) matrix("lm_head", resolved.vocab_size, hidden);
  for (std::uint64_t i = 0; i < resolved.num_hidden_layers; ++i) {
    const std::string layer = "model.layers." + std::to_string(i);
    norm(layer + ".input_layernorm");
    norm(layer + ".post_attention_layernorm");
    matrix(layer + ".self_attn.q_proj", hidden, hidden);
    matrix(layer + ".self_attn.k_proj", shared, hidden);
    matrix(layer + ".self_attn.v_proj", shared, hidden);
    matrix(layer + ".self_attn.o_proj", hidden, hidden);
    matrix(layer + ".mlp.gate_proj", inter, hidden);
    matrix(layer + ".mlp.up_proj", inter, hidden);
    matrix(layer + ".mlp.down_proj", hidden, inter);
  }
  return tensors;
}

}  // namespace accord::model
