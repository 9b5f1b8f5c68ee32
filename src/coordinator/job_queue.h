// Which of the jobs that wait may start. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "accord/job_spec.h"
#include "job/job.h"

namespace accord::coordinator {

struct Place {
  job::Phase phase = job::Phase::kProposed;
  bool starting = false;  // was told to start, and is not running yet
  Priority priority = Priority::kNormal;
};

// Indices of the jobs that start now, of `jobs` in the order of their submission: at most `max_running` run
// or start. Higher priorities first; then who came first. A paused job leaves its place to another: when it
// goes on there may be more than `max_running` for a while.
[[nodiscard]] std::vector<std::size_t> NextToStart(const std::vector<Place>& jobs, std::size_t max_running);
// How many of the jobs that wait go before the job at `index`, which waits, too.
[[nodiscard]] std::size_t Before(const std::vector<Place>& jobs, std::size_t index);

}  // namespace accord::coordinator
