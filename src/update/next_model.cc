#include "update/next_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "base/errors.h"
#include "secagg/sum.h"
#include "update/headers.h"

namespace accord::update {
namespace {

constexpr std::size_t kTile = 16'384;

// The largest magnitude, or `peak` if that is larger. Several at a time: each would wait for the one before.
double PeakOf(std::span<const double> values, double peak) {
  std::array<double, 8> peaks;
  peaks.fill(peak);
  for (; values.size() >= peaks.size(); values = values.subspan(peaks.size())) {
    for (std::size_t i = 0; i < peaks.size(); ++i) peaks[i] = std::max(peaks[i], std::abs(values[i]));
  }
  for (const double value : values) peak = std::max(peak, std::abs(value));
  return std::max(peak, *std::ranges::max_element(peaks));
}

}  // namespace

Result<OuterStep> OuterStep::Open(const JobSpec& spec, const Sum& sum, std::uint64_t parameters) {
  return Open(spec, std::span(&sum, 1), parameters);
}

Result<OuterStep> OuterStep::Open(const JobSpec& spec, std::span<const Sum> sums, std::uint64_t parameters) {
  OuterStep step;
  step.purpose_ = sums[0].purpose;
  step.outer_.round = sums[0].round.value;
  step.encodings_.reserve(sums.size());  // parts point into it, also when the step has moved
  std::vector<std::uint64_t> headers;
  for (const Sum& sum : sums) {
    ACCORD_ASSIGN_OR_RETURN(const secagg::Encoding encoding,
                            EncodingFor(spec, sum.purpose, parameters, sum.cohort));
    if (sum.survivors > sum.cohort) {  // both come from the peer
      return Fail(errors::kSecaggWrongCount,
                  std::to_string(sum.survivors) + " survivors of a cohort of " + std::to_string(sum.cohort));
    }
    ACCORD_RETURN_IF_ERROR(secagg::CheckSum(encoding, sum.words, sum.survivors));
    headers.resize(encoding.headers.size());
    for (std::size_t i = 0; i < headers.size(); ++i) headers[i] += sum.words[i];
    step.outer_.survivors += sum.survivors;
    step.encodings_.push_back(encoding);
    step.parts_.push_back({&step.encodings_.back(), sum.words});
  }
  ACCORD_ASSIGN_OR_RETURN(step.rule_, strategy::MakeOuterRule(spec.outer));
  step.metrics_ = DecodeMetrics(spec, step.encodings_[0], headers);
  step.mean_.resize(std::min<std::uint64_t>(kTile, parameters));
  return step;
}

void OuterStep::Apply(std::uint64_t first, std::span<float> weights) {
  if (purpose_ == round::Purpose::kEvaluate) return;
  while (!weights.empty()) {
    const std::span<float> tile = weights.first(std::min(kTile, weights.size()));
    const std::span<double> mean = std::span(mean_).first(tile.size());
    secagg::DecodeMean(parts_, first, mean);
    peak_ = PeakOf(mean, peak_);
    const std::array<std::span<const double>, 1> inputs{mean};
    rule_->Step(outer_, {.weights = tile, .means = inputs, .state = {}});
    first += tile.size();
    weights = weights.subspan(tile.size());
  }
}

std::vector<round::MetricSum> OuterStep::Metrics() const {
  std::vector<round::MetricSum> metrics = metrics_;
  if (purpose_ == round::Purpose::kTrain) {  // rounding may carry a coordinate just beyond the clip
    const double clip = encodings_[0].clip;
    metrics.push_back({static_cast<std::uint8_t>(Figure::kPeak), std::min(1.0, peak_ / clip), 0});
  }
  return metrics;
}

Result<std::vector<round::MetricSum>> NextModel(const JobSpec& spec, const Sum& sum,
                                                std::span<float> weights) {
  ACCORD_ASSIGN_OR_RETURN(OuterStep step, OuterStep::Open(spec, sum, weights.size()));
  step.Apply(0, weights);
  return step.Metrics();
}

}  // namespace accord::update
