// Views with fixed values for the golden tests.
#pragma once

#include "cli/context_store.h"
#include "cli/style.h"
#include "rpc/views.h"

namespace accord::cli {

inline constexpr TimePoint kNow{Millis(1'760'000'000'000)};  // 2025-10-09T08:53:20Z

// An id whose hex digits begin with those of `first`.
template <class Id>
Id MakeId(std::uint8_t first) {
  Id id;
  for (std::size_t i = 0; i < Id::kSize; ++i) id.bytes[i] = static_cast<std::uint8_t>(first + i);
  return id;
}

inline Style PlainStyle() { return {}; }
inline Style TerminalStyle() {
  return {.color = true, .unicode = true, .live = true, .width = 100, .height = 30};
}

rpc::RoundResultView CommittedRound(std::uint64_t round);
rpc::RoundResultView FailedRound(std::uint64_t round);
rpc::JobView RunningJob();   // round 3 of 6 is training at three nodes, one of them not connected
rpc::JobView FinishedJob();  // after its final evaluation
rpc::JobView PausedJob();
rpc::JobView FailedJob();
std::vector<rpc::NodeView> Nodes();
std::vector<rpc::MemberView> Members();
std::vector<rpc::ModelView> Models();
rpc::RegistryView SomeRegistry();  // of two nodes; the key of one is over
std::vector<Context> SomeContexts();

}  // namespace accord::cli
