// What a computation would take, against what the machine has. Any thread.
#pragma once

#include <cstdint>
#include <string>

#include "accord/job_spec.h"
#include "accord/model.h"
#include "accord/status.h"
#include "model/partition.h"

namespace accord::trainer {

// Linux grants memory that it does not have and ends the process on use, so what cannot fit is refused
// beforehand: `trainer.memory`, "<what> takes at least <need>, this machine has ...". `limit_bytes` 0: all of
// the machine's.
[[nodiscard]] Status CheckFits(const std::string& what, std::uint64_t need_bytes,
                               std::uint64_t limit_bytes = 0);

// What training `job`, its model resolved and of the layout `model`, holds at least, in bytes: weights,
// gradient and the optimizer's vectors of what is trained; with an adapter the frozen model and its gradient,
// the adapted matrices once more, A and B once more with their gradients; of Ditto everything but the
// gradient once more; where a proximal term pulls, where the round began; personal parts as they started and
// as they are kept; what is exchanged once more where nodes go on from their own weights. Activations and
// data come on top. Fails as model::MakeAdapter.
[[nodiscard]] Result<std::uint64_t> TrainingBytes(const JobSpec& job, const ModelLayout& model,
                                                  const model::Partition& partition);

}  // namespace accord::trainer
