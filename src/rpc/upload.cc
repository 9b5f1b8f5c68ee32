#include "rpc/upload.h"

#include <grpcpp/impl/codegen/proto_utils.h>

#include "accord/v1/coordinator.pb.h"
#include "base/errors.h"
#include "rpc/status_map.h"

namespace accord::rpc {

void UploadTable::Enter(const Key& key, const std::shared_ptr<UploadStream>& stream) {
  std::shared_ptr<UploadStream> holder, waiter;
  bool free = false;
  {
    const MutexLock lock(mutex_);
    Entry& entry = uploads_[key];
    free = entry.holder == nullptr;
    if (free) {
      entry.holder = stream.get();
      entry.stream = stream;
    } else {
      holder = entry.stream.lock();  // none: it is about to leave
      waiter = std::exchange(entry.waiter, stream);
    }
  }
  if (free) return stream->Open();
  const Status why = Fail(errors::kSessionReplaced, "The node began this upload again.");
  if (waiter) waiter->Cut(why);
  if (holder) holder->Cut(why);
}

void UploadTable::Leave(const Key& key, const UploadStream* stream) {
  std::shared_ptr<UploadStream> next;
  {
    const MutexLock lock(mutex_);
    const auto found = uploads_.find(key);
    if (found == uploads_.end() || found->second.holder != stream) return;
    next = std::move(found->second.waiter);
    if (next) {
      found->second = {.holder = next.get(), .stream = next};
    } else {
      uploads_.erase(found);
    }
  }
  if (next) next->Open();
}

UploadStream::~UploadStream() {
  sink_.reset();
  if (key_) table_->Leave(*key_, this);
}

void UploadStream::Begin(LiveCalls& calls, std::shared_ptr<UploadTable> table) {
  table_ = std::move(table);
  self_ = shared_from_this();
  ticket_ = calls.Add(peer_.spiffe_id, self_, peer_.ends);
  ReadNext();
}

void UploadStream::ReadNext() {
  const MutexLock lock(mutex_);
  if (!finished_) StartRead(&buffer_);
}

void UploadStream::OnReadDone(bool ok) {
  if (!ok) {
    return End(context_->IsCancelled() ? Fail(errors::kNetUnreachable, "The node is gone.")
                                       : Fail(errors::kRpcMalformed, "The upload ended without its root."));
  }
  if (const Status status = TakePart(); !status.ok()) return End(status);
  if (sink_) return Store();
  words_ = part_.words;
  key_ = {peer_.node, *part_.key};
  table_->Enter(*key_, shared_from_this());
}

Status UploadStream::TakePart() {
  slices_.clear();
  if (!buffer_.Dump(&slices_).ok()) return Fail(errors::kRpcMalformed, "UpdatePart cannot be read.");
  std::vector<ByteView> views;
  views.reserve(slices_.size());
  for (const grpc::Slice& slice : slices_) views.emplace_back(slice.begin(), slice.size());
  ACCORD_ASSIGN_OR_RETURN(part_, ParseUpdatePart(views));
  if (part_.key.has_value() == (sink_ != nullptr)) {
    return Fail(errors::kRpcMalformed, "UpdatePart.key must be in the first part and in no other.");
  }
  return {};
}

void UploadStream::Open() {
  {
    const MutexLock lock(mutex_);
    if (finished_) return;  // cut while it waited
  }
  handler_.OpenUpload(peer_, *part_.key, words_,
                      [self = shared_from_this()](Result<std::shared_ptr<UploadSink>> sink) {
                        self->OnOpened(std::move(sink));
                      });
}

void UploadStream::OnOpened(Result<std::shared_ptr<UploadSink>> sink) {
  if (!sink.ok()) return End(sink.status());
  sink_ = std::move(sink).value();
  sink_->OnCut([weak = weak_from_this()](const Status& why) {
    if (const auto self = weak.lock()) self->EndSoon(why);
  });
  Store();
}

void UploadStream::Store() {
  if (part_.data_bytes != 0) {
    if (const Status status = StoreData(); !status.ok()) {
      sink_.reset();  // before the answer, so that the node can resume at once
      return End(status);
    }
  }
  if (part_.root) return FinishUpload();
  ReadNext();
}

Status UploadStream::StoreData() {
  if (part_.seq >= ChunkCount(words_) || part_.data_bytes > ChunkSize(words_, part_.seq)) {
    return Fail(errors::kUploadTooLong,
                "Chunk " + std::to_string(part_.seq) + " goes beyond " + std::to_string(words_) + " words.");
  }
  if (part_.data_bytes < ChunkSize(words_, part_.seq)) {
    return Fail(errors::kUploadLength, "Chunk " + std::to_string(part_.seq) + " has only " +
                                           std::to_string(part_.data_bytes) + " bytes.");
  }
  ACCORD_RETURN_IF_ERROR(CheckPartCrc(part_));
  return sink_->Put(part_.seq, part_.data);
}

void UploadStream::FinishUpload() {
  const auto sink = std::move(sink_);
  const std::uint64_t chunks = ChunkCount(words_);
  if (sink->NextSeq() != chunks) {
    return End(Fail(errors::kUploadOrder, "The root came when chunk " + std::to_string(sink->NextSeq()) +
                                              " of " + std::to_string(chunks) + " was expected."));
  }
  {
    const MutexLock lock(mutex_);
    complete_ = true;
  }
  sink->Finish(*part_.root, [self = shared_from_this()](const Status& status) { self->End(status); });
}

void UploadStream::EndSoon(const Status& status) {
  {
    const MutexLock lock(mutex_);
    if (complete_) return;  // it ends by the sink's answer
  }
  End(status);
}

void UploadStream::End(const Status& status) {
  const MutexLock lock(mutex_);
  if (finished_) return;
  finished_ = true;
  if (status.ok()) {
    v1::PutUpdateReply reply;
    reply.set_next_seq(ChunkCount(words_));
    bool own = false;
    (void)grpc::SerializationTraits<v1::PutUpdateReply>::Serialize(reply, reply_, &own);
  }
  Finish(ToGrpc(status));
}

void UploadStream::OnCancel() { End(Fail(errors::kNetUnreachable, "The node is gone.")); }

void UploadStream::OnDone() {
  ticket_.Release();
  const auto self = std::move(self_);  // may delete this, at the end
}

}  // namespace accord::rpc
