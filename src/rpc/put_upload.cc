// The client of PutUpdate, in raw buffers: a chunk is filled once, into the memory that gRPC sends it from.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include "accord/v1/coordinator.pb.h"
#include "base/check.h"
#include "base/crc32c.h"
#include "base/errors.h"
#include "rpc/bulk_client.h"
#include "rpc/update_part.h"

namespace accord::rpc {
namespace {

constexpr const char* kPutUpdate = "/accord.v1.Coordinator/PutUpdate";

// Makes the parts of one upload in order: the first carries the key, the last the root, and each in between
// its chunk; a small update is one part that has all of it.
class Parts {
 public:
  explicit Parts(const Upload& upload)
      : upload_(upload), chunks_(ChunkCount(upload.words)), seq_(upload.first_seq) {}

  // The next part; `last` says that none follows.
  Result<grpc::ByteBuffer> Next(bool* last) {
    UpdatePart part;
    if (first_) {
      part.key = upload_.key;
      part.words = upload_.words;
      first_ = false;
    }
    std::unique_ptr<std::uint8_t[]> data;
    if (seq_ < chunks_) {
      part.seq = seq_;
      part.data_bytes = ChunkSize(upload_.words, seq_);
      data.reset(new std::uint8_t[part.data_bytes]);  // not zeroed: fill writes all of it
      const std::span<std::uint8_t> out(data.get(), part.data_bytes);
      ACCORD_RETURN_IF_ERROR(upload_.fill(seq_, out));
      part.crc32c = Crc32c(out);
      ++seq_;
    }
    *last = seq_ == chunks_;
    if (*last) {
      ACCORD_ASSIGN_OR_RETURN(part.root, upload_.root());
    }
    return Serialize(part, std::move(data));
  }

  // Bytes of the update in the parts so far.
  [[nodiscard]] std::uint64_t bytes() const { return std::min(seq_ * kChunkBytes, upload_.words * 8); }

 private:
  static grpc::ByteBuffer Serialize(const UpdatePart& part, std::unique_ptr<std::uint8_t[]> data) {
    const Bytes head = UpdatePartHead(part);
    std::vector<grpc::Slice> slices;
    slices.emplace_back(head.data(), head.size());
    if (data) {  // gRPC gives the memory back when it has sent it, which is after the write is reported done
      slices.emplace_back(data.release(), part.data_bytes,
                          [](void* memory) { delete[] static_cast<std::uint8_t*>(memory); });
    }
    return {slices.data(), slices.size()};
  }

  const Upload& upload_;
  const std::uint64_t chunks_;
  std::uint64_t seq_;
  bool first_ = true;
};

Status CheckReply(const Upload& upload, grpc::ByteBuffer* raw) {
  v1::PutUpdateReply reply;
  if (!grpc::SerializationTraits<v1::PutUpdateReply>::Deserialize(raw, &reply).ok() ||
      reply.next_seq() != ChunkCount(upload.words)) {
    return Fail(errors::kRpcMalformed, "PutUpdateReply.next_seq is not the number of chunks.");
  }
  return {};
}

// Writes all parts, making the next one while the last is on its way. Gives a failure of this side; when the
// other side ends the call early, its status says why.
Status WriteAll(const Upload& upload, const CallLimits& limits, BoundStream* stream,
                grpc::GenericClientAsyncReaderWriter* call) {
  Parts parts(upload);
  bool last = false;
  ACCORD_ASSIGN_OR_RETURN(grpc::ByteBuffer part, parts.Next(&last));
  while (true) {
    grpc::WriteOptions options;
    if (last) options.set_last_message();
    call->Write(part, options, stream->tag());
    const bool done = last;
    const std::uint64_t bytes = parts.bytes();
    Result<grpc::ByteBuffer> next = done ? Result<grpc::ByteBuffer>(grpc::ByteBuffer()) : parts.Next(&last);
    if (!stream->Await(limits.timeout)) return {};
    if (upload.progress) upload.progress(bytes);
    if (done) return {};
    ACCORD_ASSIGN_OR_RETURN(part, std::move(next));
  }
}

}  // namespace

Status PutUpload(const std::shared_ptr<Channel>& channel, const Upload& upload, const CallLimits& limits) {
  ACCORD_CHECK(upload.words != 0 && upload.first_seq <= ChunkCount(upload.words));
  BoundStream stream(channel, limits);
  stream.context()->set_initial_metadata_corked(true);  // headers leave with the first part
  grpc::GenericStub stub(channel->grpc());
  const auto call = stub.PrepareCall(stream.context(), kPutUpdate, stream.queue());
  call->StartCall(stream.tag());  // no operation yet, since it is corked
  const Status written = WriteAll(upload, limits, &stream, call.get());
  grpc::ByteBuffer reply;
  bool replied = false;
  if (written.ok()) {
    call->Read(&reply, stream.tag());
    replied = stream.Await(limits.timeout);
  } else {
    stream.Cancel();
  }
  grpc::Status end;
  call->Finish(&end, stream.tag());
  stream.Await(limits.timeout);
  ACCORD_RETURN_IF_ERROR(written);
  ACCORD_RETURN_IF_ERROR(stream.Outcome(end));
  return replied ? CheckReply(upload, &reply)
                 : Fail(errors::kRpcMalformed, "PutUpdate ended without a reply.");
}

}  // namespace accord::rpc
