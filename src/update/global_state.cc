#include "update/global_state.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "model/frozen.h"
#include "model/init.h"
#include "model/layout.h"
#include "model/partition.h"
#include "model/safetensors.h"
#include "strategy/outer.h"
#include "strategy/streaming.h"
#include "update/exchange.h"

namespace accord::update {
namespace {

constexpr char kStateMark = '~';
constexpr const char* kRmsTensor = "~~rms";  // behind the vectors of every rule

bool IsModels(const TensorSpec& tensor) { return tensor.name.front() != kStateMark; }

std::vector<std::uint64_t> RmsShape(const JobSpec& spec) {
  if (spec.streaming.fragments == 1) return {2};
  return {spec.streaming.fragments, 2};
}

}  // namespace

Result<ModelLayout> GlobalLayout(const JobSpec& spec) {
  ACCORD_ASSIGN_OR_RETURN(model::Partition parts, model::MakePartition(spec));
  ModelLayout& model = parts.shared;
  if (spec.streaming.fragments > 1) ACCORD_RETURN_IF_ERROR(CheckFragments(spec, model));
  ACCORD_ASSIGN_OR_RETURN(const auto rule, strategy::MakeOuterRule(spec.outer));
  std::vector<TensorSpec> tensors = model.tensors;
  for (const strategy::OuterNeeds::StateVector& vector : rule->Needs().state) {
    for (const TensorSpec& tensor : model.tensors) {
      tensors.push_back({.name = kStateMark + vector.name + "." + tensor.name,
                         .shape = tensor.shape,
                         .init = {.bound = 0.0, .constant = vector.start}});
    }
  }
  if (spec.update.clip_rms > 0.0) tensors.push_back({.name = kRmsTensor, .shape = RmsShape(spec)});
  if (tensors.size() == model.tensors.size()) return std::move(model);
  return model::MakeLayout(std::move(tensors));
}

Status FirstState(const JobSpec& spec, const ModelLayout& global, std::span<const float> start,
                  std::span<float> out) {
  model::InitialWeights(global, spec.seed, out);
  const std::string& wanted = spec.model.start;
  if (wanted.empty()) return {};
  const ModelLayout layout = ModelOf(global);
  if (start.size() != layout.size) {
    return Fail(errors::kModelStart, "the plan begins from " + wanted + ", weights of " +
                                         std::to_string(layout.size) + " parameters; given are " +
                                         std::to_string(start.size()));
  }
  const std::string given = model::NameOfHash(model::ModelHash(layout, start));
  if (given != wanted)
    return Fail(errors::kModelStart, "these weights are " + given + "; the plan begins from " + wanted);
  std::ranges::copy(start, out.begin());
  return {};
}

Status CheckFirstState(const JobSpec& spec, const ModelLayout& global, std::span<const float> state) {
  std::vector<float> first(global.size);
  ACCORD_RETURN_IF_ERROR(FirstState(spec, global, state.first(ParametersOf(global)), first));
  if (std::ranges::equal(state, first)) return {};
  return Fail(errors::kModelStart,
              "the outer rule does not begin with what this model has beside its weights");
}

Result<Digest> FirstModel(const JobSpec& spec, std::span<const float> start) {
  ACCORD_ASSIGN_OR_RETURN(const ModelLayout layout, GlobalLayout(spec));
  std::vector<float> weights(layout.size);
  ACCORD_RETURN_IF_ERROR(FirstState(spec, layout, start, weights));
  return model::ModelHash(layout, weights);
}

std::uint64_t ParametersOf(const ModelLayout& global) {
  const auto state = std::ranges::partition_point(global.tensors, IsModels);
  return state == global.tensors.end() ? global.size : state->offset;
}

std::span<const TensorSpec> ModelTensors(std::span<const TensorSpec> global) {
  const auto state = std::ranges::partition_point(global, IsModels);
  return global.first(static_cast<std::size_t>(state - global.begin()));
}

ModelLayout ModelOf(const ModelLayout& global) {
  const auto state = std::ranges::partition_point(global.tensors, IsModels);
  return {{global.tensors.begin(), state}, ParametersOf(global)};
}

bool HasRms(const ModelLayout& global) {
  return !global.tensors.empty() && global.tensors.back().name == kRmsTensor;
}

Result<GlobalParts> Split(const JobSpec& spec, std::span<float> global) {
  ACCORD_ASSIGN_OR_RETURN(const auto rule, strategy::MakeOuterRule(spec.outer));
  const std::size_t vectors = rule->Needs().state.size();
  GlobalParts parts;
  if (spec.update.clip_rms > 0.0) {
    const std::size_t elements = 2 * std::size_t{spec.streaming.fragments};
    ACCORD_CHECK(global.size() > elements);
    parts.rms = global.last(elements);
    global = global.first(global.size() - elements);
  }
  ACCORD_CHECK(global.size() % (vectors + 1) == 0);
  const std::size_t parameters = global.size() / (vectors + 1);
  parts.weights = global.first(parameters);
  for (std::size_t i = 1; i <= vectors; ++i)
    parts.state.push_back(global.subspan(i * parameters, parameters));
  return parts;
}

std::size_t RmsElements(const ModelLayout& global) { return HasRms(global) ? global.tensors.back().size : 0; }

std::size_t RmsIndex(const JobSpec& spec, RoundId round) {
  return 2 * std::size_t{strategy::RoundOf(spec, round.value).update.value_or(0)};
}

BaseModel RoundBase::Unclipped() const { return {ExchangedSize(spec, global, round)}; }

BaseModel RoundBase::Before(std::span<const float> tail) const {
  BaseModel base = Unclipped();
  if (HasRms(global)) base.rms = tail.last(RmsElements(global))[RmsIndex(spec, round)];
  return base;
}

BaseModel RoundBase::After(std::span<const float> tail) const {
  BaseModel base = Unclipped();
  if (HasRms(global)) base.rms = tail.last(RmsElements(global))[RmsIndex(spec, round) + 1];
  return base;
}

}  // namespace accord::update
