// config.json, which stands beside the weights of a Hugging Face checkpoint and says what they are. Called by
// import and export. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "accord/job_spec.h"
#include "accord/status.h"
#include "model/byte_vocabulary.h"
#include "model/float_format.h"

namespace accord::model {

// What a config.json says beside the shape.
struct HfDetails {
  FloatFormat format = FloatFormat::kF32;  // of the weights
  std::uint64_t bos = kByteBegin, eos = kByteEnd;
};

// The text for a resolved spec, with the keys that LlamaConfig of transformers 4 writes.
[[nodiscard]] std::string HfConfigJson(const LlamaSpec& resolved, const HfDetails& details);

// The resolved spec of a config.json; what is absent has LlamaConfig's default. Fails with `model.config`,
// naming the key, for another architecture and for everything that changes what the weights mean and that a
// LlamaSpec cannot say: rope_scaling, rope_parameters of another type, attention_bias, mlp_bias, another
// hidden_act, a head_dim other than hidden_size / num_attention_heads, quantization_config; for a key of the
// wrong type or that is missing; and as ResolveLlama does. Keys that concern only training, generation or
// other programs are not looked at.
[[nodiscard]] Result<LlamaSpec> ParseHfConfig(std::string_view json);

// Whether `json` is to be a model's config.json: anything but a JSON object without model_type, which is some
// other program's.
[[nodiscard]] bool NamesModelType(std::string_view json);

// "rope_theta is 500000, in the job 10000": the first key in which what a config.json says of weights differs
// from the job; empty: none. Both resolved; max_position_embeddings is not of the weights.
[[nodiscard]] std::string DifferenceOf(const LlamaSpec& config, const LlamaSpec& job);

}  // namespace accord::model
