// The node's side of a group of processes (group.h): calls the workers together, keeps their weights and
// optimizers as its own, and adds up gradients with theirs. Made once by the factory, used by the trainers of
// all jobs, one thread at a time; internal, knows ATen.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "accord/status.h"
#include "trainer/aten.h"
#include "trainer/group.h"
#include "trainer/group_words.h"
#include "trainer/optimizer.h"
#include "trainer/process_group.h"
#include "trainer/replica.h"

namespace accord::trainer {

class GroupLeader {
 public:
  // Listens for workers. Fails as GroupStore::Open.
  [[nodiscard]] static Result<std::shared_ptr<GroupLeader>> Open(const GroupOptions& options);
  // Tells the workers that the node has ended.
  ~GroupLeader();
  GroupLeader(const GroupLeader&) = delete;
  GroupLeader& operator=(const GroupLeader&) = delete;

  [[nodiscard]] Place place() const { return {.rank = 0, .size = options_.size}; }

  struct Job {
    const std::string& plan;
    std::uint32_t threads = 1;
    std::uint32_t data = 0;   // Learner::DataCrc
    std::uint64_t batch = 1;  // most examples of a step
  };
  // Whether all workers are with this node, on the job of the last Gather.
  [[nodiscard]] bool gathered() const { return working_; }
  // Waits for all workers, with the job prepared. Fails with `workers.missing` after options.timeout,
  // `workers.mismatch` when one cannot, `task.stopped`, `workers.lost`; the others then wait for the next
  // call.
  [[nodiscard]] Status Gather(const Job& job, const std::stop_token& stop);

  // The next three fail with `workers.lost`, naming what is known of the reason; then nobody is gathered.
  // Everyone's weights and optimizer become these; `start`, for the proximal term, may be undefined.
  struct Replica {
    const at::Tensor& weights;
    const at::Tensor& start;
    Optimizer& optimizer;
    bool own = false;  // the optimizer is that of Ditto's own model
  };
  [[nodiscard]] Status Load(const Replica& replica);
  // A step: the workers compute their shares of the gradient of `rows`, and after Sum make the step at
  // `rate`.
  [[nodiscard]] Status Begin(std::span<const std::uint64_t> rows, double rate);
  [[nodiscard]] Status Sum(const at::Tensor& gradients);

  // Whether all have the same weights, bit for bit; what differs is a warning in the log. After steps only.
  void Compare(const at::Tensor& weights);
  // The workers may do something else until the next Gather.
  void Release();

 private:
  GroupLeader(const GroupOptions& options, std::unique_ptr<GroupStore> store, std::int64_t orders);

  [[nodiscard]] Status GiveOrder(const Job& job);
  // The workers' answers by rank, from 1 on.
  [[nodiscard]] Result<std::vector<Answer>> AwaitAnswers(const std::stop_token& stop);
  [[nodiscard]] Status Begin(const std::vector<Answer>& answers);
  [[nodiscard]] Status Tell(const Command& command, std::span<const std::uint64_t> rows = {});
  // As `status`, or with the workers' own words; whoever is left is let go.
  [[nodiscard]] Status Checked(const Status& status);
  [[nodiscard]] std::string Key(const char* what, std::uint32_t rank = 0) const;

  GroupOptions options_;
  std::unique_ptr<GroupStore> store_;
  std::int64_t order_;    // the newest
  std::string instance_;  // of this process, drawn: group names are new after a restart
  std::string group_name_;
  std::unique_ptr<ProcessGroup> group_;
  bool working_ = false;
  bool in_step_ = false;  // the workers await a sum
  at::Tensor command_;
};

}  // namespace accord::trainer
