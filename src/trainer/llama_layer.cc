#include "trainer/llama_layer.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <string>

#include "base/check.h"
#include "model/layout.h"
#include "trainer/llama_ops.h"

namespace accord::trainer {

LlamaTensors BindLlama(const LlamaSpec& spec, const ModelLayout& layout, const at::Tensor& flat) {
  const auto bind = [&](const std::string& name) {
    const TensorSpec* tensor = model::FindTensor(layout, name + ".weight");
    ACCORD_CHECK(tensor != nullptr);
    const std::vector<std::int64_t> shape(tensor->shape.begin(), tensor->shape.end());
    auto* data = static_cast<char*>(flat.data_ptr()) + tensor->offset * flat.element_size();
    return at::from_blob(data, shape, flat.options());
  };
  LlamaTensors tensors{.embed = bind("model.embed_tokens"), .norm = bind("model.norm")};
  tensors.head = spec.tie_word_embeddings ? tensors.embed : bind("lm_head");
  for (std::uint64_t i = 0; i < spec.num_hidden_layers; ++i) {
    const std::string layer = "model.layers." + std::to_string(i) + ".";
    tensors.layers.push_back({.norm1 = bind(layer + "input_layernorm"),
                              .q = bind(layer + "self_attn.q_proj"),
                              .k = bind(layer + "self_attn.k_proj"),
                              .v = bind(layer + "self_attn.v_proj"),
                              .o = bind(layer + "self_attn.o_proj"),
                              .norm2 = bind(layer + "post_attention_layernorm"),
                              .gate = bind(layer + "mlp.gate_proj"),
                              .up = bind(layer + "mlp.up_proj"),
                              .down = bind(layer + "mlp.down_proj")});
  }
  return tensors;
}

LayerBuffers::LayerBuffers(const LlamaSpec& spec, const AttentionShape& shape, at::ScalarType type) {
  const std::int64_t tokens = shape.batch * shape.length;
  const auto width = static_cast<std::int64_t>(spec.hidden_size);
  const auto inner = static_cast<std::int64_t>(spec.intermediate_size);
  const std::int64_t kv = shape.kv_heads * shape.head_size;
  for (at::Tensor* t : {&normed1, &q, &attended, &normed2}) *t = at::empty({tokens, width}, type);
  for (at::Tensor* t : {&k, &v}) *t = at::empty({tokens, kv}, type);
  for (at::Tensor* t : {&gate, &up, &hidden}) *t = at::empty({tokens, inner}, type);
  for (at::Tensor* t : {&inverse1, &inverse2}) *t = at::empty({tokens}, at::kFloat);
  middle = at::empty({tokens, width}, at::kFloat);
  logsum = at::empty({shape.batch, shape.heads, shape.length}, at::kFloat);
}

BackwardBuffers::BackwardBuffers(const LlamaSpec& spec, const AttentionShape& shape, at::ScalarType type) {
  const std::int64_t tokens = shape.batch * shape.length;
  const auto width = static_cast<std::int64_t>(spec.hidden_size);
  for (at::Tensor* t : {&dy, &dnormed, &dattended}) *t = at::empty({tokens, width}, type);
  dhidden = at::empty({tokens, static_cast<std::int64_t>(spec.intermediate_size)}, type);
}

void LayerBefore(float epsilon, const LayerTensors& w, const at::Tensor& x, LayerBuffers& b) {
  Norm({x, w.norm1, b.inverse1}, epsilon, b.normed1);
  Product(b.normed1, w.q, b.q);
  Product(b.normed1, w.k, b.k);
  Product(b.normed1, w.v, b.v);
}

void LayerAfter(float epsilon, const LayerTensors& w, const at::Tensor& x, LayerBuffers& b, at::Tensor y) {
  ProductPlus(x, b.attended, w.o, b.middle);
  Norm({b.middle, w.norm2, b.inverse2}, epsilon, b.normed2);
  Product(b.normed2, w.gate, b.gate);
  Product(b.normed2, w.up, b.up);
  Gated(b.gate, b.up, b.hidden);
  if (y.defined()) ProductPlus(b.middle, b.hidden, w.down, y);
}

void LayerForward(const LayerContext& context, const LayerTensors& w, const at::Tensor& x, LayerBuffers& b,
                  at::Tensor y) {
  LayerBefore(context.epsilon, w, x, b);
  Attention(context.shape, context.rotary, {b.q, b.k, b.v, b.logsum}, b.attended);
  LayerAfter(context.epsilon, w, x, b, y);
}

void LayerBackward(const LayerContext& context, const LayerTensors& w, const at::Tensor& x, LayerBuffers& b,
                   BackwardBuffers& work, LayerGradients gradients) {
  auto& [dw, dx] = gradients;
  const at::Tensor& dy = Rounded(dx, work.dy);
  ProductBackward(dy, w.down, work.dhidden, Into::kNew);
  WeightBackward(dy, b.hidden, dw.down);
  GatedBackward(work.dhidden, b.gate, b.up);
  WeightBackward(b.gate, b.normed2, dw.gate);
  WeightBackward(b.up, b.normed2, dw.up);
  ProductBackward(b.gate, w.gate, work.dnormed, Into::kNew);
  ProductBackward(b.up, w.up, work.dnormed, Into::kSum);
  NormBackward({b.middle, w.norm2, b.inverse2}, work.dnormed, dx, dw.norm2);

  const at::Tensor& dz = Rounded(dx, work.dy);
  ProductBackward(dz, w.o, work.dattended, Into::kNew);
  WeightBackward(dz, b.attended, dw.o);
  AttentionBackward(context.shape, context.rotary, {b.q, b.k, b.v, b.logsum}, work.dattended);
  WeightBackward(b.q, b.normed1, dw.q);
  WeightBackward(b.k, b.normed1, dw.k);
  WeightBackward(b.v, b.normed1, dw.v);
  ProductBackward(b.q, w.q, work.dnormed, Into::kNew);
  ProductBackward(b.k, w.k, work.dnormed, Into::kSum);
  ProductBackward(b.v, w.v, work.dnormed, Into::kSum);
  NormBackward({x, w.norm1, b.inverse1}, work.dnormed, dx, dw.norm1);
}

}  // namespace accord::trainer
