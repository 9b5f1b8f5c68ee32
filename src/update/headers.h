// Which header words a job's rounds carry, a node's values for them, and what their sums say (DESIGN 2).
// With update.report_clipped, training rounds begin with "clipped": coordinates that the clip cut.
// Headers are plain sums under the same masks as the update. Coordinator and nodes must agree to the bit.
// Pure.
//
// With eval.exact, counts: "eval_examples", "accuracy" (correct answers), "loss" (sum over examples, fixed
// point). An unchanging count is exposed when two rounds differ by one node, hence the opt-in. Without it,
// means weighted by omega: "loss" and "accuracy", fixed point.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "accord/job_spec.h"
#include "accord/status.h"
#include "round/round.h"
#include "secagg/encoding.h"
#include "secagg/params.h"
#include "secagg/weight.h"

namespace accord::update {

// What a node measured on its hold-out, of the model that the round started from.
struct Evaluation {
  std::uint64_t examples = 0;
  double loss_sum = 0.0;
  std::uint64_t correct = 0;
};

// What the number of a round::MetricSum stands for; journals hold these values. Loss and accuracy are of the
// model that the round started from, the others of the round's updates.
enum class Figure : std::uint8_t {
  kLoss = static_cast<std::uint8_t>(Metric::kLoss),
  kAccuracy = static_cast<std::uint8_t>(Metric::kAccuracy),
  kClipped = 2,  // share of the survivors' coordinates that the clip cut, 0 to 1
  kPeak = 3,     // the largest coordinate of the mean update as a share of the clip, 0 to 1
};

// A loss above this counts as this: the field must have a bound.
inline constexpr double kMaxLoss = 64.0;

// Headers after count and omega, in wire order. Empty when the plan names no figure. `coordinates`: of the
// encoding.
[[nodiscard]] std::vector<secagg::Header> ExtraHeaders(const JobSpec& spec, round::Purpose purpose,
                                                       std::uint64_t coordinates);

// The encoding of a round: the model's coordinates in training, the one coordinate 0 in an evaluation.
[[nodiscard]] Result<secagg::Encoding> EncodingFor(const JobSpec& spec, round::Purpose purpose,
                                                   std::uint64_t parameters, std::uint32_t cohort);

// All parameters of a masked attempt with a cohort of this size, as node.proto has them: the coordinator
// offers these, and a node takes no others. `secagg.cohort_too_small`, `secagg.bad_params`.
[[nodiscard]] Result<secagg::Params> ParamsFor(const JobSpec& spec, round::Purpose purpose,
                                               std::uint64_t parameters, std::uint32_t cohort);

// All header values of one node: count 1, omega, extras. `clipped`: coordinates that the clip cut; none in an
// evaluation. `update.too_many_examples` when the hold-out is larger than update.max_examples and counts are
// exact.
[[nodiscard]] Result<std::vector<std::uint64_t>> HeaderValues(const JobSpec& spec,
                                                              const secagg::Weight& weight,
                                                              const Evaluation& evaluation,
                                                              std::optional<std::uint64_t> clipped);

// The cohort's figures from the header sums of a checked sum; examples is 0 unless counts are exact.
[[nodiscard]] std::vector<round::MetricSum> DecodeMetrics(const JobSpec& spec,
                                                          const secagg::Encoding& encoding,
                                                          std::span<const std::uint64_t> headers);

// "loss", "accuracy", "clipped", "peak".
[[nodiscard]] std::string_view FigureName(Figure figure);

}  // namespace accord::update
