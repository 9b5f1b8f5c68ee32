// Streaming with a delay (strategy/streaming.h): the local steps of the next round that do not need its model
// are taken while the sum of this one is made. They belong to no round of the machine: what they come to lies
// in the next round's checkpoint, and a node that restarts in between takes them in that round.
//
#include <boost/asio/post.hpp>

#include "base/errors.h"
#include "base/log.h"
#include "node/job_task.h"

namespace accord::node {

// Steps ahead of a round that this node then had no part in, and checkpoints of such rounds.
void JobTask::ForgetRoundsBut(RoundId kept) {
  std::vector<std::filesystem::path> old;
  std::error_code ignored;
  std::filesystem::directory_iterator entry(RoundFiles(kept).parent_path(), ignored), end;
  for (; !ignored && entry != end; entry.increment(ignored)) {
    const std::filesystem::path& path = entry->path();
    if (path != RoundFiles(kept) && path != KeptFiles()) old.push_back(path);
  }
  for (const std::filesystem::path& path : old) std::filesystem::remove_all(path, ignored);
}

void JobTask::StartAhead(RoundId trained, std::stop_token stop) {
  const JobSpec& spec = *facts_.spec;
  const bool streamed = trained.value > spec.round.synchronous && trained.value < spec.round.count;
  if (spec.streaming.delay == 0 || !streamed || stop.stop_requested()) return;
  TrainRequest request{.round = trained.value + 1,
                       .checkpoint = RoundFiles(trained.Next()),
                       .state = KeptFiles(),
                       .stop = std::move(stop)};
  ForgetRoundsBut(trained.Next());
  ahead_ = true;
  services_.training.Post(
      spec.priority, [self = shared_from_this(), trainer = trainer_, request = std::move(request)] {
        const Status taken = request.stop.stop_requested()
                                 ? Status()
                                 : self->Counted([&] { return trainer->TrainAhead(request); });
        if (!taken.ok() && taken.error() != errors::kTaskStopped.id)
          LogWarn("train.ahead_failed", {{"why", Describe(taken)}});  // the round itself tries again
        boost::asio::post(self->services_.io, [self] { self->AheadDone(); });
      });
}

void JobTask::AheadDone() {
  ahead_ = false;
  EraseIfOver();
  if (const auto round = std::exchange(after_ahead_, {})) StartTraining(*round);
}

}  // namespace accord::node
