// What a model is worth on one lab's hold-out, figures that in a federation only ever leave inside a sum: for
// studies, and for a lab about its own data.
#pragma once

#include "study/lockstep.h"

namespace accord::study {

struct Worth {
  std::uint64_t examples = 0;
  double loss = 0.0;  // mean of the examples, nats
  double accuracy = 0.0;
  double bits_per_byte = 0.0;  // language models; else 0
};

// `outcome.examples` is above 0.
[[nodiscard]] Worth WorthOf(const EvalOutcome& outcome);

// With what the lab has kept for itself so far, in jobs with personal parts. `data.empty` when the lab has no
// hold-out.
[[nodiscard]] Result<Worth> Evaluate(const Lab& lab, std::span<const float> model);

}  // namespace accord::study
