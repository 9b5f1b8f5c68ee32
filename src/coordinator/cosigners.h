// Asks the nodes that are connected to cosign the log's newest head: they are its witnesses (governance.md
// d). The next head is asked for when enough have cosigned the one that is out, or when everybody who was
// asked has answered: so heads that follow one another quickly are cosigned in batches, and a node that says
// nothing holds up nobody. Of one node one answer is awaited at a time. Thread-safe; what reads the disk runs
// on workers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>
//
#include <boost/asio/any_io_executor.hpp>

#include "accord/ids.h"
#include "base/mutex.h"
#include "coordinator/log_keeper.h"
#include "coordinator/sessions.h"

namespace accord::coordinator {

class Cosigners {
 public:
  // `answered`: a node has, whatever it said; on a worker.
  Cosigners(LogKeeper& log, Sessions& sessions, boost::asio::any_io_executor workers,
            std::function<void(NodeId)> answered)
      : log_(log), sessions_(sessions), workers_(std::move(workers)), answered_(std::move(answered)) {}

  void OnSignedHead() {
    Later([this] { Ask(); });
  }
  void OnNodeUp(const rpc::Peer& node);
  void OnNodeDown(const rpc::Peer& node);
  void OnAnswer(const rpc::Peer& node, rpc::CheckpointAnswer answer);

  // Calls `work` with the size of the log that this node cosigned last, as far as it has said since the
  // start, else 0; it is asked nothing until `work` returns. `log.behind` while it is being asked or about to
  // be, or is not connected.
  [[nodiscard]] Status WhenQuiet(NodeId node, const std::function<Status(std::uint64_t size)>& work)
      ACCORD_EXCLUDES(mutex_);

 private:
  using HeadRef = std::shared_ptr<const OpenHead>;
  struct Witness {
    std::string name;
    HeadRef asked;           // whose answer is awaited; none: it may be asked
    HeadRef heard;           // that it answered last
    std::uint64_t size = 0;  // that it cosigned last
    bool told_size = false;  // it has said once that it knows another size, and was asked from there
  };

  void Later(std::function<void()> work);
  void Ask() ACCORD_EXCLUDES(mutex_);
  void AskOne(NodeId id, Witness& witness) ACCORD_REQUIRES(mutex_);
  [[nodiscard]] bool IsSettled() const ACCORD_REQUIRES(mutex_);
  void Take(const rpc::Peer& node, const rpc::CheckpointAnswer& answer) ACCORD_EXCLUDES(mutex_);
  [[nodiscard]] static std::vector<ledger::NoteSignature> Judge(Witness& witness, const HeadRef& head,
                                                                const rpc::CheckpointAnswer& answer);

  LogKeeper& log_;
  Sessions& sessions_;
  const boost::asio::any_io_executor workers_;
  const std::function<void(NodeId)> answered_;
  Mutex mutex_;
  std::map<NodeId, Witness> nodes_ ACCORD_GUARDED_BY(mutex_);  // those that are connected
  HeadRef head_ ACCORD_GUARDED_BY(mutex_);                     // that is out
};

}  // namespace accord::coordinator
