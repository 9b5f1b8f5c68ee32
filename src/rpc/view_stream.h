// Watch and Logs: a handler's Sink as a gRPC stream. A slow watcher gets the newest view and misses those
// between; a slow reader of logs gets every line or, when far too many wait, `net.slow_peer`.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <memory>

#include "rpc/convert.h"
#include "rpc/handlers.h"
#include "rpc/out_stream.h"

namespace accord::rpc {

enum class Keep : std::uint8_t { kAll, kNewest };

template <class View, class Wire, Keep kKeep>
class ViewStream final : public OutStream<grpc::ServerWriteReactor<Wire>, Wire>, public Sink<View> {
 public:
  ViewStream(grpc::CallbackServerContext* context, std::size_t queue_bytes)
      : OutStream<grpc::ServerWriteReactor<Wire>, Wire>(context, queue_bytes) {}

  // Registers. The service gives the sink to the handler afterwards.
  void Begin(LiveCalls& calls, const Peer& peer) { this->Hold(calls, peer); }

  bool Push(View item) override {
    Wire wire;
    ToProto(item, &wire);
    if constexpr (kKeep == Keep::kNewest) return this->PushNewest(std::move(wire));
    return OutStream<grpc::ServerWriteReactor<Wire>, Wire>::Push(std::move(wire));
  }
  void Finish(Status status) override { this->Complete(status); }
  [[nodiscard]] bool Cancelled() const override { return this->Ending(); }
};

using WatchStream = ViewStream<JobView, v1::JobView, Keep::kNewest>;
using LogStream = ViewStream<LogLineView, v1::LogLine, Keep::kAll>;

}  // namespace accord::rpc
