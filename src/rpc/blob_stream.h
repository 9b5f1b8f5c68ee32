// The server's end of GetBlob: reads the blob chunk by chunk, the next one when the last was written, so that
// a slow client costs one chunk of memory.
#pragma once

#include <grpcpp/support/server_callback.h>

#include "accord/v1/coordinator.pb.h"
#include "rpc/handlers.h"
#include "rpc/out_stream.h"

namespace accord::rpc {

class BlobStream final : public OutStream<grpc::ServerWriteReactor<v1::BlobChunk>, v1::BlobChunk> {
 public:
  BlobStream(grpc::CallbackServerContext* context, BulkHandler& handler);

  // Registers and writes the first chunk. Called once by the service.
  void Begin(LiveCalls& calls, const Peer& peer, const v1::GetBlobRequest& request);

 private:
  void OnIdle() override;
  [[nodiscard]] Status Open(const Peer& peer, const v1::GetBlobRequest& request);

  BulkHandler& handler_;
  Digest hash_;
  std::uint64_t offset_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace accord::rpc
