// Uploads that stop. One that brings nothing for as long as a chunk of it may take (job::StallWait) loses its
// stream and its slot, so that it cannot hold up those who wait for one; the node goes on where it stopped,
// as long as the phase is open. The machine hears nothing of it: the phase's deadline says what counts.
#include <algorithm>

#include "base/errors.h"
#include "base/log.h"
#include "coordinator/job_runner.h"
#include "job/deadlines.h"

namespace accord::coordinator {
namespace {

constexpr int kLooks = 4;  // in the time after which an upload counts as stalled

}  // namespace

bool JobRunner::Watches(const Lane& lane) const {
  const job::OpenRound* open = RoundOf(lane);
  return open != nullptr && std::holds_alternative<round::Collect>(open->state) && lane.uploads.large();
}

void JobRunner::WatchUploads() {
  if (watching_ || !std::ranges::any_of(lanes_, [&](const Lane& lane) { return Watches(lane); })) return;
  watching_ = true;
  stall_timer_->Arm(std::max(Millis(1), StallAfter() / kLooks), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->watching_ = false;
    self->CheckUploads();
    self->WatchUploads();
  });
}

Millis JobRunner::StallAfter() const {
  const job::Plan& plan = driver_->machine().plan;
  return job::StallWait(plan, job::WaitsOf(plan, job::ProgressOf(driver_->state())).collect);
}

void JobRunner::CheckUploads() {
  const SteadyTime now = services_.timing.Steady();
  const Millis patience = StallAfter();
  for (auto& [id, node] : nodes_) {
    Lane* const lane = LaneOf(id);
    if (lane == nullptr || !Watches(*lane) || !AwaitsUpload(id)) continue;
    const std::uint64_t bytes = lane->uploads.BytesOf(id);
    if (bytes != node.seen_bytes) {
      node.seen_bytes = bytes;
      node.seen_at = now;
      node.stalled = false;
    }
    const auto quiet = std::chrono::duration_cast<Millis>(now - node.seen_at);
    if (node.told && quiet >= patience) OnStalled(*lane, id, quiet);
  }
  GrantUploads();
}

void JobRunner::OnStalled(Lane& lane, NodeId id, Millis quiet) {
  Node& node = nodes_[id];
  const Status why = Fail(errors::kUploadStalled, "nothing came for " + FormatDuration(quiet) + " after " +
                                                      FormatBytes(node.seen_bytes) + " of " +
                                                      FormatBytes(lane.uploads.words() * 8));
  if (!node.stalled) {
    LogWarn("upload.stalled", {{"job", name()}, {"node", node.name}, {"why", Describe(why)}});
    LogLine({.time = Now(),
             .round = RoundOf(lane)->plan.round,
             .node = node.name,
             .event = "upload.stalled",
             .text = Describe(why)});
  }
  node.stalled = true;
  node.told = false;
  lane.uploads.Cut(id, why);
  Changed();
}

// Streams whose phase has ended: those who send hear of it at once.
void JobRunner::EndLateUploads() {
  if (std::holds_alternative<job::Paused>(driver_->state())) return;  // it goes on where it stands
  for (Lane& lane : lanes_) {
    const job::OpenRound* open = RoundOf(lane);
    const bool taken =
        open != nullptr && open->state.index() <= static_cast<std::size_t>(round::Phase::kCollect);
    if (taken) continue;
    lane.uploads.CutAll(Fail(errors::kUploadClosed, "round.late: the round went on without this upload"));
  }
}

}  // namespace accord::coordinator
