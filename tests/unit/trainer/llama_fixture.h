// Small models of the kind llama with weights that make every part of them matter.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "accord/job_spec.h"
#include "model/init.h"
#include "model/layout.h"
#include "trainer/llama.h"

namespace accord::trainer {

struct SmallLlama {
  explicit SmallLlama(const LlamaSpec& llama, std::uint64_t seed = 5) {
    spec = model::Resolve({.kind = "llama", .llama = llama}).value();
    layout = model::BuildLayout(spec).value();
    weights.resize(layout.size);
    for (TensorSpec tensor : layout.tensors) {
      const bool norm = tensor.shape.size() == 1;
      tensor.init.bound = 0.4;  // far from what training starts with, where a layer does next to nothing
      const auto part = std::span(weights).subspan(tensor.offset, tensor.size);
      model::InitialTensor(tensor, seed, 0, part);
      for (float& x : part) x += norm ? 1.0F : 0.0F;
    }
  }

  [[nodiscard]] Llama Make(const Llama::Options& options = {}) const {
    Llama made(spec.llama, layout, options);
    std::copy(weights.begin(), weights.end(), made.weights().data_ptr<float>());
    return made;
  }
  // `windows` rows of `context` + 1 tokens that are no pattern.
  [[nodiscard]] std::vector<std::int32_t> Tokens(std::int64_t windows, std::int64_t context) const {
    std::vector<std::int32_t> tokens(static_cast<std::size_t>(windows * (context + 1)));
    std::uint32_t state = 9;
    for (std::int32_t& token : tokens) {
      state = state * 1664525U + 1013904223U;
      token = static_cast<std::int32_t>((state >> 8) % spec.llama.vocab_size);
    }
    return tokens;
  }

  ModelSpec spec;
  ModelLayout layout;
  std::vector<float> weights;
};

inline LlamaSpec TinyLlama() {
  return {.vocab_size = 19,
          .hidden_size = 24,
          .intermediate_size = 40,
          .num_hidden_layers = 2,
          .num_attention_heads = 4,
          .num_key_value_heads = 2,
          .max_position_embeddings = 160};
}

}  // namespace accord::trainer
