// The floor of whatever moves bytes between a node and the coordinator: one gRPC client stream over the
// federation's own mTLS credentials, in messages of one chunk, which nobody looks at.
#pragma once

#include <cstdint>
#include <string>

#include "rpc/client_options.h"
#include "rpc/server.h"

namespace accord::bench {

struct StreamCost {
  double wall_ms = 0;
  double cpu_ms = 0;  // of both ends
};
// Of `bytes` on one stream to a server of this process on loopback; medians of some streams.
[[nodiscard]] StreamCost BareStream(const rpc::ServerTls& server, const std::string& trust_domain,
                                    rpc::ClientOptions client, std::uint64_t bytes);

}  // namespace accord::bench
