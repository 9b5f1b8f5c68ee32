// Following a job's log until the job is over, through lost connections and coordinator restarts; each line
// is told once.
#pragma once

#include <functional>
#include <string>

#include "accord/status.h"
#include "cli/session.h"
#include "rpc/views.h"

namespace accord::cli {

// Calls `each` with every line, oldest first, on this thread. ok when the job is over; `cli.interrupted`, or
// why the coordinator could not be asked, as Follow.
[[nodiscard]] Status FollowLogs(Session& session, Backend& backend, const std::string& ref,
                                const std::function<void(const rpc::LogLineView&)>& each,
                                const std::function<void(const Status&)>& lost);

}  // namespace accord::cli
