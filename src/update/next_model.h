// From the sum of a round's updates to the model after it: checks of secagg.md 7.6, mean, outer step. The
// coordinator and every node run this same code over the same words and must come to the same bits. Pure;
// several threads.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "accord/job_spec.h"
#include "accord/status.h"
#include "round/round.h"
#include "secagg/encoding.h"
#include "secagg/sum.h"
#include "strategy/outer.h"
#include "strategy/streaming.h"
#include "update/global_state.h"
#include "update/rotation.h"

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
  // Checks the sum of a round that started from `base`: `secagg.range`, `secagg.wrong_count`, ...
  [[nodiscard]] static Result<OuterStep> Open(const JobSpec& spec, const Sum& sum, const BaseModel& base);
  // The same for sums of one round that were taken apart, at least one: the step of all their updates
  // together, to the bit that of one sum over them.
  [[nodiscard]] static Result<OuterStep> Open(const JobSpec& spec, std::span<const Sum> sums,
                                              const BaseModel& base);

  // The cohort's figures; in training with Figure::kPeak of the parameters that Apply has seen.
  [[nodiscard]] std::vector<round::MetricSum> Metrics() const;
  // `weights` are those of the model that the round started from, from parameter `first` of those that the
  // updates are of (update/exchange.h), and become those of the model after it (unchanged in an evaluation);
  // every element once, in order. `state` are the same elements of the rule's vectors, by OuterNeeds::state.
  // In the plan's synchronous rounds the step is the plain average, and leaves the state. With
  // inner.round_time the mean is that of normalised updates, and counts times Figure::kSteps.
  void Apply(std::uint64_t first, std::span<float> weights, std::span<const std::span<float>> state = {});
  // The whole global state at once: in a job that streams the round's fragment changes, the rest stays. With
  // update.clip_rms also the RMS that the next clip follows from (RmsAfter); none after the last synchronous
  // round, for the updates that follow are of many steps.
  void ApplyAll(const GlobalParts& global);

 private:
  OuterStep() = default;
  [[nodiscard]] std::span<double> MeanFrom(std::uint64_t first, std::size_t most);
  void ApplyFragment(const GlobalParts& global);
  void KeepRms(std::span<float> rms) const;
  [[nodiscard]] float RmsAfter() const;

  round::Purpose purpose_ = round::Purpose::kTrain;
  bool synchronous_ = false, last_synchronous_ = false;
  std::vector<strategy::ElementRange> fragment_;  // empty: the whole model
  std::size_t rms_index_ = 0;
  double clip_rms_ = 0.0, rms_before_ = 0.0;
  strategy::OuterRound outer_;
  std::vector<secagg::Encoding> encodings_;
  std::vector<secagg::SumPart> parts_;
  std::unique_ptr<const strategy::OuterRule> rule_;
  std::vector<round::MetricSum> metrics_;
  std::optional<Rotation> rotation_;
  std::vector<double> mean_;  // of a tile, so that it stays in the cache
  double steps_ = 1.0;        // what the mean counts times
  double peak_ = 0.0;         // the largest magnitude in a tile so far
  bool squares_wanted_ = false;
  std::array<double, 8> squares_{};  // sums over the elements i, i + 8, ...: the same by any tiles
};

// All of it in place, on the flat buffer of the global state. On a failure it is untouched.
[[nodiscard]] Result<std::vector<round::MetricSum>> NextModel(const JobSpec& spec, const Sum& sum,
                                                              std::span<float> global);

}  // namespace accord::update
