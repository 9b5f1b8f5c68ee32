// What a job makes of a full disk, and of a journal that failed: it starts over from what the disk has,
// pauses if a round is open, and goes on by itself once there is room again.
#include "base/errors.h"
#include "base/log.h"
#include "coordinator/job_runner.h"

namespace accord::coordinator {

namespace {

constexpr std::chrono::seconds kLookAgain{1};
constexpr int kAtOnce = 2;  // failures in a row; after those there is no hurry

}  // namespace

void JobRunner::OnBroken(const Status& status) {
  LogError("job.journal_failed", {{"job", name()}, {"why", Describe(status)}});
  if (status.error() != errors::kStoreDiskFull.id) return services_.fatal(status);
  auto records = services_.journal.Read("job/" + input_.id.Hex());
  if (!records.ok()) return services_.fatal(records.status());
  if (records->empty()) return;  // its submission failed: nobody knows of it any more
  if (const Status replayed = Recover(*records); !replayed.ok()) return services_.fatal(replayed);
  CatchUp();
  Changed();
  // The journal has freed its reserve by now, so the pause itself fits.
  const bool running = job::PhaseOf(driver_->state()) == job::Phase::kRunning;
  if (running && ++disk_failures_ <= kAtOnce) return PauseForDisk(status);
  GoOnSoon(status);
}

void JobRunner::PauseForDisk(const Status& status) {
  if (job::RoundsOf(driver_->state()).empty()) return;  // it waits already, or never began
  LogWarn("job.paused", {{"job", name()}, {"why", Describe(status)}});
  LogLine({.time = last_time_, .event = "job.disk_full", .text = status.message()});
  services_.spools.Trim();
  Handle(job::Pause{job::Reason::kDiskFull},
         [weak = weak_from_this(), status](const Result<job::Why>& result) {
           const auto self = weak.lock();
           if (!self || !result.ok()) return;
           self->disk_failures_ = 0;
           self->GoOnSoon(status);
         });
}

void JobRunner::GoOnSoon(Status why) {
  disk_timer_->Arm(kLookAgain, [weak = weak_from_this(), why = std::move(why)] {
    if (const auto self = weak.lock()) self->GoOn(why);
  });
}

// Whatever was on its way to the disk when the journal failed is asked for again.
void JobRunner::GoOn(const Status& why) {
  const job::Phase phase = job::PhaseOf(driver_->state());
  if (phase == job::Phase::kRunning) return PauseForDisk(why);  // not even the pause could be written
  if (phase > job::Phase::kPaused) return;
  if (!services_.reserve.Restore().ok()) return GoOnSoon(why);
  if (phase < job::Phase::kRunning) return Advance();
  if (job::ReasonOf(driver_->state()) == job::Reason::kDiskFull) return Handle(job::Resume{});
  if (job::IsCatchingUp(driver_->state())) return BeginCatchUp();
  OfferCandidates();  // it may wait for nodes that are here
}

}  // namespace accord::coordinator
