#include "cli/follow_logs.h"

#include <algorithm>
#include <vector>

#include "cli/patience.h"
#include "cli/words.h"

namespace accord::cli {
namespace {

// Every connection begins with the whole log again: which lines were told already. Lines come in the order of
// their times; a coordinator that restarts has only those that its journal keeps.
class Told {
 public:
  [[nodiscard]] bool IsNew(const rpc::LogLineView& line) {
    if (line.time < last_) return false;
    if (line.time > last_) at_last_.clear();
    last_ = line.time;
    const bool told = std::ranges::any_of(at_last_, [&](const rpc::LogLineView& other) {
      return other.round == line.round && other.node == line.node && other.event == line.event &&
             other.text == line.text;
    });
    if (!told) at_last_.push_back(line);
    return !told;
  }

 private:
  TimePoint last_{};
  std::vector<rpc::LogLineView> at_last_;  // of that very time
};

}  // namespace

Status FollowLogs(Session& session, Backend& backend, const std::string& ref,
                  const std::function<void(const rpc::LogLineView&)>& each,
                  const std::function<void(const Status&)>& lost) {
  Patience patience(session.environment(), std::nullopt);
  ACCORD_ASSIGN_OR_RETURN(const rpc::JobView job, backend.GetJob(ref));
  const std::string id = job.id.Hex();  // a name could come to fit a second job
  patience.Answered();
  Told told;
  while (true) {
    const auto take = [&](const rpc::LogLineView& line) {
      patience.Answered();
      if (told.IsNew(line)) each(line);
      return true;
    };
    Status status = backend.JobLogs(id, /*follow=*/true, take, {.stop = patience.token()});
    if (status.ok()) {  // the job is over, or the coordinator drains
      const Result<rpc::JobView> now = backend.GetJob(id);
      if (now.ok() && IsOver(now->state)) return {};
      status = now.status();
    }
    ACCORD_RETURN_IF_ERROR(patience.Verdict());
    if (!patience.Again(status, lost)) return EndedStream(status);
  }
}

}  // namespace accord::cli
