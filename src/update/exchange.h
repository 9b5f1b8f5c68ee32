// What of the model a round's updates are of: all of it or, in a job that streams (strategy/streaming.h), the
// fragment whose turn it is. Encoding, sum, clip and outer step are then those of that fragment alone, as a
// flat buffer of its own. Coordinator and nodes must agree to the bit. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "accord/ids.h"
#include "accord/job_spec.h"
#include "accord/model.h"
#include "accord/status.h"
#include "strategy/streaming.h"

namespace accord::update {

// The model's elements that the updates of `round` have, ascending: in a sum they stand one behind the other.
// `model` are its tensors by name, and may have others behind them (update/global_state.h).
[[nodiscard]] std::vector<strategy::ElementRange> ExchangedElements(const JobSpec& spec,
                                                                    std::span<const TensorSpec> model,
                                                                    RoundId round);
[[nodiscard]] std::uint64_t SizeOf(std::span<const strategy::ElementRange> ranges);
// How many they are, of the global state of this layout.
[[nodiscard]] std::uint64_t ExchangedSize(const JobSpec& spec, const ModelLayout& global, RoundId round);
// Of the fragment with the most elements; all where there are no fragments.
[[nodiscard]] std::uint64_t LargestFragment(const JobSpec& spec, const ModelLayout& global);

// Moves the elements of `ranges` to the front of `values`, in order, and drops the others.
void KeepElements(std::span<const strategy::ElementRange> ranges, std::vector<float>& values);

// `job.invalid` where a fragment would have no tensor.
[[nodiscard]] Status CheckFragments(const JobSpec& spec, const ModelLayout& model);

}  // namespace accord::update
