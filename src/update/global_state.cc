#include "update/global_state.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "model/layout.h"
#include "model/partition.h"
#include "strategy/outer.h"

namespace accord::update {
namespace {

constexpr char kStateMark = '~';
constexpr const char* kRmsTensor = "~~rms";  // behind the vectors of every rule

bool IsModels(const TensorSpec& tensor) { return tensor.name.front() != kStateMark; }

}  // namespace

Result<ModelLayout> GlobalLayout(const JobSpec& spec) {
  ACCORD_ASSIGN_OR_RETURN(model::Partition parts, model::MakePartition(spec));
  ModelLayout& model = parts.shared;
  ACCORD_ASSIGN_OR_RETURN(const auto rule, strategy::MakeOuterRule(spec.outer));
  std::vector<TensorSpec> tensors = model.tensors;
  for (const strategy::OuterNeeds::StateVector& vector : rule->Needs().state) {
    for (const TensorSpec& tensor : model.tensors) {
      tensors.push_back({.name = kStateMark + vector.name + "." + tensor.name,
                         .shape = tensor.shape,
                         .init = {.bound = 0.0, .constant = vector.start}});
    }
  }
  if (spec.update.clip_rms > 0.0) tensors.push_back({.name = kRmsTensor, .shape = {kRmsElements}});
  if (tensors.size() == model.tensors.size()) return std::move(model);
  return model::MakeLayout(std::move(tensors));
}

std::uint64_t ParametersOf(const ModelLayout& global) {
  const auto state = std::ranges::partition_point(global.tensors, IsModels);
  return state == global.tensors.end() ? global.size : state->offset;
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
    ACCORD_CHECK(global.size() > kRmsElements);
    parts.rms = global.last(kRmsElements);
    global = global.first(global.size() - kRmsElements);
  }
  ACCORD_CHECK(global.size() % (vectors + 1) == 0);
  const std::size_t parameters = global.size() / (vectors + 1);
  parts.weights = global.first(parameters);
  for (std::size_t i = 1; i <= vectors; ++i)
    parts.state.push_back(global.subspan(i * parameters, parameters));
  return parts;
}

BaseModel BaseOf(const ModelLayout& global, std::span<const float> tail) {
  return {ParametersOf(global), HasRms(global) ? tail.last(kRmsElements)[0] : 0.0F};
}

BaseModel FormerBaseOf(const ModelLayout& global, std::span<const float> tail) {
  return {ParametersOf(global), HasRms(global) ? tail.last(kRmsElements)[1] : 0.0F};
}

}  // namespace accord::update
