#include "trainer/llama.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.h"
#include "model/llama.h"
#include "trainer/llama_ops.h"
#include "trainer/memory.h"

namespace accord::trainer {
namespace {

// The predicted tokens of a batch, row by row.
std::vector<std::int32_t> Targets(const TokenBatch& batch) {
  std::vector<std::int32_t> targets;
  targets.reserve(static_cast<std::size_t>(batch.windows * batch.context));
  for (std::int64_t i = 0; i < batch.windows; ++i) {
    const auto row = batch.tokens.subspan(static_cast<std::size_t>(i * (batch.context + 1)),
                                          static_cast<std::size_t>(batch.context + 1));
    targets.insert(targets.end(), row.begin() + 1, row.end());
  }
  const std::int64_t last = (batch.windows - 1) * batch.context;
  std::fill_n(targets.begin() + last, batch.uncounted, -1);
  return targets;
}

// Calls use(token, row) for the tokens that are read.
template <class Use>
void EachInput(const TokenBatch& batch, const Use& use) {
  for (std::int64_t i = 0; i < batch.windows; ++i) {
    for (std::int64_t j = 0; j < batch.context; ++j) {
      const std::int32_t token = batch.tokens[static_cast<std::size_t>(i * (batch.context + 1) + j)];
      use(token, i * batch.context + j);
    }
  }
}

}  // namespace

// The buffers of one shape of batch. Training keeps each layer's input, and its activations too unless they
// are computed again; evaluation two of the former, taking turns, and one of the latter.
struct Llama::Pass {
  Pass(const LlamaSpec& spec, const AttentionShape& s, const Options& options, bool train_)
      : shape(s),
        type(train_ && options.precision == Precision::kBf16 ? at::kBFloat16 : at::kFloat),
        train(train_) {
    const auto width = static_cast<std::int64_t>(spec.hidden_size);
    const std::int64_t tokens = s.batch * s.length;
    const std::size_t layers = spec.num_hidden_layers;
    recompute = train && options.checkpointing;
    for (std::size_t i = 0; i < (train ? layers + 1 : 2); ++i)
      stream.push_back(at::empty({tokens, width}, at::kFloat));
    for (std::size_t i = 0; i < (train && !recompute ? layers : 1); ++i) buffers.emplace_back(spec, s, type);
    inverse = at::empty({tokens}, at::kFloat);
    normed = at::empty({tokens, width}, type);
    const auto vocabulary = static_cast<std::int64_t>(spec.vocab_size);
    rows = std::clamp<std::int64_t>(kLogitsAtOnce / vocabulary, 1, tokens);
    logits = at::empty({rows, vocabulary}, type);
    if (!train) return;
    work.emplace_back(spec, s, type);
    dnormed = at::empty({tokens, width}, type);
    dx = at::empty({tokens, width}, at::kFloat);
  }

  at::Tensor& Stream(std::size_t i) { return stream[i % stream.size()]; }
  LayerBuffers& Buffers(std::size_t i) { return buffers[i % buffers.size()]; }

