#include "update/next_model.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/errors.h"
#include "secagg/sum.h"
#include "strategy/outer.h"
#include "update/headers.h"

namespace accord::update {

Result<std::vector<round::MetricSum>> NextModel(const JobSpec& spec, const Sum& sum,
                                                std::span<float> weights) {
  ACCORD_ASSIGN_OR_RETURN(const secagg::Encoding encoding,
                          EncodingFor(spec, sum.purpose, weights.size(), sum.cohort));
  if (sum.survivors > sum.cohort) {  // both come from the peer
    return Fail(errors::kSecaggWrongCount,
                std::to_string(sum.survivors) + " survivors of a cohort of " + std::to_string(sum.cohort));
  }
  ACCORD_RETURN_IF_ERROR(secagg::CheckSum(encoding, sum.words, sum.survivors));
  ACCORD_ASSIGN_OR_RETURN(const auto rule, strategy::MakeOuterRule(spec.outer));
  std::vector<round::MetricSum> metrics = DecodeMetrics(spec, sum.words.first(encoding.headers.size()));
  if (sum.purpose == round::Purpose::kEvaluate) return metrics;

  constexpr std::size_t kTile = 16'384;  // the mean stays in the cache
  std::vector<double> mean(std::min(kTile, weights.size()));
  const strategy::OuterRound outer{.round = sum.round.value, .survivors = sum.survivors};
  for (std::size_t first = 0; first < weights.size(); first += kTile) {
    const std::span<float> tile = weights.subspan(first, std::min(kTile, weights.size() - first));
    const std::span<double> means = std::span(mean).first(tile.size());
    secagg::DecodeMean(encoding, sum.words, first, means);
    const std::array<std::span<const double>, 1> inputs{means};
    rule->Step(outer, {.weights = tile, .means = inputs, .state = {}});
  }
  return metrics;
}

}  // namespace accord::update
