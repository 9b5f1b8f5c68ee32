// Which header words a job's rounds carry, a node's values for them, and what their sums say (DESIGN 2).
// Headers are plain sums under the same masks as the update. Coordinator and nodes must agree to the bit.
// Pure.
//
// With eval.exact, counts: "eval_examples", "accuracy" (correct answers), "loss" (sum over examples, fixed
// point). An unchanging count is exposed when two rounds differ by one node, hence the opt-in. Without it,
// means weighted by omega: "loss" and "accuracy", fixed point.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "accord/job_spec.h"
#include "accord/status.h"
#include "round/round.h"
#include "secagg/encoding.h"
#include "secagg/weight.h"

namespace accord::update {

// What a node measured on its hold-out, of the model that the round started from.
struct Evaluation {
  std::uint64_t examples = 0;
  double loss_sum = 0.0;
  std::uint64_t correct = 0;
};

// A loss above this counts as this: the field must have a bound.
inline constexpr double kMaxLoss = 64.0;

// Headers after count and omega, in wire order. Empty when the plan names no metric.
[[nodiscard]] std::vector<secagg::Header> ExtraHeaders(const JobSpec& spec);

// The encoding of a round: the model's coordinates in training, the one coordinate 0 in an evaluation.
[[nodiscard]] Result<secagg::Encoding> EncodingFor(const JobSpec& spec, round::Purpose purpose,
                                                   std::uint64_t parameters, std::uint32_t cohort);

// All header values of one node: count 1, omega, extras. `update.too_many_examples` when the hold-out is
// larger than update.max_examples and counts are exact.
[[nodiscard]] Result<std::vector<std::uint64_t>> HeaderValues(const JobSpec& spec,
                                                              const secagg::Weight& weight,
                                                              const Evaluation& evaluation);

// The cohort's metrics from the header sums of a checked sum; examples is 0 unless counts are exact.
[[nodiscard]] std::vector<round::MetricSum> DecodeMetrics(const JobSpec& spec,
                                                          std::span<const std::uint64_t> headers);

// "loss", "accuracy".
[[nodiscard]] std::string_view MetricName(Metric metric);

}  // namespace accord::update
