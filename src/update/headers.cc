#include "update/headers.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>
#include <span>
#include <string>

#include "base/errors.h"
#include "strategy/dynamic_steps.h"
#include "update/rotation.h"

namespace accord::update {
namespace {

constexpr std::uint64_t kFull = 1ULL << 39;  // fixed point of a weighted mean at its bound; below 2^40
constexpr double kOmega = 4294967295.0;
constexpr std::string_view kStepsHeader = "steps";
constexpr double kStepsUnit = 128.0;  // times omega: below 2^40, and a share of 1 has no rounding

double BoundOf(Metric metric) { return metric == Metric::kAccuracy ? 1.0 : kMaxLoss; }

bool CountsBytes(const JobSpec& spec) {
  return spec.eval.exact && std::ranges::count(spec.eval.metrics, Metric::kBitsPerByte) > 0;
}

// Fraction bits of an exact loss sum: as many as keep kMaxLoss * max_examples below 2^39.
int LossBits(const JobSpec& spec) {
  return 39 - 6 - static_cast<int>(std::bit_width(spec.update.max_examples));
}

std::uint64_t MaxOf(const JobSpec& spec, Metric metric) {
  if (!spec.eval.exact) return kFull;
  return metric == Metric::kAccuracy ? spec.update.max_examples : kFull;
}

double Clamped(double value, double bound) {
  return std::isfinite(value) ? std::clamp(value, 0.0, bound) : bound;
}

std::uint64_t ExactValue(const JobSpec& spec, Metric metric, const Evaluation& evaluation) {
  if (metric == Metric::kAccuracy) return evaluation.correct;
  const double bound = kMaxLoss * static_cast<double>(evaluation.examples);
  return static_cast<std::uint64_t>(
      std::floor(std::ldexp(Clamped(evaluation.loss_sum, bound), LossBits(spec)) + 0.5));
}

// Of the hold-out of one node, which is not empty.
double ValueOf(Metric metric, const Evaluation& evaluation) {
  const auto examples = static_cast<double>(evaluation.examples);
  if (metric == Metric::kAccuracy) return static_cast<double>(evaluation.correct) / examples;
  if (metric == Metric::kLoss) return evaluation.loss_sum / examples;
  return evaluation.loss_sum / (std::numbers::ln2 * static_cast<double>(evaluation.bytes));
}

std::uint64_t WeightedValue(Metric metric, const secagg::Weight& weight, const Evaluation& evaluation) {
  if (evaluation.examples == 0) return 0;
  const double share = Clamped(ValueOf(metric, evaluation), BoundOf(metric)) / BoundOf(metric);
  const double weighted = share * (static_cast<double>(weight.omega) / kOmega);
  return static_cast<std::uint64_t>(std::floor(weighted * static_cast<double>(kFull) + 0.5));
}

std::uint64_t CoordinatesOf(const JobSpec& spec, round::Purpose purpose, const BaseModel& base) {
  if (purpose != round::Purpose::kTrain) return 1;
  return spec.update.transform == Transform::kHadamard ? RotatedSize(base.parameters) : base.parameters;
}

// The plan's encoding with the clip of the round.
UpdateSpec UpdateOf(const JobSpec& spec, round::Purpose purpose, const BaseModel& base) {
  UpdateSpec update = spec.update;
  update.clip = ClipOf(spec, purpose, base);
  return update;
}

}  // namespace

std::string_view FigureName(Figure figure) {
  switch (figure) {
    case Figure::kLoss:
      return "loss";
    case Figure::kAccuracy:
      return "accuracy";
    case Figure::kClipped:
      return "clipped";
    case Figure::kBitsPerByte:
      return "bits_per_byte";
    case Figure::kSteps:
      return "steps";
    case Figure::kPeak:
      break;
  }
  return "peak";
}

bool Measures(const JobSpec& spec, round::Purpose purpose, RoundId round) {
  if (spec.eval.metrics.empty()) return false;
  return purpose == round::Purpose::kEvaluate || (round.value - 1) % spec.eval.every == 0;
}

std::vector<secagg::Header> ExtraHeaders(const JobSpec& spec, round::Purpose purpose,
                                         std::uint64_t coordinates) {
  std::vector<secagg::Header> headers;
  if (spec.update.report_clipped && purpose == round::Purpose::kTrain) {
    headers.push_back({std::string(secagg::kClippedHeader), coordinates});
  }
  if (strategy::HasDynamicSteps(spec) && purpose == round::Purpose::kTrain)
    headers.push_back({std::string(kStepsHeader), static_cast<std::uint64_t>(kOmega * kStepsUnit)});
  if (spec.eval.metrics.empty()) return headers;
  if (spec.eval.exact) headers.push_back({"eval_examples", spec.update.max_examples});
  if (CountsBytes(spec)) headers.push_back({"eval_bytes", spec.update.max_examples * kMaxBytesPerExample});
  for (const Metric metric : spec.eval.metrics) {
    headers.push_back({std::string(FigureName(static_cast<Figure>(metric))), MaxOf(spec, metric)});
  }
  return headers;
}

double ClipOf(const JobSpec& spec, round::Purpose purpose, const BaseModel& base) {
  if (purpose != round::Purpose::kTrain || !(spec.update.clip_rms > 0.0) || !(base.rms > 0.0F))
    return spec.update.clip;
  constexpr double kLeast = std::numeric_limits<float>::min();
  constexpr double kMost = std::numeric_limits<float>::max();
  return std::clamp(spec.update.clip_rms * static_cast<double>(base.rms), kLeast, kMost);
}

Result<secagg::Encoding> EncodingFor(const JobSpec& spec, round::Purpose purpose, const BaseModel& base,
                                     std::uint32_t cohort) {
  const std::uint64_t coordinates = CoordinatesOf(spec, purpose, base);
  return secagg::Encoding::For(UpdateOf(spec, purpose, base), spec.secure, cohort, coordinates,
                               ExtraHeaders(spec, purpose, coordinates));
}

Result<secagg::Params> ParamsFor(const JobSpec& spec, round::Purpose purpose, const BaseModel& base,
                                 std::uint32_t cohort) {
  const std::uint64_t coordinates = CoordinatesOf(spec, purpose, base);
  return secagg::Params::For(UpdateOf(spec, purpose, base),
                             {.mode = spec.secure,
                              .n = cohort,
                              .corrupt = spec.has_corrupt ? spec.corrupt : secagg::DefaultCorrupt(cohort),
                              .coordinates = coordinates,
                              .extras = ExtraHeaders(spec, purpose, coordinates),
                              .least_survivors = spec.round.min_survivors});
}

Result<std::vector<std::uint64_t>> HeaderValues(const JobSpec& spec, const secagg::Weight& weight,
                                                const Evaluation& evaluation,
                                                std::optional<std::uint64_t> clipped, double steps) {
  std::vector<std::uint64_t> values{1, weight.omega};
  if (spec.update.report_clipped && clipped) values.push_back(*clipped);
  if (strategy::HasDynamicSteps(spec) && clipped) {
    const double share = std::clamp(steps, 0.0, 1.0) * static_cast<double>(weight.omega);
    values.push_back(static_cast<std::uint64_t>(std::floor(share * kStepsUnit + 0.5)));
  }
  if (spec.eval.metrics.empty()) return values;
  if (spec.eval.exact) {
    if (evaluation.examples > spec.update.max_examples) {
      return Fail(errors::kUpdateTooManyExamples, "the hold-out has " + std::to_string(evaluation.examples) +
                                                      " examples, the plan allows " +
                                                      std::to_string(spec.update.max_examples));
    }
    values.push_back(evaluation.examples);
  }
  if (CountsBytes(spec)) {
    const std::uint64_t most = spec.update.max_examples * kMaxBytesPerExample;
    if (evaluation.bytes > most) {
      return Fail(errors::kUpdateTooManyExamples, "the hold-out has " + std::to_string(evaluation.bytes) +
                                                      " bytes, the plan allows " + std::to_string(most));
    }
    values.push_back(evaluation.bytes);
  }
  for (const Metric metric : spec.eval.metrics) {
    values.push_back(spec.eval.exact ? ExactValue(spec, metric, evaluation)
                                     : WeightedValue(metric, weight, evaluation));
  }
  return values;
}

std::vector<round::MetricSum> DecodeMetrics(const JobSpec& spec, const secagg::Encoding& encoding,
                                            std::span<const std::uint64_t> headers, bool measured) {
  std::vector<round::MetricSum> metrics;
  std::size_t next = 2;  // after count and omega
  std::optional<round::MetricSum> clipped;
  if (encoding.headers.size() > next && encoding.headers[next].name == secagg::kClippedHeader) {
    const double all = static_cast<double>(headers[0]) * static_cast<double>(encoding.coordinates);
    clipped = {static_cast<std::uint8_t>(Figure::kClipped), static_cast<double>(headers[next++]) / all, 0};
  }
  std::optional<round::MetricSum> steps;
  if (encoding.headers.size() > next && encoding.headers[next].name == kStepsHeader) {
    // A node that lies about its weight may push it above 1; all others come to the same figure none the
    // less.
    const double all = std::max(1.0, static_cast<double>(headers[1])) * kStepsUnit;
    const double share = std::min(1.0, static_cast<double>(headers[next++]) / all);
    steps = {static_cast<std::uint8_t>(Figure::kSteps), share, 0};
  }
  const std::uint64_t examples = spec.eval.exact && !spec.eval.metrics.empty() ? headers[next++] : 0;
  const std::uint64_t bytes = CountsBytes(spec) ? headers[next++] : 0;
  const double omega = static_cast<double>(headers[1]) / kOmega;
  for (const Metric metric : spec.eval.metrics) {
    const auto sum = static_cast<double>(headers[next++]);
    double value = 0.0;
    if (!spec.eval.exact) {
      value = sum / static_cast<double>(kFull) * BoundOf(metric) / omega;
    } else if (metric == Metric::kBitsPerByte) {
      const double nats = std::ldexp(sum, -LossBits(spec));
      if (bytes > 0) value = nats / (std::numbers::ln2 * static_cast<double>(bytes));
    } else if (examples > 0) {
      const double total = metric == Metric::kLoss ? std::ldexp(sum, -LossBits(spec)) : sum;
      value = total / static_cast<double>(examples);
    }
    if (measured) metrics.push_back({static_cast<std::uint8_t>(metric), value, examples});
  }
  if (clipped) metrics.push_back(*clipped);
  if (steps) metrics.push_back(*steps);
  return metrics;
}

}  // namespace accord::update
