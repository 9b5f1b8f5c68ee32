// Which header words a job's rounds carry, a node's values for them, and what their sums say (DESIGN 2).
// With update.report_clipped, training rounds begin with "clipped": coordinates that the clip cut. With
// inner.round_time "steps" follows: omega times the share of the round's local steps that the node took
// (strategy/dynamic_steps.h), fixed point; where all take all of them, its mean is 1 exactly.
// Headers are plain sums under the same masks as the update. Coordinator and nodes must agree to the bit.
// Pure.
//
// With eval.exact, counts: "eval_examples", with bits per byte "eval_bytes", "accuracy" (correct answers),
// "loss" and "bits_per_byte" (the same sum over examples, fixed point). An unchanging count is exposed when
// two rounds differ by one node, hence the opt-in. Without it, means weighted by omega: "loss", "accuracy"
// and "bits_per_byte", fixed point.
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
#include "update/global_state.h"

namespace accord::update {

// What a node measured on its hold-out, of the model that the round started from.
struct Evaluation {
  std::uint64_t examples = 0;
  double loss_sum = 0.0;  // in nats
  std::uint64_t correct = 0;
  std::uint64_t bytes = 0;  // of the text that the examples stand for; 0: not a language model
};

// What the number of a round::MetricSum stands for; journals hold these values. Loss, accuracy and bits per
// byte are of the model that the round started from, the others of the round's updates.
enum class Figure : std::uint8_t {
  kLoss = static_cast<std::uint8_t>(Metric::kLoss),
  kAccuracy = static_cast<std::uint8_t>(Metric::kAccuracy),
  kClipped = 2,  // share of the survivors' coordinates that the clip cut, 0 to 1
  kPeak = 3,     // the largest coordinate of the mean update as a share of the clip, 0 to 1
  kBitsPerByte = static_cast<std::uint8_t>(Metric::kBitsPerByte),
  kSteps = 5,  // inner.round_time: weighted mean of how far the nodes' steps carry of a round's, 0 to 1
};

// A loss above this counts as this: the field must have a bound. Bits per byte, too.
inline constexpr double kMaxLoss = 64.0;
// Where more than this share is cut, people are told (warnings.h), and with update.clip_rms the clip grows.
inline constexpr double kMuchClipped = 0.01;
// Bytes of text that an example (a token) stands for on average, at most, where counts are exact.
inline constexpr std::uint64_t kMaxBytesPerExample = 64;

// Whether nodes measure the model that this round starts from. The words for the figures are in every update;
// where nothing was measured they are zero.
[[nodiscard]] bool Measures(const JobSpec& spec, round::Purpose purpose, RoundId round);

// Headers after count and omega, in wire order. Empty when the plan names no figure. `coordinates`: of the
// encoding.
[[nodiscard]] std::vector<secagg::Header> ExtraHeaders(const JobSpec& spec, round::Purpose purpose,
                                                       std::uint64_t coordinates);

// C of a round: update.clip, or with update.clip_rms so many times the RMS of the mean update before, once
// there is one; within what an encoding takes.
[[nodiscard]] double ClipOf(const JobSpec& spec, round::Purpose purpose, const BaseModel& base);
// The encoding of a round that starts from `base`: in training the model's coordinates, filled up to whole
// blocks where they are rotated (update/rotation.h), in an evaluation the one coordinate 0.
[[nodiscard]] Result<secagg::Encoding> EncodingFor(const JobSpec& spec, round::Purpose purpose,
                                                   const BaseModel& base, std::uint32_t cohort);

// All parameters of a masked attempt with a cohort of this size, as node.proto has them: the coordinator
// offers these, and a node takes no others. `secagg.cohort_too_small`, `secagg.bad_params`.
[[nodiscard]] Result<secagg::Params> ParamsFor(const JobSpec& spec, round::Purpose purpose,
                                               const BaseModel& base, std::uint32_t cohort);

// All header values of one node: count 1, omega, extras. `clipped`: coordinates that the clip cut; none in an
// evaluation. `steps`: strategy::ShareOfSteps of those that it took, 0 to 1, which an evaluation does not
// look at. `update.too_many_examples` when the hold-out is larger than update.max_examples, or has more
// than kMaxBytesPerExample times so many bytes, and counts are exact.
[[nodiscard]] Result<std::vector<std::uint64_t>> HeaderValues(const JobSpec& spec,
                                                              const secagg::Weight& weight,
                                                              const Evaluation& evaluation,
                                                              std::optional<std::uint64_t> clipped,
                                                              double steps = 1.0);

// The cohort's figures from the header sums of a checked sum; examples is 0 unless counts are exact. Those of
// the hold-outs are left out where none was `measured`.
[[nodiscard]] std::vector<round::MetricSum> DecodeMetrics(const JobSpec& spec,
                                                          const secagg::Encoding& encoding,
                                                          std::span<const std::uint64_t> headers,
                                                          bool measured);

// "loss", "accuracy", "bits_per_byte", "clipped", "peak", "steps".
[[nodiscard]] std::string_view FigureName(Figure figure);

}  // namespace accord::update
