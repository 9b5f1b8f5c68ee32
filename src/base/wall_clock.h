// The clock of the machine, as people set it. For the programs; tests and the simulation bring their own.
#pragma once

#include "accord/clock.h"

namespace accord {

class WallClock final : public Clock {
 public:
  [[nodiscard]] TimePoint Now() const override {
    return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
  }
};

}  // namespace accord
