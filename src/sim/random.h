// Numbers that follow from a seed alone, the same on every machine: whatever a simulation leaves to chance.
// Not for secrets.
#pragma once

#include <cstdint>

#include "accord/clock.h"

namespace accord::sim {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  // splitmix64 (Steele, Lea, Flood 2014).
  std::uint64_t Next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  // In [0, bound); bound is at least 1.
  std::uint64_t Below(std::uint64_t bound) { return Next() % bound; }
  // In [least, most].
  std::int64_t Between(std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(Below(static_cast<std::uint64_t>(most - least) + 1));
  }
  Millis Time(Millis least, Millis most) { return Millis(Between(least.count(), most.count())); }
  bool Chance(double probability) {
    return static_cast<double>(Next() >> 11) < probability * 9007199254740992.0;  // of 2^53
  }

 private:
  std::uint64_t state_;
};

}  // namespace accord::sim
