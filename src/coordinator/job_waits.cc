// A job that waits for nodes: those that are ready are offered at once, and those that are connected without
// being ready are asked again each minute. Otherwise one word that came late or twice would count for ever: a
// node that declined before it agreed, and was heard the other way round, would be waited for while it waits
// itself.
#include <algorithm>
#include <utility>

#include "coordinator/job_runner.h"

namespace accord::coordinator {

namespace {

constexpr Millis kAskAgain = std::chrono::minutes(1);

}  // namespace

// In a pause that ends when they come, or while a round gathers.
bool JobRunner::WaitsForNodes() const {
  const job::Reason reason = job::ReasonOf(driver_->state());
  if (job::PhaseOf(driver_->state()) == job::Phase::kPaused)
    return reason == job::Reason::kNoQuorum || reason == job::Reason::kBoundMissing;
  return std::ranges::any_of(job::RoundsOf(driver_->state()), [](const job::OpenRound& open) {
    return std::holds_alternative<round::Gather>(open.state);
  });
}

// Those whom a pause waits for may have come before it: a group's round closes without them while another
// group still trains, and takes no more candidates.
void JobRunner::NoteWait() {
  const bool paused = job::PhaseOf(driver_->state()) == job::Phase::kPaused;
  const bool waits = WaitsForNodes();
  const bool lacks = paused && waits;
  if (std::exchange(asks_again_, waits) != waits) waits ? AskAgainSoon() : ask_timer_->Cancel();
  if (std::exchange(lacks_nodes_, lacks) != lacks && lacks) OfferCandidates();
}

void JobRunner::AskAgainSoon() {
  ask_timer_->Arm(kAskAgain, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || !self->asks_again_) return;
    self->AskAgain();
    self->AskAgainSoon();
  });
}

void JobRunner::AskAgain() {
  for (const auto& [id, node] : nodes_) {
    if (node.connected && !node.prepared && LaneOf(id) != nullptr && !DiskIsBehind(id)) Prepare(id);
  }
}

}  // namespace accord::coordinator
