#include "rpc/blob_stream.h"

#include <algorithm>

#include "base/crc32c.h"
#include "rpc/convert.h"

namespace accord::rpc {

// The queue holds the chunk that is written next, never more.
BlobStream::BlobStream(grpc::CallbackServerContext* context, BulkHandler& handler)
    : OutStream(context, 2 * kChunkBytes), handler_(handler) {}

void BlobStream::Begin(LiveCalls& calls, const Peer& peer, const v1::GetBlobRequest& request) {
  Hold(calls, peer.spiffe_id);
  if (const Status status = Open(peer, request); !status.ok()) return Cut(status);
  OnIdle();
}

Status BlobStream::Open(const Peer& peer, const v1::GetBlobRequest& request) {
  ACCORD_ASSIGN_OR_RETURN(hash_, ReadDigest(request.hash(), "hash"));
  ACCORD_ASSIGN_OR_RETURN(total_, handler_.BlobSize(peer, hash_));
  if (request.offset() > total_) {
    return Fail(errors::kRpcMalformed, "GetBlobRequest.offset lies behind the end of the blob.");
  }
  offset_ = request.offset();
  return {};
}

// An empty rest is one empty chunk, so that the client always learns the total.
void BlobStream::OnIdle() {
  v1::BlobChunk chunk;
  std::string& data = *chunk.mutable_data();
  data.resize(std::min<std::uint64_t>(kChunkBytes, total_ - offset_));
  const std::span out(reinterpret_cast<std::uint8_t*>(data.data()), data.size());
  const Result<std::uint64_t> read = handler_.ReadBlob(hash_, offset_, out);
  if (!read.ok()) return Cut(read.status());
  if (*read != data.size()) {
    return Cut(Fail(errors::kStoreCorrupt, "Blob " + hash_.Hex() + " is shorter than its entry says."));
  }
  chunk.set_offset(offset_);
  chunk.set_total(total_);
  chunk.set_crc32c(Crc32c(out));
  offset_ += data.size();
  if (offset_ == total_) {
    PushLast(std::move(chunk));
  } else {
    (void)Push(std::move(chunk));
  }
}

}  // namespace accord::rpc
