// Asks the nodes that are connected to cosign the log's newest head: they are its witnesses (governance.md
// d). One head at a time is out: the next is asked for when this one is published, or when everybody who was
// asked has answered. So heads that follow one another quickly are cosigned in batches. Thread-safe; what
// reads the disk runs on workers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
//
#include <boost/asio/any_io_executor.hpp>

#include "accord/ids.h"
#include "base/mutex.h"
#include "coordinator/log_keeper.h"
#include "coordinator/sessions.h"

namespace accord::coordinator {

class Cosigners {
 public:
  Cosigners(LogKeeper& log, Sessions& sessions, boost::asio::any_io_executor workers)
      : log_(log), sessions_(sessions), workers_(std::move(workers)) {}

  void OnSignedHead() {
    Later([this] { Ask(); });
  }
  void OnNodeUp(const rpc::Peer& node);
  void OnNodeDown(const rpc::Peer& node);
  void OnAnswer(const rpc::Peer& node, rpc::CheckpointAnswer answer);

  // The size of the log that this node cosigned last, as far as it has said since the start; else 0.
  [[nodiscard]] std::uint64_t SizeAt(NodeId node) const ACCORD_EXCLUDES(mutex_);

 private:
  enum class Turn : std::uint8_t { kIdle, kAsked, kDone };  // of the head that is out
  struct Witness {
    std::string name;
    Turn turn = Turn::kIdle;
    std::uint64_t size = 0;  // that it cosigned last
    bool told_size = false;  // of the head that is out: told why not
  };

  void Later(std::function<void()> work);
  void Ask() ACCORD_EXCLUDES(mutex_);
  void AskOne(NodeId id, Witness& witness) ACCORD_REQUIRES(mutex_);
  [[nodiscard]] bool AnyAsked() const ACCORD_REQUIRES(mutex_);
  void Take(const rpc::Peer& node, const rpc::CheckpointAnswer& answer) ACCORD_EXCLUDES(mutex_);
  [[nodiscard]] std::vector<ledger::NoteSignature> Judge(Witness& witness,
                                                         const rpc::CheckpointAnswer& answer)
      ACCORD_REQUIRES(mutex_);

  LogKeeper& log_;
  Sessions& sessions_;
  const boost::asio::any_io_executor workers_;
  mutable Mutex mutex_;
  std::map<NodeId, Witness> nodes_ ACCORD_GUARDED_BY(mutex_);  // those that are connected
  std::optional<OpenHead> head_ ACCORD_GUARDED_BY(mutex_);     // that is out
};

}  // namespace accord::coordinator
