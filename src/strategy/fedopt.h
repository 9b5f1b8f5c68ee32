// Adaptive outer rules (Reddi et al. 2021, "Adaptive Federated Optimization"; spec/learning.md 2.1), of the
// mean delta D:
//   m' = beta1 m + (1 - beta1) D
//   fedadagrad  v' = v + D^2
//   fedadam     v' = beta2 v + (1 - beta2) D^2
//   fedyogi     v' = v - (1 - beta2) D^2 sign(v - D^2)
//   x' = x + lr m' / (sqrt(v') + tau)
// The paper's rules start with v = tau^2 and correct no bias. The "-flower" ones are as Flower has them: v
// starts at 0, and fedadam-flower multiplies lr in its step t, from 1, by
// sqrt(1 - beta2^(t + 1)) / (1 - beta1^(t + 1)).
// State: "m" and "v" as f32; a step is made of m' and v' in binary64, before they are rounded.
#pragma once

#include <memory>

#include "strategy/outer.h"

namespace accord::strategy {

// The one that spec.rule names. Fails with `job.invalid` when lr or tau is not a finite number above 0, beta1
// or beta2 not in [0, 1), or tau^2 no f32 above 0.
[[nodiscard]] Result<std::unique_ptr<const OuterRule>> MakeFedOpt(const OuterSpec& spec);

}  // namespace accord::strategy
