// Who is connected now: one session a node, and the way to send it a word. Called by src/rpc on gRPC threads
// and by job strands; a mutex guards the table, and nothing is called while it is held.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accord/clock.h"
#include "base/mutex.h"
#include "rpc/handlers.h"

namespace accord::coordinator {

// Told of nodes that come, speak and go. Methods return soon and may be called on any gRPC thread; for one
// session the calls come in order.
class NodeListener {
 public:
  virtual ~NodeListener() = default;
  virtual void OnNodeUp(const rpc::Peer& node, const rpc::Hello& hello) = 0;
  virtual void OnNodeMessage(const rpc::Peer& node, rpc::FromNode message) = 0;
  virtual void OnNodeDown(const rpc::Peer& node) = 0;
};

class Sessions final : public rpc::SessionHandler {
 public:
  Sessions(const Clock& clock, Millis heartbeat) : clock_(clock), heartbeat_(heartbeat) {}

  // Before the server starts, once.
  void Listen(NodeListener* listener) { listener_ = listener; }

  std::shared_ptr<rpc::SessionEvents> OnSession(const rpc::Peer& peer,
                                                std::shared_ptr<rpc::SessionLink> link) override;

  // To a node that is connected and has said Hello; lost otherwise, which the sender's state mends.
  void Send(NodeId node, rpc::ToNode message);
  void SendToAll(const rpc::ToNode& message);

  struct Presence {
    rpc::Peer peer;
    bool connected = false;
    TimePoint since;  // of the connection, or of its end
    std::string version;
    std::string description;
  };
  [[nodiscard]] std::vector<Presence> List() const;
  // Nodes that have said Hello.
  [[nodiscard]] std::vector<rpc::Peer> Connected() const;

 private:
  class Session;
  struct Entry {
    Presence presence;
    std::shared_ptr<Session> session;  // null when not connected
  };

  void Open(const std::shared_ptr<Session>& session, const rpc::Hello& hello);
  void Forget(const Session& session);

  const Clock& clock_;
  const Millis heartbeat_;
  NodeListener* listener_ = nullptr;
  mutable Mutex mutex_;
  std::map<NodeId, Entry> nodes_ ACCORD_GUARDED_BY(mutex_);
};

}  // namespace accord::coordinator
