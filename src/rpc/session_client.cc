#include "rpc/session_client.h"

#include <grpcpp/alarm.h>
#include <grpcpp/support/client_callback.h>

#include <chrono>
#include <deque>
#include <optional>

#include "accord/v1/coordinator.grpc.pb.h"
#include "base/errors.h"
#include "base/mutex.h"
#include "rpc/convert.h"

namespace accord::rpc {
namespace {

constexpr std::chrono::seconds kCloseGrace{2};
constexpr std::size_t kMaxQueued =
    4'096;  // messages; a coordinator that reads none of them is as good as gone

// One stream. gRPC calls the On... methods; it never calls back on the stack of an operation that is started
// here, so operations are started under the mutex. Keeps itself alive until OnDone.
class SessionCall final : public grpc::ClientBidiReactor<v1::NodeMessage, v1::CoordinatorMessage>,
                          public std::enable_shared_from_this<SessionCall> {
 public:
  SessionCall(std::shared_ptr<Channel> channel, std::shared_ptr<SessionCallbacks> callbacks)
      : channel_(std::move(channel)),
        callbacks_(std::move(callbacks)),
        stub_(v1::Coordinator::NewStub(channel_->grpc())) {}

  void Begin(Millis connect_bound) ACCORD_EXCLUDES(mutex_) {
    self_ = shared_from_this();
    stub_->async()->Session(&context_, this);
    AddHold();  // for Send and Close, which come from outside
    StartCall();
    const MutexLock lock(mutex_);
    if (!done_) GiveUpAfterLocked(connect_bound, &connect_alarm_);
  }

  void Send(const FromNode& message) ACCORD_EXCLUDES(mutex_) {
    v1::NodeMessage wire;
    ToProto(message, &wire);
    const MutexLock lock(mutex_);
    if (!held_ || closing_) return;
    if (queue_.size() >= kMaxQueued) {
      EndLocked(Fail(errors::kNetSlowPeer, "The coordinator does not read what this node sends."));
      return;
    }
    queue_.push_back(std::move(wire));
    WriteNextLocked();
  }

  void Close() ACCORD_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    if (closing_ || done_) return;
    closing_ = true;
    WriteNextLocked();
    GiveUpAfterLocked(kCloseGrace, &close_alarm_);
  }

 private:
  void OnReadInitialMetadataDone(bool ok) override ACCORD_EXCLUDES(mutex_) {
    if (!ok) return Release();
    {
      const MutexLock lock(mutex_);
      connect_alarm_.reset();
    }
    callbacks_->OnConnected();
    StartRead(&incoming_);  // not before, so that no message overtakes OnConnected
  }

  void OnReadDone(bool ok) override ACCORD_EXCLUDES(mutex_) {
    if (!ok) return Release();
    Result<ToNode> message = FromProto(incoming_);
    if (!message.ok()) {
      const MutexLock lock(mutex_);
      return EndLocked(message.status());
    }
    callbacks_->OnMessage(std::move(message).value());
    StartRead(&incoming_);
  }

  void OnWriteDone(bool ok) override ACCORD_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    writing_ = false;
    if (!ok) queue_.clear();
    WriteNextLocked();
  }

  void OnDone(const grpc::Status& status) override ACCORD_EXCLUDES(mutex_) {
    Status why;
    {
      const MutexLock lock(mutex_);
      done_ = true;
      held_ = false;
      connect_alarm_.reset();
      close_alarm_.reset();
      why = WhyLocked(status);
    }
    callbacks_->OnClosed(why);
    callbacks_.reset();
    const auto self = std::move(self_);  // may delete this, at the end
  }

  Status WhyLocked(const grpc::Status& status) ACCORD_REQUIRES(mutex_) {
    if (!why_.ok()) return why_;
    if (closing_ && !IsFromPeer(status)) return {};
    if (status.ok()) return Fail(errors::kNetUnreachable, "The coordinator closed the session.");
    return channel_->Explain(status);
  }

  void WriteNextLocked() ACCORD_REQUIRES(mutex_) {
    if (writing_ || !held_) return;
    if (!queue_.empty()) {
      current_ = std::move(queue_.front());
      queue_.pop_front();
      writing_ = true;
      StartWrite(&current_);
    } else if (closing_) {
      StartWritesDone();
      ReleaseLocked();
    }
  }

  // Reading is over: nothing more is sent either.
  void Release() ACCORD_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    ReleaseLocked();
  }
  void ReleaseLocked() ACCORD_REQUIRES(mutex_) {
    if (!held_) return;
    held_ = false;
    queue_.clear();
    RemoveHold();
  }

  void EndLocked(Status why) ACCORD_REQUIRES(mutex_) {
    why_ = std::move(why);
    context_.TryCancel();
    ReleaseLocked();
  }

  void GiveUpAfterLocked(Millis bound, std::optional<grpc::Alarm>* alarm) ACCORD_REQUIRES(mutex_) {
    alarm->emplace();
    (*alarm)->Set(std::chrono::system_clock::now() + bound, [weak = weak_from_this(), bound](bool expired) {
      const auto self = expired ? weak.lock() : nullptr;
      if (!self) return;
      const MutexLock lock(self->mutex_);
      if (self->done_) return;
      self->EndLocked(self->closing_
                          ? Status()
                          : Fail(errors::kNetTimeout, "The coordinator did not accept the session within " +
                                                          FormatDuration(bound) + "."));
    });
  }

  const std::shared_ptr<Channel> channel_;
  std::shared_ptr<SessionCallbacks> callbacks_;
  const std::unique_ptr<v1::Coordinator::Stub> stub_;
  std::shared_ptr<SessionCall> self_;
  grpc::ClientContext context_;
  v1::CoordinatorMessage incoming_;
  v1::NodeMessage current_;  // being written

  Mutex mutex_;
  std::deque<v1::NodeMessage> queue_ ACCORD_GUARDED_BY(mutex_);
  bool held_ ACCORD_GUARDED_BY(mutex_) = true;  // writes may be started
  bool writing_ ACCORD_GUARDED_BY(mutex_) = false;
  bool closing_ ACCORD_GUARDED_BY(mutex_) = false;
  bool done_ ACCORD_GUARDED_BY(mutex_) = false;
  Status why_ ACCORD_GUARDED_BY(mutex_);  // when this side ended the stream for cause
  std::optional<grpc::Alarm> connect_alarm_ ACCORD_GUARDED_BY(mutex_);
  std::optional<grpc::Alarm> close_alarm_ ACCORD_GUARDED_BY(mutex_);
};

// What the node holds: dropping it closes the stream.
class Handle final : public NodeSession {
 public:
  explicit Handle(std::shared_ptr<SessionCall> call) : call_(std::move(call)) {}
  ~Handle() override { call_->Close(); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  void Send(FromNode message) override { call_->Send(message); }
  void Close() override { call_->Close(); }

 private:
  const std::shared_ptr<SessionCall> call_;
};

}  // namespace

std::shared_ptr<NodeSession> DialSession(std::shared_ptr<Channel> channel,
                                         std::shared_ptr<SessionCallbacks> callbacks, Millis connect_bound) {
  const auto call = std::make_shared<SessionCall>(std::move(channel), std::move(callbacks));
  call->Begin(connect_bound);
  return std::make_shared<Handle>(call);
}

}  // namespace accord::rpc
