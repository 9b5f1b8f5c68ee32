#include "sim/world.h"

#include <algorithm>
#include <utility>

namespace accord::sim {

void World::After(Millis after, std::function<void()> what) {
  queue_.push({now_ + std::max(Millis(0), after), asked_++, std::move(what)});
}

void World::After(Millis after, const std::weak_ptr<void>& life, std::function<void()> what) {
  After(after, [life, what = std::move(what)] {
    if (!life.expired()) what();
  });
}

bool World::Step() {
  if (queue_.empty()) return false;
  const Event next = std::move(const_cast<Event&>(queue_.top()));  // which pop destroys without a look
  queue_.pop();
  now_ = next.at;
  ++steps_;
  next.what();
  return true;
}

}  // namespace accord::sim
