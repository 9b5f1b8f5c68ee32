// The node's end of a Session stream. Used by NodeClient.
#pragma once

#include <memory>

#include "rpc/channel.h"
#include "rpc/node_client.h"

namespace accord::rpc {

class SessionCall;

// The sessions of one client. Its end is the end of them all: it cancels what is open and returns when gRPC
// is done with it. Thread-safe; not to be destroyed on a gRPC thread.
class SessionGroup {
 public:
  SessionGroup();
  ~SessionGroup();
  SessionGroup(const SessionGroup&) = delete;
  SessionGroup& operator=(const SessionGroup&) = delete;

  // Contract: NodeClient::OpenSession. `connect_bound`: for the coordinator to accept the stream.
  [[nodiscard]] std::shared_ptr<NodeSession> Dial(std::shared_ptr<Channel> channel,
                                                  std::shared_ptr<SessionCallbacks> callbacks,
                                                  Millis connect_bound);

 private:
  friend class SessionCall;
  struct State;
  using Ticket = std::shared_ptr<State>;  // while it lives, a session does; its deleter counts
  const std::shared_ptr<State> state_;
};

}  // namespace accord::rpc
