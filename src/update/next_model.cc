#include "update/next_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "base/errors.h"
#include "model/partition.h"
#include "secagg/sum.h"
#include "update/exchange.h"
#include "update/headers.h"

namespace accord::update {
namespace {

constexpr std::size_t kTile = 16'384;
// By how much a clip grows that cut much, and by how much one that did not may shrink from round to round.
constexpr double kGrowth = 1.25, kDecay = 0.95;

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

// The elements of the round's fragment; none where a round is of the whole model.
Result<std::vector<strategy::ElementRange>> FragmentOf(const JobSpec& spec, RoundId round) {
  if (spec.streaming.fragments == 1 || !strategy::RoundOf(spec, round.value).update)
    return std::vector<strategy::ElementRange>();
  ACCORD_ASSIGN_OR_RETURN(const model::Partition parts, model::MakePartition(spec));
  return ExchangedElements(spec, parts.shared.tensors, round);
}

}  // namespace

Result<OuterStep> OuterStep::Open(const JobSpec& spec, const Sum& sum, const BaseModel& base) {
  return Open(spec, std::span(&sum, 1), base);
}

Result<OuterStep> OuterStep::Open(const JobSpec& spec, std::span<const Sum> sums, const BaseModel& base) {
  OuterStep step;
  step.purpose_ = sums[0].purpose;
  step.encodings_.reserve(sums.size());  // parts point into it, also when the step has moved
  std::vector<std::uint64_t> headers;
  for (const Sum& sum : sums) {
    ACCORD_ASSIGN_OR_RETURN(const secagg::Encoding encoding,
                            EncodingFor(spec, sum.purpose, base, sum.cohort));
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
  const std::uint64_t round = sums[0].round.value;
  step.synchronous_ = round <= spec.round.synchronous;
  step.last_synchronous_ = round == spec.round.synchronous;
  if (!step.synchronous_) step.outer_.round = strategy::RoundOf(spec, round).turn;
  step.rms_index_ = RmsIndex(spec, sums[0].round);
  step.clip_rms_ = spec.update.clip_rms;
  step.rms_before_ = static_cast<double>(base.rms);
  ACCORD_ASSIGN_OR_RETURN(step.fragment_, FragmentOf(spec, sums[0].round));
  ACCORD_ASSIGN_OR_RETURN(
      step.rule_,
      strategy::MakeOuterRule(step.synchronous_ ? OuterSpec{.rule = "fedavg", .lr = 1.0} : spec.outer));
  step.metrics_ =
      DecodeMetrics(spec, step.encodings_[0], headers, Measures(spec, sums[0].purpose, sums[0].round));
  for (const round::MetricSum& metric : step.metrics_) {
    if (metric.metric == static_cast<std::uint8_t>(Figure::kSteps)) step.steps_ = metric.value;
  }
  if (spec.update.transform == Transform::kHadamard) step.rotation_.emplace(spec.seed, sums[0].round);
  step.mean_.resize(step.rotation_ ? kRotationBlock : std::min<std::uint64_t>(kTile, base.parameters));
  return step;
}

// The mean of elements from `first` on: at least one of them, at most `most`; valid until the next call.
std::span<double> OuterStep::MeanFrom(std::uint64_t first, std::size_t most) {
  if (!rotation_) {
    const std::span<double> mean = std::span(mean_).first(std::min(kTile, most));
    secagg::DecodeMean(parts_, first, mean);
    peak_ = PeakOf(mean, peak_);
    return mean;
  }
  const std::uint64_t block = first / kRotationBlock;
  const Rotation::Block mean(mean_);
  secagg::DecodeMean(parts_, block * kRotationBlock, mean);
  peak_ = PeakOf(mean, peak_);  // the clip is of rotated coordinates
  rotation_->Inverse(block, mean);
  const std::size_t skip = first % kRotationBlock;
  return mean.subspan(skip, std::min(kRotationBlock - skip, most));
}

void OuterStep::Apply(std::uint64_t first, std::span<float> weights,
                      std::span<const std::span<float>> state) {
  if (purpose_ == round::Purpose::kEvaluate) return;
  if (synchronous_) state = {};
  std::vector<std::span<float>> tiles(state.size());
  for (std::size_t at = 0; at < weights.size();) {
    const std::span<double> mean = MeanFrom(first + at, weights.size() - at);
    if (squares_wanted_) {
      for (std::size_t i = 0; i < mean.size(); ++i)
        squares_[(first + at + i) % squares_.size()] += mean[i] * mean[i];
    }
    if (steps_ != 1.0) {  // behind the squares: the clip is of what nodes send
      for (double& value : mean) value *= steps_;
    }
    const std::array<std::span<const double>, 1> inputs{mean};
    for (std::size_t i = 0; i < state.size(); ++i) tiles[i] = state[i].subspan(at, mean.size());
    rule_->Step(outer_, {.weights = weights.subspan(at, mean.size()), .means = inputs, .state = tiles});
    at += mean.size();
  }
}

void OuterStep::ApplyAll(const GlobalParts& global) {
  if (purpose_ == round::Purpose::kEvaluate) return;
  squares_wanted_ = !global.rms.empty();
  if (fragment_.empty()) {
    Apply(0, global.weights, global.state);
  } else {
    ApplyFragment(global);
  }
  if (squares_wanted_) KeepRms(global.rms);
}

void OuterStep::ApplyFragment(const GlobalParts& global) {
  std::vector<std::span<float>> state(global.state.size());
  std::uint64_t first = 0;
  for (const strategy::ElementRange& range : fragment_) {
    for (std::size_t i = 0; i < state.size(); ++i)
      state[i] = global.state[i].subspan(range.first, range.count);
    Apply(first, global.weights.subspan(range.first, range.count), state);
    first += range.count;
  }
}

// That of the mean update. The nodes' own are larger the less they agree, and what the clip cuts makes the
// mean smaller, and with it the next clip: so a count of the cuts, where the plan asks for one, has the last
// word.
float OuterStep::RmsAfter() const {
  double sum = 0.0;
  for (const double part : squares_) sum += part;
  double rms = std::sqrt(sum / static_cast<double>(encodings_[0].coordinates));
  for (const round::MetricSum& metric : metrics_) {
    if (metric.metric != static_cast<std::uint8_t>(Figure::kClipped)) continue;
    rms = std::max(
        rms, metric.value > kMuchClipped ? kGrowth * encodings_[0].clip / clip_rms_ : kDecay * rms_before_);
  }
  return static_cast<float>(rms);
}

// A synchronous round is of all fragments, and is their last one.
void OuterStep::KeepRms(std::span<float> rms) const {
  const float latest = RmsAfter();
  const std::span<float> mine = synchronous_ ? rms : rms.subspan(rms_index_, 2);
  for (std::size_t i = 0; i < mine.size(); i += 2) {
    mine[i + 1] = mine[i];
    // An update of one step says nothing of the larger ones that follow.
    mine[i] = last_synchronous_ ? 0.0F : latest;
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
                                                std::span<float> global) {
  ACCORD_ASSIGN_OR_RETURN(const GlobalParts parts, Split(spec, global));
  ACCORD_ASSIGN_OR_RETURN(const auto fragment, FragmentOf(spec, sum.round));
  const std::uint64_t size = fragment.empty() ? parts.weights.size() : SizeOf(fragment);
  const BaseModel base{size, parts.rms.empty() ? 0.0F : parts.rms[RmsIndex(spec, sum.round)]};
  ACCORD_ASSIGN_OR_RETURN(OuterStep step, OuterStep::Open(spec, sum, base));
  step.ApplyAll(parts);
  return step.Metrics();
}

}  // namespace accord::update
