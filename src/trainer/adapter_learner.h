// An adapter as a Learner around the learner of the frozen model. Used by the factory; internal, knows ATen.
#pragma once

#include <memory>
#include <span>

#include "model/partition.h"
#include "trainer/learner.h"

namespace accord::trainer {

struct AdapterParts {
  model::Adapter adapter;
  ModelLayout trained;          // A and B, or B alone: then A stays as the seed draws it
  std::span<const float> base;  // the frozen model; copied
  std::uint64_t seed = 0;       // the job's
};

// Its weights are the flat A and B of `trained`. Before each gradient and evaluation W + scale * B A is
// written into the weights of `inner`; its whole gradient dW then gives dB = scale * dW A^T and dA = scale *
// B^T dW. So any model can have an adapter, in any precision that it trains in; the price is memory: weights
// and gradient of the whole model and one more copy of the adapted matrices, though no optimizer's state of
// them. With inner.precision = "bf16" it is the sum W + scale * B A that is rounded.
[[nodiscard]] std::unique_ptr<Learner> MakeAdapterLearner(std::unique_ptr<Learner> inner,
                                                          const AdapterParts& parts);

}  // namespace accord::trainer
