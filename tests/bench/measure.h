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
  double value;
  double floor;
  double ratio;
  const char* unit = "ms";  // of value and floor; JSON leaves it to the metric's name
};
inline void Report(bool json, const char* bench, const Measured& m) {
  if (json) {
    std::printf("{\"bench\":\"%s\",\"metric\":\"%s\",\"value\":%.3f,\"floor\":%.3f,\"ratio\":%.3f}\n", bench,
                m.metric, m.value, m.floor, m.ratio);
  } else {
    std::printf("%s: %-18s %9.3f %s, floor %9.3f %s, ratio %.3f\n", bench, m.metric, m.value, m.unit, m.floor,
                m.unit, m.ratio);
  }
}

}  // namespace accord::bench
