#include "trainer/generate.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mm.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <thread>
#include <utility>

#include "base/errors.h"
#include "model/layout.h"
#include "model/llama.h"
#include "trainer/llama.h"
#include "trainer/llama_ops.h"
#include "trainer/memory.h"
#include "trainer/sampling.h"
#include "trainer/wall.h"

namespace accord::trainer {
namespace {

// Not of the job file, of which the error's own hint speaks.
Status Unfit(const std::string& what, const std::string& hint) {
  return Fail(errors::kJobInvalid, what, hint);
}

class LlamaGenerator final : public Generator {
 public:
  LlamaGenerator(Llama model, int threads, std::uint64_t memory_bytes)
      : model_(std::move(model)), threads_(threads), memory_bytes_(memory_bytes) {
    const LlamaSpec& spec = model_.spec();
    positions_ = static_cast<std::int64_t>(spec.max_position_embeddings);
    size_ = static_cast<std::int64_t>(model::HeadSize(spec));
    heads_ = static_cast<std::int64_t>(spec.num_attention_heads);
    kv_heads_ = static_cast<std::int64_t>(spec.num_key_value_heads);
  }

  Result<std::uint64_t> Generate(const GenerateRequest& request) override {
    ACCORD_RETURN_IF_ERROR(Check(request.prompt));
    const Sampling& sampling = request.sampling;
    if (!(sampling.temperature >= 0.0) || !std::isfinite(sampling.temperature))
      return Unfit("the temperature is no number from 0 on", "Correct --temperature.");
    if (!(sampling.top_p > 0.0))
      return Unfit("the share of the most probable tokens is not above 0", "Correct --top-p.");
    return Guard("generating", [&]() -> Result<std::uint64_t> {
      ACCORD_RETURN_IF_ERROR(MakeRoom(request.prompt.size(), request.max_tokens));
      return Stream(request);
    });
  }

  Result<std::vector<float>> Logits(std::span<const std::int32_t> tokens) override {
    ACCORD_RETURN_IF_ERROR(Check(tokens));
    return Guard("reading tokens", [&]() -> Result<std::vector<float>> {
      at::set_num_threads(threads_);
      ACCORD_RETURN_IF_ERROR(MakeRoom(tokens.size(), 0));
      const at::Tensor logits = at::mm(Read(tokens, 0), model_.tensors().head.t());
      return std::vector<float>(logits.data_ptr<float>(), logits.data_ptr<float>() + logits.numel());
    });
  }

 private:
  Status Check(std::span<const std::int32_t> tokens) const {
    constexpr const char* kHint = "Give another prompt: --prompt, or of a job's samples in [samples].";
    if (tokens.empty()) return Unfit("the prompt is empty", kHint);
    if (tokens.size() > static_cast<std::size_t>(positions_)) {
      return Unfit("the prompt has " + std::to_string(tokens.size()) + " tokens, the model " +
                       std::to_string(positions_) + " positions",
                   kHint);
    }
    for (const std::int32_t token : tokens) {
      if (token < 0 || static_cast<std::uint64_t>(token) >= model_.spec().vocab_size) {
        return Unfit("token " + std::to_string(token) + " is outside the vocabulary of " +
                         std::to_string(model_.spec().vocab_size),
                     kHint);
      }
    }
    return {};
  }

  // For the positions of one call; what an earlier one left is not needed.
  Status MakeRoom(std::uint64_t prompt, std::uint64_t more) {
    const auto all = static_cast<std::uint64_t>(positions_);
    const auto positions = static_cast<std::int64_t>(prompt + std::min(more, all - prompt));
    if (!past_.empty() && past_.front().k.size(1) >= positions) return {};
    const auto layers = static_cast<std::int64_t>(model_.tensors().layers.size());
    const std::int64_t values = positions * size_ * (2 * layers * kv_heads_ + 1);
    ACCORD_RETURN_IF_ERROR(CheckFits("a text of " + std::to_string(positions) + " tokens",
                                     static_cast<std::uint64_t>(values) * sizeof(float), memory_bytes_));
    past_.clear();  // before its successor is made
    rotary_ = MakeRotary(positions, size_, model_.spec().rope_theta);
    for (std::int64_t i = 0; i < layers; ++i) {
      past_.push_back({at::empty({kv_heads_, positions, size_}, at::kFloat),
                       at::empty({kv_heads_, positions, size_}, at::kFloat)});
    }
    return {};
  }

