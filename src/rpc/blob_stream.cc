#include "rpc/blob_stream.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <algorithm>
#include <string>

#include "accord/v1/coordinator.pb.h"
#include "base/crc32c.h"
#include "base/errors.h"
#include "rpc/convert.h"

namespace accord::rpc {
namespace {

// All of the message but the bytes of its last field, which has one: data.
std::string HeadOf(const v1::BlobChunk& chunk, std::size_t data_bytes) {
  constexpr std::uint32_t kLengthDelimited = 2;
  std::string head = chunk.SerializeAsString();
  google::protobuf::io::StringOutputStream out(&head);
  google::protobuf::io::CodedOutputStream coded(&out);
  coded.WriteTag(v1::BlobChunk::kDataFieldNumber << 3 | kLengthDelimited);
  coded.WriteVarint64(data_bytes);
  coded.Trim();
  return head;
}

}  // namespace

// The queue holds the chunk that is written next, never more.
BlobStream::BlobStream(grpc::CallbackServerContext* context, BulkHandler& handler)
    : OutStream(context, 2 * kChunkBytes), handler_(handler) {}

void BlobStream::Begin(LiveCalls& calls, const Peer& peer, const grpc::ByteBuffer& request) {
  Hold(calls, peer);
  if (const Status status = Open(peer, request); !status.ok()) return Cut(status);
  OnIdle();
}

Status BlobStream::Open(const Peer& peer, const grpc::ByteBuffer& raw) {
  v1::GetBlobRequest request;
  grpc::ByteBuffer bytes(raw);  // shares the memory; parsing takes it
  if (!grpc::SerializationTraits<v1::GetBlobRequest>::Deserialize(&bytes, &request).ok()) {
    return Fail(errors::kRpcMalformed, "GetBlobRequest cannot be read.");
  }
  ACCORD_ASSIGN_OR_RETURN(hash_, ReadDigest(request.hash(), "hash"));
  ACCORD_ASSIGN_OR_RETURN(total_, handler_.BlobSize(peer, hash_));
  if (request.offset() > total_) {
    return Fail(errors::kRpcMalformed, "GetBlobRequest.offset lies behind the end of the blob.");
  }
  offset_ = request.offset();
  return {};
}

Result<grpc::ByteBuffer> BlobStream::NextChunk() {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(kChunkBytes, total_ - offset_));
  const grpc::Slice data(grpc_slice_malloc(size), grpc::Slice::STEAL_REF);
  const std::span out(const_cast<std::uint8_t*>(data.begin()), size);  // nobody else has it yet
  ACCORD_ASSIGN_OR_RETURN(const std::uint64_t read, handler_.ReadBlob(hash_, offset_, out));
  if (read != size) {
    return Fail(errors::kStoreCorrupt, "Blob " + hash_.Hex() + " is shorter than its entry says.");
  }
  v1::BlobChunk chunk;
  chunk.set_offset(offset_);
  chunk.set_total(total_);
  chunk.set_crc32c(Crc32c(out));
  offset_ += size;
  const grpc::Slice slices[] = {grpc::Slice(HeadOf(chunk, size)), data};
  return grpc::ByteBuffer(slices, std::size(slices));
}

// An empty rest is one empty chunk, so that the client always learns the total.
void BlobStream::OnIdle() {
  Result<grpc::ByteBuffer> chunk = NextChunk();
  if (!chunk.ok()) return Cut(chunk.status());
  if (offset_ == total_) {
    PushLast(*std::move(chunk));
  } else {
    (void)Push(*std::move(chunk));
  }
}

}  // namespace accord::rpc
