// Checksums of what a trainer's files depend on, so that none is taken for another plan's. Used by the
// trainer on its thread; internal.
#pragma once

#include <cstdint>

#include "accord/job_spec.h"
#include "model/partition.h"

namespace accord::trainer {

// Of what lives from round to round: layouts, optimizer, adapter, seed. job.model resolved.
[[nodiscard]] std::uint32_t StateCrc(const JobSpec& job, const model::Partition& partition);

struct NodeFacts {
  std::uint64_t shuffle_seed = 0;
  std::uint64_t examples = 0;
};
// Of everything but weights, kept state and round that the result of a round depends on.
[[nodiscard]] std::uint32_t RoundCrc(const JobSpec& job, const model::Partition& partition,
                                     const NodeFacts& node);

}  // namespace accord::trainer
