// What the benches of pure code share: times, medians and the line that scripts/bench promises.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <utility>
#include <vector>

namespace accord::bench {

// CPU time of this thread: other work on the machine takes turns with it, but does not count.
inline double ThreadMs() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}
// CPU time of all threads of this program.
inline double ProcessMs() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}
inline double WallMs() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

inline double Quantile(std::vector<double> values, double part) {
  std::ranges::sort(values);
  return values.at(static_cast<std::size_t>(part * static_cast<double>(values.size())));
}
inline double Median(std::vector<double> values) { return Quantile(std::move(values), 0.5); }

// Runs `work` and gives its time by `clock`.
template <class Clock, class Work>
double Time(Clock clock, Work work) {
  const double begin = clock();
  work();
  return clock() - begin;
}

struct Measured {
  const char* metric;
  double value_ms;
  double floor_ms;
  double ratio;
};
inline void Report(bool json, const char* bench, const Measured& m) {
  std::printf(json ? "{\"bench\":\"%s\",\"metric\":\"%s\",\"value\":%.3f,\"floor\":%.3f,\"ratio\":%.3f}\n"
                   : "%s: %-18s %9.3f ms, floor %9.3f ms, ratio %.3f\n",
              bench, m.metric, m.value_ms, m.floor_ms, m.ratio);
}

}  // namespace accord::bench
