// The writing side that all server streams share: one write at a time, a bounded queue, one Finish, an end
// that comes even when the peer does not read. Base is a gRPC server reactor that writes Out; subclasses add
// the reading side and say what the stream is about.
//
// Thread rule: gRPC calls the On... methods, anyone the rest. gRPC never calls back on the stack of an
// operation that is started here, so operations are started under the mutex. The object keeps itself alive
// until gRPC is done with it (OnDone); handlers may hold it longer.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "accord/status.h"
#include "base/errors.h"
#include "base/mutex.h"
#include "rpc/handlers.h"
#include "rpc/live_calls.h"
#include "rpc/status_map.h"

namespace accord::rpc {

// How long an ended stream waits for a peer that does not read before its call is cancelled.
inline constexpr std::chrono::seconds kEndGrace{2};

// Bytes that a message holds while it is queued.
template <class Out>
std::size_t QueuedSize(const Out& message) {
  return message.ByteSizeLong();
}
inline std::size_t QueuedSize(const grpc::ByteBuffer& message) { return message.Length(); }

template <class Base, class Out>
class OutStream : public Base, public LiveCall, public std::enable_shared_from_this<OutStream<Base, Out>> {
 public:
  OutStream(grpc::CallbackServerContext* context, std::size_t queue_bytes)
      : context_(context), queue_limit_(queue_bytes) {}

  void EndSoon(const Status& status) final { End(status, {.flush = true, .bounded = true}); }
  void Cut(const Status& status) final { End(status, {.flush = false, .bounded = true}); }

 protected:
  // Registers the call and keeps the object alive until OnDone. Called once, after construction.
  void Hold(LiveCalls& calls, const Peer& peer) {
    self_ = this->shared_from_this();
    ticket_ = calls.Add(peer.spiffe_id, self_, peer.ends);
  }

  // The stream ends of itself: everything queued is written first, in the time that the peer takes to read.
  void Complete(const Status& status) { End(status, {.flush = true, .bounded = false}); }

  // Queues a message; false when the stream has ended. A queue that is full ends it (`net.slow_peer`).
  bool Push(Out message) ACCORD_EXCLUDES(mutex_) {
    const std::size_t size = QueuedSize(message);
    bool full = false;
    {
      const MutexLock lock(mutex_);
      if (ending_) return false;
      full = queued_bytes_ + size > queue_limit_ && writing_;
      if (!full) {
        queue_.push_back(std::move(message));
        queued_bytes_ += size;
        WriteNextLocked();
      }
    }
    if (full)
      Cut(Fail(errors::kNetSlowPeer,
               "The peer does not read; " + std::to_string(size) + " bytes more do not fit."));
    return !full;
  }

  // Queues the message and completes the stream behind it, so that no OnIdle comes between.
  void PushLast(Out message) ACCORD_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    if (ending_) return;
    ending_ = true;
    queue_.push_back(std::move(message));
    WriteNextLocked();
  }

  // The message takes the place of all that is queued and not yet being written.
  bool PushNewest(Out message) ACCORD_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    if (ending_) return false;
    queue_.clear();
    queued_bytes_ = QueuedSize(message);
    queue_.push_back(std::move(message));
    WriteNextLocked();
    return true;
  }

  [[nodiscard]] bool Cancelled() const { return context_->IsCancelled(); }
  [[nodiscard]] bool Ending() const ACCORD_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return ending_;
  }

  // Runs `start` (a StartRead, StartSendInitialMetadata) unless the stream has ended.
  template <class Start>
  void Unless(Start start) ACCORD_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    if (!ending_) start();
  }

  // What follows when everything queued is written and the stream goes on; asked after each write.
  virtual void OnIdle() {}
  // The stream is over; nothing else is called any more.
  virtual void OnEnded(const Status& /*status*/) {}

 private:
  void OnWriteDone(bool ok) final ACCORD_EXCLUDES(mutex_) {
    bool idle = false;
    {
      const MutexLock lock(mutex_);
      writing_ = false;
      if (!ok && !ending_) {
        ending_ = true;
        end_status_ = Fail(errors::kNetUnreachable, "The peer is gone.");
      }
      if (!ok) queue_.clear();
      idle = queue_.empty() && !ending_;
      WriteNextLocked();
    }
    if (idle) OnIdle();
  }

  void OnCancel() final { Cut(Fail(errors::kNetUnreachable, "The peer is gone, or gave up the call.")); }

  void OnDone() final {
    Status status;
    {
      const MutexLock lock(mutex_);
      done_ = true;
      alarm_.reset();
      status = end_status_;
    }
    OnEnded(status);
    ticket_.Release();
    self_.reset();  // may delete this
  }

  struct HowToEnd {
    bool flush = true;    // write what is queued first
    bool bounded = true;  // cancel the call when the peer takes longer than the grace
  };
  void End(const Status& status, HowToEnd how) ACCORD_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    if (finished_) return;
    if (!ending_ || (!how.flush && end_status_.ok())) end_status_ = status;
    ending_ = true;
    if (!how.flush) queue_.clear();
    WriteNextLocked();
    if (how.bounded && !finished_ && !alarm_) CancelAfterGraceLocked();
  }

  void WriteNextLocked() ACCORD_REQUIRES(mutex_) {
    if (writing_ || finished_) return;
    if (!queue_.empty()) {
      current_ = std::move(queue_.front());
      queue_.pop_front();
      queued_bytes_ -= std::min(queued_bytes_, QueuedSize(current_));
      writing_ = true;
      this->StartWrite(&current_);
    } else if (ending_) {
      finished_ = true;
      this->Finish(ToGrpc(end_status_));
    }
  }

  void CancelAfterGraceLocked() ACCORD_REQUIRES(mutex_) {
    alarm_.emplace();
    alarm_->Set(std::chrono::system_clock::now() + kEndGrace, [weak = this->weak_from_this()](bool expired) {
      const auto self = expired ? weak.lock() : nullptr;
      if (!self) return;
      const MutexLock lock(self->mutex_);
      if (!self->done_) self->context_->TryCancel();
    });
  }

  grpc::CallbackServerContext* const context_;
  const std::size_t queue_limit_;
  std::shared_ptr<LiveCall> self_;
  LiveCalls::Ticket ticket_;

  mutable Mutex mutex_;
  std::deque<Out> queue_ ACCORD_GUARDED_BY(mutex_);
  std::size_t queued_bytes_ ACCORD_GUARDED_BY(mutex_) = 0;
  Out current_;  // being written
  bool writing_ ACCORD_GUARDED_BY(mutex_) = false;
  bool ending_ ACCORD_GUARDED_BY(mutex_) = false;
  bool finished_ ACCORD_GUARDED_BY(mutex_) = false;
  bool done_ ACCORD_GUARDED_BY(mutex_) = false;
  Status end_status_ ACCORD_GUARDED_BY(mutex_);
  std::optional<grpc::Alarm> alarm_ ACCORD_GUARDED_BY(mutex_);
};

}  // namespace accord::rpc
