// accord-node as one of several processes of its lab that train together: which one this is, and the life of
// all but the first.
#pragma once

#include <optional>

#include "accord/status.h"
#include "apps/signals.h"
#include "config/node_config.h"
#include "trainer/torch_trainer.h"

namespace accord::apps {

// What the environment says (config/launch.h); nullopt: a process alone. Rank 0 makes the group's key where
// there is none; the others wait for it, and from here on end at a signal. Fails with `config.invalid` where
// the settings do not fit a group, and as ReadFile and WriteFileAtomic.
struct Group {
  trainer::GroupOptions options;
  std::uint32_t local = 1;  // processes on one machine
};
[[nodiscard]] Result<std::optional<Group>> FindGroup(const config::NodeConfig& settings, Signals& signals);

// Works for rank 0 until it ends. The exit code.
[[nodiscard]] int RunWorker(const config::NodeConfig& settings, const trainer::TorchOptions& options);

}  // namespace accord::apps
