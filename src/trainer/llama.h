// The model kind `llama` over one flat buffer: pre-RMSNorm, rotary positions, SwiGLU, shared key and value
// heads, a tied or an own head, as Hugging Face's LlamaForCausalLM computes it. Both passes are written out
// (llama_layer.h), without autograd. Used by the trainer and the generator, one thread at a time; internal,
// knows ATen. On the processor only.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "accord/job_spec.h"
#include "accord/model.h"
#include "trainer/aten.h"
#include "trainer/llama_kernels.h"
#include "trainer/llama_layer.h"

namespace accord::trainer {

// `windows` rows of `context` + 1 tokens below the vocabulary's size: the first `context` are read, the last
// `context` predicted.
struct TokenBatch {
  std::span<const std::int32_t> tokens;
  std::int64_t windows, context;
  std::int64_t uncounted = 0;  // first predictions of the last row that do not count
};

class Llama {
 public:
  struct Options {
    Precision precision = Precision::kF32;  // of the matrix products in training; loss and logits are f32
    bool checkpointing = false;             // a layer's activations are computed again in the backward pass
  };

  // `spec` resolved (model::ResolveLlama) and `layout` that of it. Allocates layout.size f32 for the weights,
  // all zero; the gradients come with the first call of gradients() or AddGradient.
  Llama(const LlamaSpec& spec, const ModelLayout& layout, Options options);
  ~Llama();
  Llama(Llama&&) noexcept;

  // The flat buffers; writing them is writing the model.
  [[nodiscard]] const at::Tensor& weights() const { return weights_; }
  [[nodiscard]] const at::Tensor& gradients();
  [[nodiscard]] const LlamaTensors& tensors() const { return tensors_; }
  [[nodiscard]] const LlamaSpec& spec() const { return spec_; }

  // Adds scale * d(sum of the losses) / d(weights) to the gradients.
  TokenLoss AddGradient(const TokenBatch& batch, double scale);
  // The sum of the losses, without a gradient.
  [[nodiscard]] TokenLoss Loss(const TokenBatch& batch);
  // f32 [windows * context, vocab_size].
  [[nodiscard]] at::Tensor Logits(const TokenBatch& batch);

 private:
  struct Pass;

  [[nodiscard]] Pass& PassFor(std::unique_ptr<Pass>& pass, const TokenBatch& batch, bool train);
  // From tokens to the last layer's normed output.
  void Forward(Pass& pass, const TokenBatch& batch);
  void Backward(Pass& pass, const TokenBatch& batch);
  // Loss of the rows of pass.normed and, in training, their gradient.
  TokenLoss Head(Pass& pass, const TokenBatch& batch, float scale);
  [[nodiscard]] LayerContext ContextOf(const Pass& pass) const;

  LlamaSpec spec_;
  ModelLayout layout_;
  Options options_;
  at::Tensor weights_, gradients_, rounded_;  // rounded_: bf16, of weights_
  LlamaTensors tensors_, dtensors_, rounded_tensors_;
  Rotary rotary_;  // of as many positions as a batch has had
  std::unique_ptr<Pass> train_, evaluate_;
};

}  // namespace accord::trainer
