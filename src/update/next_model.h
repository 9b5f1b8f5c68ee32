// From the sum of a round's updates to the model after it: checks of secagg.md 7.6, mean, outer step. The
// coordinator and every node run this same code over the same words and must come to the same bits. Pure;
// several threads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "accord/job_spec.h"
#include "accord/status.h"
#include "round/round.h"
#include "secagg/encoding.h"
#include "secagg/sum.h"
#include "strategy/outer.h"

namespace accord::update {

struct Sum {
  round::Purpose purpose = round::Purpose::kTrain;
  RoundId round;
  std::uint32_t cohort = 0;  // size of the masking cohort: it fixed the field width
  std::uint32_t survivors = 0;
  std::span<const std::uint64_t> words;  // borrowed
};

// The outer step of a sum that was found good, for those who make it a part of the model at a time. `words`
// of the sum must outlive it. One thread at a time.
class OuterStep {
 public:
  // Checks the sum for a model of `parameters`: `secagg.range`, `secagg.wrong_count`, ...
  [[nodiscard]] static Result<OuterStep> Open(const JobSpec& spec, const Sum& sum, std::uint64_t parameters);
  // The same for sums of one round that were taken apart, at least one: the step of all their updates
  // together, to the bit that of one sum over them.
  [[nodiscard]] static Result<OuterStep> Open(const JobSpec& spec, std::span<const Sum> sums,
                                              std::uint64_t parameters);

  // The cohort's figures; in training with Figure::kPeak of the parameters that Apply has seen.
  [[nodiscard]] std::vector<round::MetricSum> Metrics() const;
  // `weights` are those of the model that the round started from, from parameter `first` on, and become those
  // of the model after it (unchanged in an evaluation).
  void Apply(std::uint64_t first, std::span<float> weights);

 private:
  OuterStep() = default;

  round::Purpose purpose_ = round::Purpose::kTrain;
  strategy::OuterRound outer_;
  std::vector<secagg::Encoding> encodings_;
  std::vector<secagg::SumPart> parts_;
  std::unique_ptr<const strategy::OuterRule> rule_;
  std::vector<round::MetricSum> metrics_;
  std::vector<double> mean_;  // of a tile, so that it stays in the cache
  double peak_ = 0.0;         // the largest magnitude in a tile so far
};

// All of it in place. On a failure the weights are untouched.
[[nodiscard]] Result<std::vector<round::MetricSum>> NextModel(const JobSpec& spec, const Sum& sum,
                                                              std::span<float> weights);

}  // namespace accord::update
