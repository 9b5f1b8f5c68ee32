// The node's end of a Session stream. Used by NodeClient.
#pragma once

#include <memory>

#include "rpc/channel.h"
#include "rpc/node_client.h"

namespace accord::rpc {

// Contract: NodeClient::OpenSession. `connect_bound`: for the coordinator to accept the stream.
[[nodiscard]] std::shared_ptr<NodeSession> DialSession(std::shared_ptr<Channel> channel,
                                                       std::shared_ptr<SessionCallbacks> callbacks,
                                                       Millis connect_bound);

}  // namespace accord::rpc
