#include "accord/v1/coordinator.grpc.pb.h"
#include "base/crc32c.h"
#include "base/errors.h"
#include "crypto/sha256.h"
#include "rpc/bulk_client.h"

namespace accord::rpc {
namespace {

// Checks chunks as they come and hands them on.
class Assembly {
 public:
  Assembly(const Digest& hash, std::uint64_t offset, const BlobSink& sink)
      : hash_(hash), whole_(offset == 0), offset_(offset), sink_(sink) {}

  Status Take(const v1::BlobChunk& chunk) {
    const ByteView data = AsBytes(chunk.data());
    if (chunk.offset() != offset_ || chunk.total() < offset_ || data.size() > chunk.total() - offset_ ||
        (total_ && *total_ != chunk.total())) {
      return Fail(errors::kRpcMalformed, "A chunk of the blob does not follow the one before.");
    }
    if (Crc32c(data) != chunk.crc32c()) {
      return Fail(errors::kBlobChecksum,
                  "The chunk at " + std::to_string(offset_) + " was damaged on its way.");
    }
    total_ = chunk.total();
    if (whole_) sha_.Update(data);
    offset_ += data.size();
    return sink_(chunk.offset(), chunk.total(), data);
  }

  // After the server ended the stream well.
  Status Check() {
    if (offset_ != total_) return Fail(errors::kRpcMalformed, "The blob ended before its announced size.");
    if (whole_ && sha_.Finish() != hash_) {
      return Fail(errors::kBlobChecksum, "The blob that came is not " + hash_.Hex() + ".");
    }
    return {};
  }

 private:
  const Digest hash_;
  const bool whole_;
  std::uint64_t offset_;
  std::optional<std::uint64_t> total_;
  crypto::Sha256 sha_;
  const BlobSink& sink_;
};

}  // namespace

Status Download(const std::shared_ptr<Channel>& channel, const Digest& hash, std::uint64_t offset,
                const BlobSink& sink, const CallLimits& limits) {
  BoundStream stream(channel, limits);
  v1::GetBlobRequest request;
  request.set_hash(std::string(hash.View()));
  request.set_offset(offset);
  const auto stub = v1::Coordinator::NewStub(channel->grpc());
  const auto reader = stub->PrepareAsyncGetBlob(stream.context(), request, stream.queue());
  reader->StartCall(stream.tag());
  bool going = stream.Await(limits.timeout);
  Assembly assembly(hash, offset, sink);
  Status taken;
  v1::BlobChunk chunk;
  while (going && taken.ok()) {
    reader->Read(&chunk, stream.tag());
    going = stream.Await(limits.timeout);
    if (going) taken = assembly.Take(chunk);
  }
  if (!taken.ok()) stream.Cancel();
  grpc::Status end;
  reader->Finish(&end, stream.tag());
  stream.Await(limits.timeout);
  ACCORD_RETURN_IF_ERROR(taken);
  ACCORD_RETURN_IF_ERROR(stream.Outcome(end));
  return assembly.Check();
}

}  // namespace accord::rpc
