// The server's end of Session streams: one for each connected node, handed to the SessionHandler.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <memory>
#include <unordered_map>

#include "accord/v1/node.pb.h"
#include "base/mutex.h"
#include "rpc/handlers.h"
#include "rpc/out_stream.h"

namespace accord::rpc {

class SessionStream;

// The one session of each node. Thread-safe.
class SessionTable {
 public:
  // Takes the place of the node's earlier session, which is cut; false when `max` nodes have one already.
  [[nodiscard]] bool Put(NodeId node, const std::shared_ptr<SessionStream>& session, std::size_t max)
      ACCORD_EXCLUDES(mutex_);
  // Forgets the session unless another has taken its place.
  void Remove(NodeId node, const SessionStream* session) ACCORD_EXCLUDES(mutex_);

 private:
  struct Entry {
    const SessionStream* key = nullptr;  // compared only
    std::weak_ptr<SessionStream> session;
  };
  Mutex mutex_;
  std::unordered_map<NodeId, Entry> sessions_ ACCORD_GUARDED_BY(mutex_);
};

class SessionStream final : public OutStream<grpc::ServerBidiReactor<v1::NodeMessage, v1::CoordinatorMessage>,
                                             v1::CoordinatorMessage>,
                            public SessionLink {
 public:
  SessionStream(grpc::CallbackServerContext* context, Peer peer, SessionTable& table, std::size_t queue_bytes)
      : OutStream(context, queue_bytes), peer_(std::move(peer)), table_(table) {}

  // Registers, tells the handler, and reads on. Called once by the service.
  void Begin(SessionHandler& handler, LiveCalls& calls, std::size_t max_sessions);

  void Send(ToNode message) override;
  void Close(Status status) override { EndSoon(status); }

 private:
  void OnReadDone(bool ok) override;
  void OnEnded(const Status& status) override;

  const Peer peer_;
  SessionTable& table_;
  std::shared_ptr<SessionEvents> events_;
  v1::NodeMessage incoming_;
};

}  // namespace accord::rpc
