// What a job's nodes train, and which part of it they exchange: the whole model for most; with an adapter the
// thin matrices beside a frozen model; with personal parts less than what is trained. Coordinator, nodes and
// trainer must come to the same. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accord/job_spec.h"
#include "accord/model.h"
#include "accord/status.h"

namespace accord::model {

// The seven matrices of a llama's layer, which an adapter is beside when the plan names none.
[[nodiscard]] std::span<const std::string_view> LlamaProjections();

// A matrix W [out, in] of the frozen model that has an adapter: W + scale * B A, with A [rank, in] and B
// [out, rank]. Offsets are in elements of the flat buffers of the frozen model and of Adapter::trained.
struct AdaptedMatrix {
  std::string module;  // the name of W without ".weight"
  std::uint64_t out = 0, in = 0;
  std::uint64_t w = 0, a = 0, b = 0;
};

// The layout of A and B of every adapted matrix, under the names that PEFT gives them:
//   base_model.model.{module}.lora_A.weight [rank, in]   uniform in +-1/sqrt(in): PEFT's Kaiming start
//   base_model.model.{module}.lora_B.weight [out, rank]  zero
struct Adapter {
  std::vector<AdaptedMatrix> matrices;  // in the order of the frozen model's tensors
  ModelLayout layout;
  std::uint64_t rank = 0;
  double scale = 0.0;  // alpha / rank
};
// `base` is the layout of job.model. A projection takes every W whose name is it, or ends with "." and it, as
// PEFT's target_modules. Fails with `job.invalid`, naming the projection: one that takes nothing, or
// something that is no matrix of a linear map (embeddings, convolutions, norms), a rank above the smaller
// side of a W, no projections for a model that is no llama.
[[nodiscard]] Result<Adapter> MakeAdapter(const AdapterSpec& spec, const ModelSpec& model,
                                          const ModelLayout& base);
// Adds scale * B A to the adapted matrices of `base`; `adapter` is flat by Adapter::layout. Sums in f32, in
// the order of the rank.
void Merge(const Adapter& adapter, std::span<const float> weights, std::span<float> base);

// Layouts of the parts, each sorted and contiguous in itself.
struct Partition {
  ModelLayout trained;   // what the optimizer works on: shared and personal
  ModelLayout shared;    // what is exchanged: the plan's model, the one that has a hash
  ModelLayout personal;  // what stays at the node; empty for most. Ditto's own model is none of these
};
// Fails as BuildLayout and MakeAdapter, and with `job.invalid`: a personal tensor that is not trained,
// nothing left to exchange.
[[nodiscard]] Result<Partition> MakePartition(const JobSpec& job);

// Whether the nodes of this job keep something for themselves from round to round.
[[nodiscard]] bool HasPersonal(const JobSpec& job);

}  // namespace accord::model
