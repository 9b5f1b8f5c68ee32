// FedAvg with a server learning rate (McMahan et al. 2017; spec/learning.md 2.1): x' = x + lr * mean(delta),
// the mean weighted by the nodes' omega. No state. With lr = 1 the model is the average of the nodes' models.
#pragma once

#include <memory>

#include "strategy/outer.h"

namespace accord::strategy {

// Fails with `job.invalid` when lr is not a finite number above 0.
[[nodiscard]] Result<std::unique_ptr<const OuterRule>> MakeFedAvg(const OuterSpec& spec);

}  // namespace accord::strategy
