// How much of the registry one member may fill: every lab reads the whole of it, and each version stays on
// the coordinator's disk. Whoever has a member's CA could else introduce ever more nodes, and ever new keys
// of one. Thread-safe; in memory, so a restart begins its hour anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "accord/clock.h"
#include "accord/status.h"
#include "base/mutex.h"

namespace accord::coordinator {

struct IntroductionBounds {
  std::size_t nodes = 1'000;    // of a member's trust domain, suspended ones too
  std::uint32_t changes = 100;  // new nodes and new keys of it, within an hour
};

class IntroductionLimit {
 public:
  explicit IntroductionLimit(IntroductionBounds bounds) : bounds_(bounds) {}

  // Before a node is introduced that is new or comes with a new key; `nodes`: how many of its trust domain
  // there will be. `registry.crowded`, which counts for nothing.
  [[nodiscard]] Status Take(const std::string& trust_domain, std::size_t nodes, TimePoint now)
      ACCORD_EXCLUDES(mutex_);

 private:
  struct Hour {
    TimePoint began;
    std::uint32_t changes = 0;
  };

  const IntroductionBounds bounds_;
  Mutex mutex_;
  std::map<std::string, Hour> hours_ ACCORD_GUARDED_BY(mutex_);  // by trust domain: of the charter's members
};

}  // namespace accord::coordinator
