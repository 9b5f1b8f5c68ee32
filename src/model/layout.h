// From a job's [model] table to named tensors over one flat buffer. Called by the CLI (validate), the
// coordinator, the node and the trainer: all four must come to the same layout. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "accord/job_spec.h"
#include "accord/model.h"
#include "accord/status.h"

namespace accord::model {

inline constexpr std::uint64_t kMaxParameters = 1ULL << 36;
inline constexpr std::uint64_t kConvKernel = 5;  // square, padding 2, stride 1: the image keeps its size

// `spec` with the kind's defaults filled in and the input in the form that the trainer uses:
//   mlp: `input` flattened to {features}; `hidden` as given, empty means none (a linear model)
//   cnn: `input` {h, w} becomes {1, h, w}; `channels` {16, 32} and `hidden` {128} where empty
//   llama: `llama` as ResolveLlama has it, input {max_position_embeddings}, classes vocab_size (unigram, too)
// Fails with `model.unknown` for another kind, `model.shape` for a zero, missing or impossible dimension.
[[nodiscard]] Result<ModelSpec> Resolve(const ModelSpec& spec);

// The layout of `spec`, resolved first. Names and shapes are those of the PyTorch modules:
//   mlp: layers.{i}.{weight [out, in], bias [out]}, ReLU between the layers
//   cnn: conv{i}.{weight [out, in, 5, 5], bias [out]}, each with ReLU and 2x2 max-pool (odd edges are
//   dropped),
//        then fc{i}.{weight [out, in], bias [out]}, ReLU between them; i from 1
//   llama: those of LlamaTensors, and so is their start; unigram: that of unigram.h
// Of mlp and cnn every tensor starts uniform in +-1/sqrt(fan_in), PyTorch's default for Linear and Conv2d.
// Fails as Resolve does, and with `model.too_large` above kMaxParameters.
[[nodiscard]] Result<ModelLayout> BuildLayout(const ModelSpec& spec);

// Sorts by name and fills size and offset from the shapes; for labs with models of their own. Fails with
// `model.shape` for a zero dimension, a name given twice, and one that is not 1 to 512 printable ASCII
// characters without space, quote and backslash; and with `model.too_large`.
[[nodiscard]] Result<ModelLayout> MakeLayout(std::vector<TensorSpec> tensors);

// The tensor of this name, or nullptr.
[[nodiscard]] const TensorSpec* FindTensor(const ModelLayout& layout, std::string_view name);

}  // namespace accord::model
