// Outer rules with a momentum (spec/learning.md 2.1), of the pseudo-gradient G = -mean(delta):
//   fedavgm   b' = mu b + G;  x' = x - lr b'                 (Hsu et al. 2019)
//   diloco    b' = mu b + G;  x' = x - lr (G + mu b')        (Douillard et al. 2023: SGD with Nesterov's)
// b starts at zero, so the first b' is G, as in torch.optim.SGD. State: "momentum", the f32 of b'; the step
// is made of b' in binary64, before it is rounded.
#pragma once

#include <memory>

#include "strategy/outer.h"

namespace accord::strategy {

// Fail with `job.invalid` when lr is not a finite number above 0, or momentum not in [0, 1).
[[nodiscard]] Result<std::unique_ptr<const OuterRule>> MakeFedAvgM(const OuterSpec& spec);
[[nodiscard]] Result<std::unique_ptr<const OuterRule>> MakeDiLoCo(const OuterSpec& spec);

}  // namespace accord::strategy
