// Outer optimizers: how the mean of a round's updates moves the global model. The coordinator and every node
// run the same rule over the same sums and must reach the same bits, so a rule uses only IEEE-exact
// operations (binary64 per element, f32 weights and state, no contraction, no libm), element by element.
// Pure; a rule is immutable and may be called from any thread on disjoint tiles in any order.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accord/job_spec.h"
#include "accord/status.h"

namespace accord::strategy {

// What a rule needs beside the weights (spec/learning.md 2.1), so that encoder, header words and checkpoints
// are laid out without knowing the rule.
struct OuterNeeds {
  // Vectors that a node sends, each as long as the model, the first always "delta" (trained - received).
  // SCAFFOLD adds "control"; FedNova sends its delta already divided by a_i.
  std::vector<std::string> inputs{"delta"};
  // f32 vectors that live from round to round beside the weights, each as long as the model, sorted by name:
  // "momentum" (FedAvgM, DiLoCo), "m" and "v" (FedAdam), "control" (SCAFFOLD). `start`: what every element
  // is before the first step.
  struct StateVector {
    std::string name;
    double start = 0.0;
  };
  std::vector<StateVector> state;
  // Further weighted means that travel as header words, e.g. FedNova's "a".
  std::vector<std::string> scalars;
};

// One round's figures, equal for all tiles of the round.
struct OuterRound {
  std::uint64_t round = 1;          // steps of this rule so far, this one included
  std::uint64_t survivors = 0;      // updates in the sum
  std::uint64_t federation = 0;     // nodes that could have taken part (SCAFFOLD's N)
  std::span<const double> scalars;  // by OuterNeeds::scalars
};

// The same range of elements in every vector; all spans have weights.size() elements; not owned.
struct OuterTile {
  std::span<float> weights;                        // x in, x' out
  std::span<const std::span<const double>> means;  // weighted means over the survivors, by OuterNeeds::inputs
  std::span<const std::span<float>> state;         // in and out, by OuterNeeds::state
};

class OuterRule {
 public:
  virtual ~OuterRule() = default;
  [[nodiscard]] virtual const OuterNeeds& Needs() const = 0;
  // One outer step of the elements of `tile`, of a mean delta D in means[0]. Spans that contradict Needs()
  // are a bug.
  virtual void Step(const OuterRound& round, const OuterTile& tile) const = 0;
};

// The rule that a job names, with its parameters; `outer.unknown` lists those that exist, `job.invalid` names
// a parameter of this rule that makes no sense.
[[nodiscard]] Result<std::unique_ptr<const OuterRule>> MakeOuterRule(const OuterSpec& spec);
// Names that MakeOuterRule knows, sorted.
[[nodiscard]] std::vector<std::string_view> OuterRuleNames();

}  // namespace accord::strategy
