// Virtual time: what will happen, in the order in which it will. One thread; everything that a simulation
// does is run from Step.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <vector>

#include "accord/clock.h"

namespace accord::sim {

class World {
 public:
  // Since the world began.
  [[nodiscard]] Millis now() const { return now_; }
  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  [[nodiscard]] bool idle() const { return queue_.empty(); }

  // Runs `what` once `after` has passed, behind all that was asked for earlier for the same moment.
  void After(Millis after, std::function<void()> what);
  // The same, unless `life` has ended by then.
  void After(Millis after, const std::weak_ptr<void>& life, std::function<void()> what);
  // Runs what comes next; false when nothing does.
  bool Step();

 private:
  struct Event {
    Millis at;
    std::uint64_t number;
    std::function<void()> what;
    friend bool operator>(const Event& a, const Event& b) {
      return a.at != b.at ? a.at > b.at : a.number > b.number;
    }
  };
  Millis now_{0};
  std::uint64_t asked_ = 0, steps_ = 0;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> queue_;
};

}  // namespace accord::sim
