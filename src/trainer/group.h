// Several processes that train one model together, on one machine or more of one site: the node, which is the
// first of them, and workers, which lend it their processors. Data parallel: each has the model and the data,
// takes its part of every batch, and makes the same step after the gradients were added up (libtorch's c10d:
// TCPStore, and Gloo). Made by src/apps. No torch in this header.
//
// What passes between them, weights and gradients, is neither encrypted nor authenticated: one trusted site.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "accord/job_spec.h"
#include "accord/status.h"
#include "accord/trainer.h"

namespace accord::trainer {

struct TorchOptions;

struct GroupOptions {
  std::uint32_t rank = 0;  // 0: the node
  std::uint32_t size = 1;
  // The store through which they find one another. The node listens there, on every address of its machine,
  // unless someone else does (`served`).
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  bool served = false;
  std::string prefix;  // of all keys there, a secret: who does not know it can neither read nor write them
  std::string interface = "lo";  // where weights and gradients pass
  // How long another process is waited for: to come, with the data open, and in each exchange.
  std::chrono::milliseconds timeout{300'000};
  // A worker that heard nothing for so long connects again: the machine at the other end may be gone.
  std::chrono::milliseconds idle{60'000};
};

// What a worker makes of a plan: the job, and where its data is on this machine.
struct WorkerTask {
  JobSpec job;
  DatasetConfig data;
};
using ReadPlan = std::function<Result<WorkerTask>(const std::string& plan)>;

// The whole life of a worker, options.group->rank of the group: waits for the node, trains with it, waits
// again; a node that is away is waited for without an end. Keeps nothing but the tokens of texts. ok when the
// node has ended in order. Fails with `workers.mismatch` when it can never work with this node: another
// version, another size of the group, a rank that two processes have; `trainer.device`.
[[nodiscard]] Status WorkForNode(const TorchOptions& options, const ReadPlan& read);

}  // namespace accord::trainer
