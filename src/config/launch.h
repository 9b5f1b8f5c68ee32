// Which of several processes this one is, as whoever starts them says it in the environment: torchrun, a
// person who sets its variables by hand, or Slurm's srun. Called by accord-node at its start. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "accord/status.h"
#include "config/load.h"

namespace accord::config {

struct Launch {
  std::uint32_t rank = 0;   // below size; 0: the node
  std::uint32_t size = 1;   // processes, at least 2
  std::uint32_t local = 1;  // most of them on one machine
  HostPort master;          // where process 0 is met by the others
  bool loopback = false;    // that is this machine alone
  bool agent = false;       // torchrun listens there, not process 0
  std::string attempt;      // torchrun's, when it has started them again
};

// The value of an environment variable.
using Variable = std::function<std::optional<std::string>(const char* name)>;

// nullopt: a process alone. RANK and WORLD_SIZE (with MASTER_ADDR, MASTER_PORT, LOCAL_WORLD_SIZE) come before
// a step of Slurm with several tasks (SLURM_PROCID, SLURM_STEP_NUM_TASKS; process 0 is on the first host of
// SLURM_STEP_NODELIST, or else of SLURM_LAUNCH_NODE_IPADDR, and the port follows from SLURM_JOB_ID and
// SLURM_STEP_ID; MASTER_ADDR and MASTER_PORT come before all of these). The batch script of an allocation is
// not a step. Fails with `config.invalid` where they contradict each other.
[[nodiscard]] Result<std::optional<Launch>> FindLaunch(const Variable& variable);

}  // namespace accord::config
