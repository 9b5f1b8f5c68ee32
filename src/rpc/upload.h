// The server's end of PutUpdate: parts in raw buffers, checked and handed to an UploadSink as the slices that
// arrived, one at a time. A stream that breaks leaves what it brought; the node goes on from there.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <vector>

#include "base/mutex.h"
#include "rpc/handlers.h"
#include "rpc/live_calls.h"
#include "rpc/update_part.h"

namespace accord::rpc {

// Thread rule: one part is in hand at a time, on whatever thread; only the end of the call is shared with
// those who cut it.
class UploadStream final : public grpc::ServerReadReactor<grpc::ByteBuffer>,
                           public LiveCall,
                           public std::enable_shared_from_this<UploadStream> {
 public:
  UploadStream(grpc::CallbackServerContext* context, Peer peer, BulkHandler& handler, grpc::ByteBuffer* reply)
      : context_(context), peer_(std::move(peer)), handler_(handler), reply_(reply) {}

  // Registers and reads the first part. Called once by the service.
  void Begin(LiveCalls& calls);

  void EndSoon(const Status& status) override;
  void Cut(const Status& status) override { End(status); }

 private:
  void OnReadDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  void ReadNext() ACCORD_EXCLUDES(mutex_);
  // Parses the buffer in hand.
  [[nodiscard]] Status TakePart();
  // Asks the handler for the sink of the upload that the first part names; goes on in OnOpened.
  void Open();
  void OnOpened(Result<std::shared_ptr<UploadSink>> sink);
  // The part in hand goes to the sink; afterwards the next one is read, or the upload is finished.
  void Store();
  [[nodiscard]] Status StoreData();
  void FinishUpload();
  void End(const Status& status) ACCORD_EXCLUDES(mutex_);

  grpc::CallbackServerContext* const context_;
  const Peer peer_;
  BulkHandler& handler_;
  std::shared_ptr<UploadStream> self_;  // until OnDone
  LiveCalls::Ticket ticket_;

  grpc::ByteBuffer buffer_;          // the part in hand
  std::vector<grpc::Slice> slices_;  // of buffer_, which part_ views
  UpdatePart part_;
  std::uint64_t words_ = 0;  // announced by the first part
  std::shared_ptr<UploadSink> sink_;

  Mutex mutex_;
  bool finished_ ACCORD_GUARDED_BY(mutex_) = false;
  bool complete_ ACCORD_GUARDED_BY(mutex_) = false;  // the sink has all and is about to answer
  grpc::ByteBuffer* const reply_;
};

}  // namespace accord::rpc
