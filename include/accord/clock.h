// Time as Accord counts it: Unix milliseconds. Machines get it as an argument and never ask for it.
#pragma once

#include <chrono>

namespace accord {

using Millis = std::chrono::milliseconds;
using TimePoint = std::chrono::time_point<std::chrono::system_clock, Millis>;

// Source of time for shells. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual TimePoint Now() const = 0;
};

}  // namespace accord
