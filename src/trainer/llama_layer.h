// One layer of a Llama, forward and backward by hand: what the backward pass needs lies in buffers that are
// made once, and gradients are added where the optimizer reads them. Used by llama.cc; knows ATen.
#pragma once

#include <vector>

#include "accord/job_spec.h"
#include "accord/model.h"
#include "trainer/aten.h"
#include "trainer/llama_attention.h"

namespace accord::trainer {

struct LayerTensors {
  at::Tensor norm1, q, k, v, o, norm2, gate, up, down;
};
struct LlamaTensors {
  at::Tensor embed, norm, head;  // head is embed where embeddings are tied
  std::vector<LayerTensors> layers;
};
// The tensors of `layout`, which model::LlamaTensors made for `spec`, as aliases of parts of `flat`.
[[nodiscard]] LlamaTensors BindLlama(const LlamaSpec& spec, const ModelLayout& layout,
                                     const at::Tensor& flat);

// What a layer's backward pass reads, and where it works. Of the dtype of the products, but for what the
// residual stream and the norms need.
struct LayerBuffers {
  LayerBuffers(const LlamaSpec& spec, const AttentionShape& shape, at::ScalarType type);

  at::Tensor normed1, inverse1, q, k, v, logsum, attended, middle, normed2, inverse2, gate, up, hidden;
};
// Where all layers' backward passes work.
struct BackwardBuffers {
  BackwardBuffers(const LlamaSpec& spec, const AttentionShape& shape, at::ScalarType type);

  at::Tensor dy, dnormed, dattended, dhidden;
};

struct LayerContext {
  AttentionShape shape;
  const Rotary& rotary;
  float epsilon;
};

// The two parts of a layer around its attention: from x to b.q, b.k and b.v; from b.attended to `y`.
void LayerBefore(float epsilon, const LayerTensors& w, const at::Tensor& x, LayerBuffers& b);
void LayerAfter(float epsilon, const LayerTensors& w, const at::Tensor& x, LayerBuffers& b, at::Tensor y);
// From x, the residual stream [tokens, hidden_size] f32, to the buffers and to `y`, the stream after the
// layer; an undefined `y` is left out.
void LayerForward(const LayerContext& context, const LayerTensors& w, const at::Tensor& x,
                  LayerBuffers& buffers, at::Tensor y);
// dx, the gradient of the stream after the layer, becomes that before it; adds to the gradients dw. Spoils
// the buffers.
struct LayerGradients {
  LayerTensors& dw;
  const at::Tensor& dx;
};
void LayerBackward(const LayerContext& context, const LayerTensors& w, const at::Tensor& x,
                   LayerBuffers& buffers, BackwardBuffers& work, LayerGradients gradients);

}  // namespace accord::trainer
