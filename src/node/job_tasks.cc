#include "node/job_tasks.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/log.h"
#include "base/overloaded.h"
#include "base/text.h"

namespace accord::node {

Status JobTasks::Recover() {
  ACCORD_ASSIGN_OR_RETURN(const std::vector<std::string> streams, services_.journal.Streams("job/"));
  for (const std::string& stream : streams) {
    const auto id = JobId::FromHex(std::string_view(stream).substr(4));
    if (!id) return Fail(errors::kStoreCorrupt, "the journal has a stream '" + Printable(stream, 80) + "'");
    ACCORD_ASSIGN_OR_RETURN(const std::vector<Bytes> records, services_.journal.Read(stream));
    auto task = std::make_shared<JobTask>(services_, *id);
    ACCORD_RETURN_IF_ERROR(task->Recover(records));
    tasks_.emplace(*id, std::move(task));
  }
  return {};
}

std::shared_ptr<JobTask> JobTasks::Find(const JobId& id) const {
  const auto found = tasks_.find(id);
  return found != tasks_.end() ? found->second : nullptr;
}

std::uint32_t JobTasks::OpenBut(const JobId& job) const {
  return static_cast<std::uint32_t>(std::ranges::count_if(tasks_, [&](const auto& task) {
    const task::State& state = task.second->state();
    return task.first != job && !state.ended && !state.stopped;
  }));
}

bool JobTasks::HasRoom() const {
  const auto open =
      std::ranges::count_if(tasks_, [](const auto& task) { return !task.second->state().ended; });
  return static_cast<std::uint64_t>(open) < services_.config.policy.max_jobs && tasks_.size() < kMostKnown;
}

void JobTasks::OnPrepare(const rpc::Prepare& message) {
  if (const auto task = Find(message.job)) return task->OnPrepare(message);
  if (!HasRoom()) {
    const Status why = Fail(errors::kTaskRefused, "as many jobs are open here as policy.max_jobs allows");
    LogWarn("job.refused", {{"job", message.job.Hex()}, {"why", Describe(why)}});
    return services_.send(rpc::Declined{message.job, {}, Coarse(why)});
  }
  const auto task = std::make_shared<JobTask>(services_, message.job);
  ACCORD_CHECK(task->Recover({}).ok());
  task->OnPrepare(message);
  if (task->taken()) tasks_.emplace(message.job, task);
}

void JobTasks::OnMessage(const rpc::ToNode& message) {
  const auto tell = [&](const auto& m, auto handler) {
    if (const auto task = Find(m.job)) ((*task).*handler)(m);
  };
  std::visit(overloaded{[&](const rpc::Prepare& m) { OnPrepare(m); },
                        [&](const rpc::Train& m) { tell(m, &JobTask::OnTrain); },
                        [&](const rpc::Offer& m) { tell(m, &JobTask::OnOffer); },
                        [&](const rpc::Roster& m) { tell(m, &JobTask::OnRoster); },
                        [&](const rpc::GraphSet& m) { tell(m, &JobTask::OnGraphSet); },
                        [&](const rpc::Collect& m) { tell(m, &JobTask::OnCollect); },
                        [&](const rpc::Survivors& m) { tell(m, &JobTask::OnSurvivors); },
                        [&](const rpc::Certificate& m) { tell(m, &JobTask::OnCertificate); },
                        [&](const rpc::Commit& m) { tell(m, &JobTask::OnCommit); },
                        [&](const rpc::Ended& m) { tell(m, &JobTask::OnEnded); },
                        [&](const rpc::SendModel& m) { tell(m, &JobTask::OnSendModel); },
                        [](const rpc::Welcome&) { /* the connection's */ },
                        [](const rpc::AddCheckpoint&) { /* the witness's */ },
                        [](const rpc::Drain&) { /* likewise */ }},
             message);
}

void JobTasks::Shutdown() {
  for (const auto& [id, task] : tasks_) task->Shutdown();
}

}  // namespace accord::node
