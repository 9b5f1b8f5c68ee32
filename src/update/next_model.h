// From the sum of a round's updates to the model after it: checks of secagg.md 7.6, mean, outer step. The
// coordinator and every node run this same code over the same words and must come to the same bits. Pure;
// several threads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "accord/job_spec.h"
#include "accord/status.h"
#include "round/round.h"

namespace accord::update {

struct Sum {
  round::Purpose purpose = round::Purpose::kTrain;
  RoundId round;
  std::uint32_t cohort = 0;  // size of the masking cohort: it fixed the field width
  std::uint32_t survivors = 0;
  std::span<const std::uint64_t> words;  // borrowed
};

// Makes the outer step in place: `weights` is the model that the round started from, flat, and becomes the
// model after it (unchanged in an evaluation). Gives the cohort's metrics. On a failure (`secagg.range`,
// `secagg.wrong_count`, ...) the weights are untouched.
[[nodiscard]] Result<std::vector<round::MetricSum>> NextModel(const JobSpec& spec, const Sum& sum,
                                                              std::span<float> weights);

}  // namespace accord::update
