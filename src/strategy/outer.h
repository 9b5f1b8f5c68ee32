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
  // f32 vectors that live from round to round beside the weights, each as long as the model, zero at the
  // start: "momentum" (FedAvgM, DiLoCo), "m" and "v" (FedAdam), "control" (SCAFFOLD).
  std::vector<std::string> state;
  // Further weighted means that travel as header words, e.g. FedNova's "a".
  std::vector<std::string> scalars;
};

// One round's figures, equal for all tiles of the round.
struct OuterRound {
  std::uint64_t round = 1;          // of the job, from 1
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
  // One outer step of the elements of `tile`. Spans that contradict Needs() are a bug.
  virtual void Step(const OuterRound& round, const OuterTile& tile) const = 0;
};

// The rule that a job names, with its parameters; `outer.unknown` lists those that exist.
[[nodiscard]] Result<std::unique_ptr<const OuterRule>> MakeOuterRule(const OuterSpec& spec);
// Names that MakeOuterRule knows, sorted.
[[nodiscard]] std::vector<std::string_view> OuterRuleNames();

}  // namespace accord::strategy
