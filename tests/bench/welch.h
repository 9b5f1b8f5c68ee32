// Whether the time of a function depends on its secret input, in the manner of dudect (Reparaz, Balasch and
// Verbauwhede, "Dude, is my code constant time?", DATE 2017): times for one fixed input and for random ones,
// in random order, compared by Welch's t-test, also after the slowest times, which other work on the machine
// caused, are cut off.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <functional>
#include <random>
#include <span>
#include <vector>

#ifdef __x86_64__
#include <x86intrin.h>
#endif

namespace accord::bench {

// Of a function whose time does not depend on its input |t| exceeds this with a probability of 7e-6 at each
// cut; the bound of ISO/IEC 17825.
inline constexpr double kWelchBound = 4.5;

// Ticks of the finest clock there is: cycles of the time stamp counter, or nanoseconds.
inline std::uint64_t Ticks() {
#ifdef __x86_64__
  _mm_lfence();
  const std::uint64_t now = __rdtsc();
  _mm_lfence();
  return now;
#else
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
#endif
}

struct Timed {
  std::uint64_t ticks;
  bool fixed;
};

// What is measured. `fill` writes the fixed input, or a random one, into as many words; `run` works on them
// and gives something of its result, so that the compiler cannot leave it out.
struct Subject {
  std::size_t words = 0;
  std::function<void(bool fixed, std::mt19937_64& random, std::span<std::uint64_t> input)> fill;
  std::function<std::uint64_t(std::span<const std::uint64_t> input)> run;
};

// `batches` of a thousand times each, after one that only warms up. Inputs are made a batch ahead, so that a
// run meets the same caches whatever its input.
inline std::vector<Timed> TimeInputs(const Subject& subject, int batches) {
  constexpr std::size_t kBatch = 1'000;
  std::mt19937_64 random(1);
  std::vector<std::uint64_t> inputs(kBatch * subject.words);
  std::vector<Timed> batch(kBatch), times;
  volatile std::uint64_t sink = 0;
  for (int b = 0; b <= batches; ++b) {
    const auto input = [&](std::size_t i) {
      return std::span(inputs).subspan(i * subject.words, subject.words);
    };
    for (std::size_t i = 0; i < kBatch; ++i) {
      batch[i].fixed = random() >> 63 != 0;
      subject.fill(batch[i].fixed, random, input(i));
    }
    for (std::size_t i = 0; i < kBatch; ++i) {
      const std::uint64_t begin = Ticks();
      sink = subject.run(input(i));
      batch[i].ticks = Ticks() - begin;
    }
    if (b > 0) times.insert(times.end(), batch.begin(), batch.end());
  }
  static_cast<void>(sink);
  return times;
}

// |t| of the times up to `longest`.
inline double WelchT(std::span<const Timed> times, std::uint64_t longest) {
  double count[2] = {}, mean[2] = {}, squares[2] = {};  // Welford's
  for (const Timed& time : times) {
    if (time.ticks > longest) continue;
    const int c = time.fixed ? 1 : 0;
    const double value = static_cast<double>(time.ticks);
    const double off = value - mean[c];
    mean[c] += off / ++count[c];
    squares[c] += off * (value - mean[c]);
  }
  if (count[0] < 2 || count[1] < 2) return 0.0;
  const double variance = squares[0] / (count[0] - 1) / count[0] + squares[1] / (count[1] - 1) / count[1];
  return variance > 0 ? std::abs(mean[0] - mean[1]) / std::sqrt(variance) : 0.0;
}

// The largest |t| over the cuts.
inline double LargestT(const Subject& subject, int batches) {
  const std::vector<Timed> times = TimeInputs(subject, batches);
  std::vector<std::uint64_t> sorted;
  for (const Timed& time : times) sorted.push_back(time.ticks);
  std::ranges::sort(sorted);
  double largest = 0.0;
  for (const double part : {1.0, 0.99, 0.95, 0.9, 0.75, 0.5, 0.25}) {
    const auto last = static_cast<std::size_t>(part * static_cast<double>(sorted.size())) - 1;
    largest = std::max(largest, WelchT(times, sorted[last]));
  }
  return largest;
}

}  // namespace accord::bench
