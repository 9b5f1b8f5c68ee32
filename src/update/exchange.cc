#include "update/exchange.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/errors.h"
#include "update/global_state.h"

namespace accord::update {

std::uint64_t SizeOf(std::span<const strategy::ElementRange> ranges) {
  std::uint64_t size = 0;
  for (const strategy::ElementRange& range : ranges) size += range.count;
  return size;
}

std::vector<strategy::ElementRange> ExchangedElements(const JobSpec& spec, std::span<const TensorSpec> model,
                                                      RoundId round) {
  const auto fragment = strategy::RoundOf(spec, round.value).update;
  return strategy::ElementsOf(ModelTensors(model), fragment.value_or(0),
                              fragment ? spec.streaming.fragments : 1);
}

std::uint64_t ExchangedSize(const JobSpec& spec, const ModelLayout& global, RoundId round) {
  if (spec.streaming.fragments == 1) return ParametersOf(global);
  return SizeOf(ExchangedElements(spec, global.tensors, round));
}

std::uint64_t LargestFragment(const JobSpec& spec, const ModelLayout& global) {
  std::uint64_t largest = 0;
  for (std::uint32_t fragment = 0; fragment < spec.streaming.fragments; ++fragment) {
    const auto ranges =
        strategy::ElementsOf(ModelTensors(global.tensors), fragment, spec.streaming.fragments);
    largest = std::max(largest, SizeOf(ranges));
  }
  return largest;
}

void KeepElements(std::span<const strategy::ElementRange> ranges, std::vector<float>& values) {
  auto out = values.begin();
  for (const strategy::ElementRange& range : ranges) {
    ACCORD_CHECK(range.first + range.count <= values.size());
    const auto from = values.begin() + static_cast<std::ptrdiff_t>(range.first);
    out = std::copy(from, from + static_cast<std::ptrdiff_t>(range.count), out);  // never ahead of `from`
  }
  values.erase(out, values.end());
}

Status CheckFragments(const JobSpec& spec, const ModelLayout& model) {
  const std::uint32_t fragments = spec.streaming.fragments;
  for (std::uint32_t fragment = 0; fragment < fragments; ++fragment) {
    if (!strategy::ElementsOf(model.tensors, fragment, fragments).empty()) continue;
    return Fail(errors::kJobInvalid, "streaming.fragments = " + std::to_string(fragments) +
                                         ": the model has too few numbered layers, and nothing is left for "
                                         "fragment " +
                                         std::to_string(fragment + 1));
  }
  return {};
}

}  // namespace accord::update
