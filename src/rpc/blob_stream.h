// The server's end of GetBlob, in raw buffers: reads the blob chunk by chunk into the memory that gRPC sends
// it from, the next one when the last was written, so that a slow client costs one chunk of memory.
#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "rpc/handlers.h"
#include "rpc/out_stream.h"

namespace accord::rpc {

class BlobStream final : public OutStream<grpc::ServerWriteReactor<grpc::ByteBuffer>, grpc::ByteBuffer> {
 public:
  BlobStream(grpc::CallbackServerContext* context, BulkHandler& handler);

  // Registers and writes the first chunk. Called once by the service.
  void Begin(LiveCalls& calls, const Peer& peer, const grpc::ByteBuffer& request);

 private:
  void OnIdle() override;
  [[nodiscard]] Status Open(const Peer& peer, const grpc::ByteBuffer& request);
  // The BlobChunk at offset_, which goes on behind it.
  [[nodiscard]] Result<grpc::ByteBuffer> NextChunk();

  BulkHandler& handler_;
  Digest hash_;
  std::uint64_t offset_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace accord::rpc
