// Calls below the clients of src/rpc: any bytes to any method, with any certificate or none.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/support/status.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/integration/rpc_server/federation.h"

namespace accord::rpc::testing {

// A channel that checks nothing on this side: with the files' identity, or with none.
[[nodiscard]] std::shared_ptr<grpc::Channel> RawChannel(const std::string& address, const Files* files);

// Sends the messages, closes its side, gives the status of the call; DEADLINE_EXCEEDED after some seconds.
[[nodiscard]] grpc::Status RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
                                   const std::vector<std::string>& messages);

}  // namespace accord::rpc::testing
