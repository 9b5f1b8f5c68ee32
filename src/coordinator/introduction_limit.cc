#include "coordinator/introduction_limit.h"

#include <chrono>

#include "base/errors.h"

namespace accord::coordinator {

Status IntroductionLimit::Take(const std::string& trust_domain, std::size_t nodes, TimePoint now) {
  if (nodes > bounds_.nodes)
    return Fail(errors::kRegistryCrowded, trust_domain + " has " + std::to_string(bounds_.nodes) +
                                              " nodes in the registry, as many as a member may have");
  const MutexLock lock(mutex_);
  const auto [found, first] = hours_.try_emplace(trust_domain, Hour{.began = now});
  Hour& hour = found->second;
  // Also when the clock was set back, or the member would wait for longer than an hour.
  if (now < hour.began || now - hour.began >= std::chrono::hours(1)) hour = {.began = now};
  if (hour.changes >= bounds_.changes)
    return Fail(errors::kRegistryCrowded, trust_domain + " has introduced " +
                                              std::to_string(bounds_.changes) + " nodes and new keys since " +
                                              FormatTime(hour.began) + ", as many as it may in an hour");
  ++hour.changes;
  return {};
}

}  // namespace accord::coordinator