  std::uint64_t Stream(const GenerateRequest& request) {
    at::set_num_threads(threads_);
    auto position = static_cast<std::int64_t>(request.prompt.size());
    at::Tensor normed = Read(request.prompt, 0);
    std::uint64_t told = 0;
    while (told < request.max_tokens) {
      const at::Tensor last = normed.narrow(0, normed.size(0) - 1, 1);
      const at::Tensor logits = at::mm(last, model_.tensors().head.t());
      const std::int32_t token = SampleToken(
          {logits.data_ptr<float>(), static_cast<std::size_t>(logits.numel())}, request.sampling, told);
      if (request.end == token) break;
      ++told;
      if (!request.token(token) || position == positions_) break;
      normed = Read(std::span(&token, 1), position++);
    }
    return told;
  }

  // Reads `tokens` at positions first, first + 1, ... and gives the normed stream after them.
  at::Tensor Read(std::span<const std::int32_t> tokens, std::int64_t first) {
    const at::NoGradGuard no_grad;
    const LlamaTensors& w = model_.tensors();
    const auto n = static_cast<std::int64_t>(tokens.size()), width = w.embed.size(1);
    const AttentionShape shape{
        .batch = 1, .length = n, .heads = heads_, .kv_heads = kv_heads_, .head_size = size_};
    LayerBuffers b(model_.spec(), shape, at::kFloat);
    at::Tensor x = at::empty({n, width}, at::kFloat);
    for (std::int64_t i = 0; i < n; ++i) {
      std::copy_n(w.embed.data_ptr<float>() + tokens[static_cast<std::size_t>(i)] * width, width,
                  x.data_ptr<float>() + i * width);
    }
    const auto epsilon = static_cast<float>(model_.spec().rms_norm_eps);
    for (std::size_t i = 0; i < w.layers.size(); ++i) {
      LayerBefore(epsilon, w.layers[i], x, b);
      AttentionOnward(shape, rotary_, {b.q, b.k, b.v, {}}, past_[i], first, b.attended);
      LayerAfter(epsilon, w.layers[i], x, b, x);
    }
    at::Tensor normed = at::empty_like(x);
    Norm({x, w.norm, b.inverse1}, epsilon, normed);
    return normed;
  }

  Llama model_;
  int threads_;
  std::uint64_t memory_bytes_;
  std::int64_t positions_, size_, heads_, kv_heads_;
  Rotary rotary_;
  std::vector<AttentionPast> past_;
};

}  // namespace

Result<std::unique_ptr<Generator>> MakeGenerator(const LlamaSpec& spec, std::span<const float> weights,
                                                 std::uint32_t threads, std::uint64_t memory_bytes) {
  ACCORD_ASSIGN_OR_RETURN(const ModelSpec model, model::Resolve({.kind = "llama", .llama = spec}));
  ACCORD_ASSIGN_OR_RETURN(const ModelLayout layout, model::BuildLayout(model));
  if (weights.size() != layout.size) {
    return Fail(errors::kModelShape, "there are " + std::to_string(weights.size()) +
                                         " weights; the model has " + std::to_string(layout.size) +
                                         " parameters");
  }
  return Guard("opening the model", [&]() -> Result<std::unique_ptr<Generator>> {
    Llama llama(model.llama, layout, {});
    std::ranges::copy(weights, llama.weights().data_ptr<float>());
    const std::uint32_t count = threads > 0 ? threads : std::max(1U, std::thread::hardware_concurrency());
    return std::unique_ptr<Generator>(
        std::make_unique<LlamaGenerator>(std::move(llama), static_cast<int>(count), memory_bytes));
  });
}

}  // namespace accord::trainer
