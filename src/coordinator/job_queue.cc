#include "coordinator/job_queue.h"

#include <algorithm>

namespace accord::coordinator {
namespace {

bool Waits(const Place& place) { return place.phase == job::Phase::kQueued && !place.starting; }
bool Takes(const Place& place) { return place.phase == job::Phase::kRunning || place.starting; }

}  // namespace

std::vector<std::size_t> NextToStart(const std::vector<Place>& jobs, std::size_t max_running) {
  std::vector<std::size_t> next;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (Waits(jobs[i])) next.push_back(i);
  }
  std::ranges::stable_sort(next, std::greater<>(), [&](std::size_t i) { return jobs[i].priority; });
  const auto taken = static_cast<std::size_t>(std::ranges::count_if(jobs, Takes));
  next.resize(std::min(next.size(), max_running - std::min(max_running, taken)));
  return next;
}

std::size_t Before(const std::vector<Place>& jobs, std::size_t index) {
  const Priority own = jobs[index].priority;
  std::size_t before = 0;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const bool first = jobs[i].priority > own || (jobs[i].priority == own && i < index);
    if (Waits(jobs[i]) && first) ++before;
  }
  return before;
}

}  // namespace accord::coordinator
