// What a round's figures say about the plan's encoding: a clip that cuts too much, or that wastes the bits
// (secagg.md 2.7). Told to people with the round. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "accord/job_spec.h"
#include "round/round.h"

namespace accord::update {

// Sentences, each with what to do; none when all is well. `figures`: as DecodeMetrics and OuterStep give
// them.
[[nodiscard]] std::vector<std::string> EncodingWarnings(const JobSpec& spec,
                                                        std::span<const round::MetricSum> figures);

}  // namespace accord::update
