// A node's process in a simulation: the production jobs (src/node) over the simulated machine, and a
// connection that dials again with the backoff of Connection. It is what Node makes of the same parts.
#pragma once

#include <functional>
#include <memory>

#include "config/node_config.h"
#include "node/job_tasks.h"
#include "sim/journal.h"
#include "sim/process.h"
#include "sim/trainer.h"
#include "store/reserve.h"

namespace accord::sim {

class NodeProcess final : public Process {
 public:
  struct Outside {
    const config::NodeConfig& config;
    std::size_t index = 0;  // of the lab
    NodeId node;
    std::shared_ptr<const crypto::Ed25519Key> key;
    std::string federation;
    JournalObserver& observer;
    std::function<std::uint64_t()> dial;  // the session's number; 0: nobody answers
    std::function<void(std::uint64_t session, rpc::FromNode)> send;
    std::function<Status(const Digest&, std::uint64_t offset, const rpc::BlobSink&)> fetch;
    std::function<void(const Status&)> broken;
  };
  [[nodiscard]] static Result<std::unique_ptr<NodeProcess>> Start(Machine& machine, const Outside& outside);
  ~NodeProcess() override;

  void OnMessage(std::uint64_t session, rpc::ToNode message);
  void OnClosed(std::uint64_t session);

  [[nodiscard]] node::JobTasks& tasks() { return *tasks_; }
  [[nodiscard]] driver::Journal& journal() { return *journal_; }

 private:
  class Bulk;
  NodeProcess(Machine& machine, const Outside& outside);
  [[nodiscard]] Status Open();
  void Dial();
  void Send(rpc::FromNode message);

  const Outside outside_;
  const MachineClock clock_;
  Trainers trainers_;
  Pool training_, work_;
  std::unique_ptr<store::Reserve> reserve_;
  std::unique_ptr<store::SpoolPool> spools_;
  std::unique_ptr<Journal> journal_;
  std::shared_ptr<Bulk> bulk_;
  std::unique_ptr<node::NodeServices> services_;
  std::unique_ptr<node::JobTasks> tasks_;
  std::uint64_t session_ = 0;
  Millis backoff_{250};
};

}  // namespace accord::sim
