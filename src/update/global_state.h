// The global state of a job: what one model file holds, and one model hash stands for. First the model's
// tensors, then those that live from round to round beside it:
//   ~VECTOR.TENSOR  a vector of the outer rule (strategy::OuterNeeds::state), shaped as the model's tensor
//   ~~rms [2]       with update.clip_rms: the RMS of the mean update that made this state, or more where too
//                   much of it was clipped (update/next_model.cc), and that from which its clip came; 0:
//                   none, the clip was update.clip. In a job that streams [P, 2]: of each fragment's own last
//                   update
// '~' sorts behind every other byte of a tensor's name, so that of P parameters the first P elements of the
// flat buffer are the weights and the next P each are the vectors, in the weights' order. Commit, download,
// catch-up and resume carry it all and know nothing of it. Coordinator and nodes must agree to the bit. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "accord/ids.h"
#include "accord/job_spec.h"
#include "accord/model.h"
#include "accord/status.h"

namespace accord::update {

// What the encoding of a round's updates needs to know of the model that the round starts from.
struct BaseModel {
  // NOLINTNEXTLINE(google-explicit-constructor): mostly the size is all.
  BaseModel(std::uint64_t size, float last_rms = 0.0F) : parameters(size), rms(last_rms) {}

  std::uint64_t parameters;  // that the updates have: of a job that streams those of a fragment
  float rms;                 // of the mean update that made them; 0: none
};

// The layout of the global state: that of what the nodes exchange (model/partition.h: for most jobs the whole
// model) when neither the outer rule nor the encoding keeps anything. Fails as model::MakePartition,
// strategy::MakeOuterRule and CheckFragments (update/exchange.h).
[[nodiscard]] Result<ModelLayout> GlobalLayout(const JobSpec& spec);
// Writes into `out`, as long as `global`, the layout of `spec`, the global state that the plan begins with:
// the weights that its seed draws or, where it has model.start, those of `start`, else empty; and what the
// outer rule keeps as it always begins. `model.start`, and `out` is of no use, when `start` are not the
// weights that the plan names.
[[nodiscard]] Status FirstState(const JobSpec& spec, const ModelLayout& global, std::span<const float> start,
                                std::span<float> out);
// `model.start` when `state` is not what FirstState makes of its own weights.
[[nodiscard]] Status CheckFirstState(const JobSpec& spec, const ModelLayout& global,
                                     std::span<const float> state);
// The hash of the global state that the plan begins with, as every node computes it. As FirstState.
[[nodiscard]] Result<Digest> FirstModel(const JobSpec& spec, std::span<const float> start = {});

// P: the elements of the model in a layout that GlobalLayout or model::MakePartition gave.
[[nodiscard]] std::uint64_t ParametersOf(const ModelLayout& global);
// The layout of the model alone.
[[nodiscard]] ModelLayout ModelOf(const ModelLayout& global);
// Of the tensors of a global state those of the model.
[[nodiscard]] std::span<const TensorSpec> ModelTensors(std::span<const TensorSpec> global);

// The parts of a flat buffer; borrowed.
struct GlobalParts {
  std::span<float> weights;
  std::vector<std::span<float>> state;  // by OuterNeeds::state
  std::span<float> rms;                 // two elements a fragment, or none
};
// `global` must be as long as GlobalLayout(spec) says. Fails as strategy::MakeOuterRule.
[[nodiscard]] Result<GlobalParts> Split(const JobSpec& spec, std::span<float> global);

// Whether the state says how updates are clipped: its last RmsElements elements, then; else there are 0.
[[nodiscard]] bool HasRms(const ModelLayout& global);
[[nodiscard]] std::size_t RmsElements(const ModelLayout& global);
// Where among those the RMS is that the clip of `round` follows from, and behind it the one before.
[[nodiscard]] std::size_t RmsIndex(const JobSpec& spec, RoundId round);

// What a round's updates are of, where the state begins or ends with the round. `tail`: the last elements of
// the flat buffer, at least RmsElements.
struct RoundBase {
  const JobSpec& spec;
  const ModelLayout& global;
  RoundId round;

  // Of the round that starts from this state.
  [[nodiscard]] BaseModel Before(std::span<const float> tail) const;
  // Of the round that made this state: what it started from.
  [[nodiscard]] BaseModel After(std::span<const float> tail) const;
  // Where the clip is not asked for.
  [[nodiscard]] BaseModel Unclipped() const;
};

}  // namespace accord::update
