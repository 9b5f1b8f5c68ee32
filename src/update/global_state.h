// The global state of a job: what one model file holds, and one model hash stands for. First the model's
// tensors, then those that live from round to round beside it:
//   ~VECTOR.TENSOR  a vector of the outer rule (strategy::OuterNeeds::state), shaped as the model's tensor
//   ~~rms [2]       with update.clip_rms: the RMS of the mean update that made this state, and that from
//   which
//                   its clip came; 0: none, the clip was update.clip
// '~' sorts behind every other byte of a tensor's name, so that of P parameters the first P elements of the
// flat buffer are the weights and the next P each are the vectors, in the weights' order. Commit, download,
// catch-up and resume carry it all and know nothing of it. Coordinator and nodes must agree to the bit. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "accord/job_spec.h"
#include "accord/model.h"
#include "accord/status.h"

namespace accord::update {

// What the encoding of a round's updates needs to know of the model that the round starts from.
struct BaseModel {
  // NOLINTNEXTLINE(google-explicit-constructor): mostly the size is all.
  BaseModel(std::uint64_t size, float last_rms = 0.0F) : parameters(size), rms(last_rms) {}

  std::uint64_t parameters;
  float rms;  // of the mean update that made it; 0: none
};

// The layout of the global state: that of what the nodes exchange (model/partition.h: for most jobs the whole
// model) when neither the outer rule nor the encoding keeps anything. Fails as model::MakePartition, and as
// strategy::MakeOuterRule.
[[nodiscard]] Result<ModelLayout> GlobalLayout(const JobSpec& spec);

// P: the elements of the model in a layout that GlobalLayout or model::MakePartition gave.
[[nodiscard]] std::uint64_t ParametersOf(const ModelLayout& global);
// The layout of the model alone.
[[nodiscard]] ModelLayout ModelOf(const ModelLayout& global);

// The parts of a flat buffer; borrowed.
struct GlobalParts {
  std::span<float> weights;
  std::vector<std::span<float>> state;  // by OuterNeeds::state
  std::span<float> rms;                 // two elements, or none
};
// `global` must be as long as GlobalLayout(spec) says. Fails as strategy::MakeOuterRule.
[[nodiscard]] Result<GlobalParts> Split(const JobSpec& spec, std::span<float> global);

// Whether the state says how updates are clipped: its last kRmsElements elements, then.
inline constexpr std::size_t kRmsElements = 2;
[[nodiscard]] bool HasRms(const ModelLayout& global);
// `tail`: the last elements of the flat buffer, at least kRmsElements where HasRms.
[[nodiscard]] BaseModel BaseOf(const ModelLayout& global, std::span<const float> tail);
// The one before: of the model that the round started from which made this state.
[[nodiscard]] BaseModel FormerBaseOf(const ModelLayout& global, std::span<const float> tail);

}  // namespace accord::update
