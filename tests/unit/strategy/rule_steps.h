// Outer steps of a rule over a small model, for the tests of rules.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <string>
#include <vector>

#include "strategy/outer.h"

namespace accord::strategy {

// Weights and the rule's state, stepped as the global model is.
class Stepped {
 public:
  Stepped(const OuterSpec& spec, std::vector<float> weights)
      : rule_(MakeOuterRule(spec).value()), weights_(std::move(weights)) {
    for (const OuterNeeds::StateVector& vector : rule_->Needs().state)
      state_.emplace_back(weights_.size(), static_cast<float>(vector.start));
  }

  // One step of the mean delta `delta`, in tiles of at most `tile` elements, the last one first.
  void Step(const std::vector<double>& delta, std::size_t tile = 1'000'000) {
    ++round_;
    for (std::size_t tiles = (delta.size() + tile - 1) / tile; tiles > 0; --tiles) {
      const std::size_t first = (tiles - 1) * tile;
      const std::size_t count = std::min(tile, delta.size() - first);
      const std::span<const double> means[] = {std::span(delta).subspan(first, count)};
      std::vector<std::span<float>> state;
      for (std::vector<float>& vector : state_) state.push_back(std::span(vector).subspan(first, count));
      rule_->Step({.round = round_, .survivors = 3, .federation = 3},
                  {.weights = std::span(weights_).subspan(first, count), .means = means, .state = state});
    }
  }

  [[nodiscard]] const OuterNeeds& needs() const { return rule_->Needs(); }
  [[nodiscard]] const std::vector<float>& weights() const { return weights_; }
  [[nodiscard]] const std::vector<std::vector<float>>& state() const { return state_; }

 private:
  std::unique_ptr<const OuterRule> rule_;
  std::vector<float> weights_;
  std::vector<std::vector<float>> state_;
  std::uint64_t round_ = 0;
};

// The three steps of spec/learning.md 7.2, weights after each.
inline std::vector<std::vector<float>> ThreeSteps(const OuterSpec& spec) {
  Stepped model(spec, {1.0F, -2.0F, 0.5F});
  std::vector<std::vector<float>> after;
  for (const std::vector<double>& delta :
       {std::vector<double>{-0.1, 0.2, -0.05}, {-0.05, -0.1, 0.02}, {0.03, -0.04, -0.01}}) {
    model.Step(delta);
    after.push_back(model.weights());
  }
  return after;
}

// Weights and state are f32, the reference values binary64: three steps round by half an ulp of 2.0 each.
inline void ExpectSteps(const OuterSpec& spec, const std::vector<std::vector<double>>& reference) {
  const auto after = ThreeSteps(spec);
  ASSERT_EQ(after.size(), reference.size());
  for (std::size_t step = 0; step < after.size(); ++step) {
    for (std::size_t i = 0; i < 3; ++i)
      EXPECT_NEAR(after[step][i], reference[step][i], 4e-7) << spec.rule << " step " << step << " " << i;
  }
}

// The bits of weights and state after five steps over 1,000 elements are the same by any tiles.
inline void ExpectNoTilesSeen(const OuterSpec& spec) {
  std::vector<float> start;
  std::vector<double> delta;
  for (int i = 0; i < 1000; ++i) {
    start.push_back(1.0F / static_cast<float>(i + 3));
    delta.push_back(1.0 / (7.0 - 3.0 * i));
  }
  Stepped whole(spec, start);
  Stepped tiled(spec, start);
  for (int step = 0; step < 5; ++step) {
    whole.Step(delta);
    tiled.Step(delta, 37 + static_cast<std::size_t>(step));
    std::ranges::rotate(delta, delta.begin() + 11);
  }
  EXPECT_EQ(tiled.weights(), whole.weights()) << spec.rule;
  EXPECT_EQ(tiled.state(), whole.state()) << spec.rule;
  EXPECT_NE(whole.weights(), start) << spec.rule;
}

inline std::vector<std::uint32_t> Bits(const std::vector<float>& values) {
  std::vector<std::uint32_t> bits;
  for (const float value : values) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

}  // namespace accord::strategy
