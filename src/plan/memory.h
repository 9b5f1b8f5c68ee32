// Bytes that training needs at a node, by stated formulas (docs/planner.md). Pure.
#pragma once

#include <cstdint>

#include "plan/inputs.h"

namespace accord::plan {

// One sequence at a time a device; weights, gradients and the optimizer's state shared out evenly among the
// devices of a node, activations not.
struct Memory {
  double bytes_per_parameter = 0.0;  // on the node's devices together
  double weights = 0.0;              // of one device, each of the next three
  double gradients = 0.0;
  double optimizer = 0.0;           // Adam's two moments and AdamW's scratch
  double activations = 0.0;         // all layers kept, and the logits
  double checkpointed = 0.0;        // each layer's input kept, one layer computed again; and the logits
  double host = 0.0;                // of a node, off the devices: the global model and the outer momentum
  std::uint64_t least_devices = 0;  // of a node, with checkpointing and a tenth left free; 0: never fits

  [[nodiscard]] double State() const { return weights + gradients + optimizer; }
};

// `inputs` is resolved.
[[nodiscard]] Memory MemoryOf(const Inputs& inputs);

}  // namespace accord::plan
