// Following a job until it is over: through lost connections and coordinator restarts, within a time limit,
// until Ctrl-C. What job watch, job wait and job submit --watch share.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "accord/status.h"
#include "cli/session.h"
#include "rpc/views.h"

namespace accord::cli {

struct FollowOptions {
  std::string ref;
  std::optional<Millis> timeout;
};

// Calls `each` with every view of the job, on this thread, and gives the last one when the job is over.
// `cli.interrupted`, `cli.timeout`, or why the coordinator could not be asked: at once when it never
// answered, after two minutes of trying when it did. `lost` is told once each time the connection is lost.
[[nodiscard]] Result<rpc::JobView> Follow(Session& session, Backend& backend, const FollowOptions& options,
                                          const std::function<void(const rpc::JobView&)>& each,
                                          const std::function<void(const Status&)>& lost);

// ok for a finished job; else `job.failed` or `job.cancelled` with the job's reason, which the command ends
// with.
[[nodiscard]] Status EndingStatus(const rpc::JobView& job);

// Follows with progress on a terminal, lines elsewhere, items with --json, and says how it ended.
ExitCode WatchToTheEnd(Session& session, Backend& backend, const std::string& ref);
// Follows in silence.
ExitCode WaitToTheEnd(Session& session, Backend& backend, const FollowOptions& options);

}  // namespace accord::cli
