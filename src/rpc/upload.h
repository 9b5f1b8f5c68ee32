// The server's end of PutUpdate: parts in raw buffers, checked and handed to an UploadSink as the slices that
// arrived, one at a time. A stream that breaks leaves what it brought; the node goes on from there.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "rpc/handlers.h"
#include "rpc/live_calls.h"
#include "rpc/update_part.h"

namespace accord::rpc {

class UploadStream;

// The one stream of each upload. A node that comes again (its connection broke, and nobody noticed yet) takes
// the place of its earlier stream: that is cut, and the new one opens the upload when the old has let go of
// it. Thread-safe.
class UploadTable {
 public:
  using Key = std::pair<NodeId, UploadKey>;

  // Calls stream->Open(), now or later, on any thread.
  void Enter(const Key& key, const std::shared_ptr<UploadStream>& stream) ACCORD_EXCLUDES(mutex_);
  // The stream has let go of the upload's sink.
  void Leave(const Key& key, const UploadStream* stream) ACCORD_EXCLUDES(mutex_);

 private:
  struct Entry {
    const UploadStream* holder = nullptr;  // compared only
    std::weak_ptr<UploadStream> stream;    // the holder
    std::shared_ptr<UploadStream> waiter;
  };
  Mutex mutex_;
  std::map<Key, Entry> uploads_ ACCORD_GUARDED_BY(mutex_);
};

// Thread rule: one part is in hand at a time, on whatever thread; only the end of the call is shared with
// those who cut it.
class UploadStream final : public grpc::ServerReadReactor<grpc::ByteBuffer>,
                           public LiveCall,
                           public std::enable_shared_from_this<UploadStream> {
 public:
  UploadStream(grpc::CallbackServerContext* context, Peer peer, BulkHandler& handler, grpc::ByteBuffer* reply)
      : context_(context), peer_(std::move(peer)), handler_(handler), reply_(reply) {}
  UploadStream(const UploadStream&) = delete;
  UploadStream& operator=(const UploadStream&) = delete;
  ~UploadStream() override;

  // Registers and reads the first part. Called once by the service.
  void Begin(LiveCalls& calls, std::shared_ptr<UploadTable> table);
  // The upload is this stream's: asks the handler for its sink. Called by the table.
  void Open() ACCORD_EXCLUDES(mutex_);

  void EndSoon(const Status& status) override;
  void Cut(const Status& status) override { End(status); }

 private:
  void OnReadDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  void ReadNext() ACCORD_EXCLUDES(mutex_);
  // Parses the buffer in hand.
  [[nodiscard]] Status TakePart();
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
  std::shared_ptr<UploadTable> table_;
  std::optional<UploadTable::Key> key_;  // once it has entered the table

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