  AttentionShape shape;
  at::ScalarType type;
  bool train, recompute;
  std::vector<at::Tensor> stream;  // before layer i; the last is after all
  std::vector<LayerBuffers> buffers;
  std::vector<BackwardBuffers> work;  // one, in training
  at::Tensor inverse, normed;         // of the last norm
  std::int64_t rows;                  // of the logits
  at::Tensor logits, dnormed, dx;
};

Llama::Llama(const LlamaSpec& spec, const ModelLayout& layout, Options options)
    : spec_(spec), layout_(layout), options_(options) {
  weights_ = at::zeros({static_cast<std::int64_t>(layout.size)}, at::kFloat);
  tensors_ = BindLlama(spec, layout, weights_);
}
Llama::~Llama() = default;
Llama::Llama(Llama&&) noexcept = default;

const at::Tensor& Llama::gradients() {
  if (!gradients_.defined()) {
    gradients_ = at::zeros_like(weights_);
    dtensors_ = BindLlama(spec_, layout_, gradients_);
  }
  return gradients_;
}

Llama::Pass& Llama::PassFor(std::unique_ptr<Pass>& pass, const TokenBatch& batch, bool train) {
  ACCORD_CHECK(batch.windows > 0 && batch.context > 0 &&
               static_cast<std::uint64_t>(batch.context) <= spec_.max_position_embeddings);
  ACCORD_CHECK(batch.uncounted >= 0 && batch.uncounted <= batch.context);
  for (const std::int32_t token : batch.tokens)
    ACCORD_CHECK(token >= 0 && static_cast<std::uint64_t>(token) < spec_.vocab_size);
  ACCORD_CHECK(batch.tokens.size() == static_cast<std::size_t>(batch.windows * (batch.context + 1)));
  if (!rotary_.cos.defined() || rotary_.cos.size(0) < batch.context)
    rotary_ = MakeRotary(batch.context, static_cast<std::int64_t>(model::HeadSize(spec_)), spec_.rope_theta);
  if (pass == nullptr || pass->shape.batch != batch.windows || pass->shape.length != batch.context) {
    pass.reset();  // before its successor is made
    const AttentionShape shape{.batch = batch.windows,
                               .length = batch.context,
                               .heads = static_cast<std::int64_t>(spec_.num_attention_heads),
                               .kv_heads = static_cast<std::int64_t>(spec_.num_key_value_heads),
                               .head_size = static_cast<std::int64_t>(model::HeadSize(spec_))};
    pass = std::make_unique<Pass>(spec_, shape, options_, train);
  }
  return *pass;
}

LayerContext Llama::ContextOf(const Pass& pass) const {
  return {.shape = pass.shape, .rotary = rotary_, .epsilon = static_cast<float>(spec_.rms_norm_eps)};
}

void Llama::Forward(Pass& pass, const TokenBatch& batch) {
  const auto width = static_cast<std::int64_t>(spec_.hidden_size);
  const float* embed = tensors_.embed.data_ptr<float>();
  float* x = pass.Stream(0).data_ptr<float>();
  EachInput(batch, [&](std::int64_t token, std::int64_t row) {
    std::copy_n(embed + token * width, width, x + row * width);
  });
  const LlamaTensors& w = pass.type == at::kFloat ? tensors_ : rounded_tensors_;
  for (std::size_t i = 0; i < w.layers.size(); ++i) {
    LayerForward(ContextOf(pass), w.layers[i], pass.Stream(i), pass.Buffers(i), pass.Stream(i + 1));
  }
  Norm({pass.Stream(w.layers.size()), tensors_.norm, pass.inverse}, ContextOf(pass).epsilon, pass.normed);
}

TokenLoss Llama::Head(Pass& pass, const TokenBatch& batch, float scale) {
  const std::vector<std::int32_t> targets = Targets(batch);
  const at::Tensor& head = pass.type == at::kFloat ? tensors_.head : rounded_tensors_.head;
  TokenLoss sum;
  for (std::int64_t first = 0; first < pass.normed.size(0); first += pass.rows) {
    const std::int64_t count = std::min(pass.rows, pass.normed.size(0) - first);
    const at::Tensor normed = pass.normed.narrow(0, first, count);
    at::Tensor logits = pass.logits.narrow(0, 0, count);
    Product(normed, head, logits);
    const TokenLoss loss =
        TokensLoss(logits, std::span(targets).subspan(static_cast<std::size_t>(first)), scale);
    sum.nll += loss.nll;
    sum.counted += loss.counted;
    sum.correct += loss.correct;
    if (!pass.train) continue;
    at::Tensor dnormed = pass.dnormed.narrow(0, first, count);
    ProductBackward(logits, head, dnormed, Into::kNew);
    WeightBackward(logits, normed, dtensors_.head);
  }
  return sum;
}

void Llama::Backward(Pass& pass, const TokenBatch& batch) {
  const LlamaTensors& w = pass.type == at::kFloat ? tensors_ : rounded_tensors_;
  pass.dx.zero_();
  NormBackward({pass.Stream(w.layers.size()), tensors_.norm, pass.inverse}, pass.dnormed, pass.dx,
               dtensors_.norm);
  for (std::size_t i = w.layers.size(); i-- > 0;) {
    if (pass.recompute) LayerForward(ContextOf(pass), w.layers[i], pass.Stream(i), pass.Buffers(i), {});
    LayerBackward(ContextOf(pass), w.layers[i], pass.Stream(i), pass.Buffers(i), pass.work[0],
                  {dtensors_.layers[i], pass.dx});
  }
  const auto width = static_cast<std::int64_t>(spec_.hidden_size);
  float* dembed = dtensors_.embed.data_ptr<float>();
  const float* dx = pass.dx.data_ptr<float>();
  EachInput(batch, [&](std::int64_t token, std::int64_t row) {
    float* to = dembed + token * width;
    for (std::int64_t i = 0; i < width; ++i) to[i] += dx[row * width + i];
  });
}

TokenLoss Llama::AddGradient(const TokenBatch& batch, double scale) {
  const at::NoGradGuard no_grad;
  (void)gradients();
  if (options_.precision == Precision::kBf16) {
    if (!rounded_.defined()) {
      rounded_ = at::empty_like(weights_, weights_.options().dtype(at::kBFloat16));
      rounded_tensors_ = BindLlama(spec_, layout_, rounded_);
      for (std::size_t i = 0; i < tensors_.layers.size(); ++i) {  // norms are no products
        rounded_tensors_.layers[i].norm1 = tensors_.layers[i].norm1;
        rounded_tensors_.layers[i].norm2 = tensors_.layers[i].norm2;
      }
    }
    (void)Rounded(weights_, rounded_);
  }
  Pass& pass = PassFor(train_, batch, true);
  Forward(pass, batch);
  const TokenLoss loss = Head(pass, batch, static_cast<float>(scale));
  Backward(pass, batch);
  return loss;
}

TokenLoss Llama::Loss(const TokenBatch& batch) {
  const at::NoGradGuard no_grad;
  Pass& pass = PassFor(evaluate_, batch, false);
  Forward(pass, batch);
  return Head(pass, batch, 0.0F);
}

at::Tensor Llama::Logits(const TokenBatch& batch) {
  const at::NoGradGuard no_grad;
  Pass& pass = PassFor(evaluate_, batch, false);
  Forward(pass, batch);
  return at::mm(pass.normed, tensors_.head.t());
}

}  // namespace accord::trainer
