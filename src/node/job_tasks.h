// The jobs of a node: a task each, once the lab's own checks took the job. Everything runs on the node's
// strand.
//
// Whoever the coordinator is, it makes no state here by naming jobs: what is said of a job that was not taken
// is dropped, only a plan that the lab allows begins one, and no more of them are open than policy.max_jobs.
#pragma once

#include <map>
#include <memory>

#include "node/job_task.h"

namespace accord::node {

class JobTasks {
 public:
  // How many jobs, ended ones too, a node keeps on record: they are what it never repeats an attempt by.
  static constexpr std::size_t kMostKnown = 16'384;

  // `services` outlives it.
  explicit JobTasks(NodeServices& services) : services_(services) {}

  // Takes up what the journal has. `store.corrupt`.
  [[nodiscard]] Status Recover();
  void OnMessage(const rpc::ToNode& message);
  void Shutdown();

  [[nodiscard]] const std::map<JobId, std::shared_ptr<JobTask>>& all() const { return tasks_; }

  // Jobs that are open here, without this one and those that the lab stopped: they take nobody's place.
  [[nodiscard]] std::uint32_t OpenBut(const JobId& job) const;

 private:
  [[nodiscard]] std::shared_ptr<JobTask> Find(const JobId& id) const;  // nullptr when it was not taken
  void OnPrepare(const rpc::Prepare& message);
  [[nodiscard]] bool HasRoom() const;

  NodeServices& services_;
  std::map<JobId, std::shared_ptr<JobTask>> tasks_;
};

}  // namespace accord::node
