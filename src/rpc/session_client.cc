#include "rpc/session_client.h"

#include <grpcpp/alarm.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/client_callback.h>

#include <chrono>
#include <deque>
#include <optional>
#include <vector>

#include "accord/v1/coordinator.grpc.pb.h"
#include "base/errors.h"
#include "base/mutex.h"
#include "rpc/convert.h"

namespace accord::rpc {

constexpr std::chrono::seconds kCloseGrace{2};
constexpr const char* kSession = "/accord.v1.Coordinator/Session";
constexpr std::size_t kMaxQueued =
    4'096;  // messages; a coordinator that reads none of them is as good as gone

// What belongs to gRPC; given back in OnDone, since the last owner of a channel must not be a gRPC thread.
struct SessionWire {
  std::shared_ptr<Channel> channel;
  grpc::ClientContext context;
};

// What comes is parsed here: gRPC would end the reading without a word at bytes that are no message, and the
// stream would stay open until the coordinator closes it.
static Result<ToNode> Parse(grpc::ByteBuffer* bytes) {
  v1::CoordinatorMessage message;
  if (!grpc::SerializationTraits<v1::CoordinatorMessage>::Deserialize(bytes, &message).ok()) {
    return Fail(errors::kRpcMalformed, "CoordinatorMessage does not parse.");
  }
  return FromProto(message);
}

// One stream. gRPC calls the On... methods; it never calls back on the stack of an operation that is started
// here, so operations are started under the mutex. Keeps itself alive until OnDone.
class SessionCall final : public grpc::ClientBidiReactor<v1::NodeMessage, grpc::ByteBuffer>,
                          public std::enable_shared_from_this<SessionCall> {
 public:
  SessionCall(std::shared_ptr<Channel> channel, std::shared_ptr<SessionCallbacks> callbacks)
      : callbacks_(std::move(callbacks)), wire_(std::make_unique<SessionWire>()) {
    wire_->channel = std::move(channel);
  }

  void Begin(Millis connect_bound, SessionGroup::Ticket ticket) ACCORD_EXCLUDES(mutex_) {
    self_ = shared_from_this();
    const MutexLock lock(mutex_);
    ticket_ = std::move(ticket);
    grpc::TemplatedGenericStub<v1::NodeMessage, grpc::ByteBuffer> stub(wire_->channel->grpc());
    stub.PrepareBidiStreamingCall(&wire_->context, kSession, {}, this);
    AddHold();  // for Send and Close, which come from outside
    StartCall();
    GiveUpAfterLocked(connect_bound, &connect_alarm_);
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
    if (closing_ || !wire_) return;
    closing_ = true;
    WriteNextLocked();
    GiveUpAfterLocked(kCloseGrace, &close_alarm_);
  }

  // Ends the stream without waiting for the coordinator.
  void Abandon() ACCORD_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    closing_ = true;
    if (wire_) EndLocked({});
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
    Result<ToNode> message = Parse(&incoming_);
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
    CleanseSecrets(&current_);
    if (!ok) queue_.clear();
    WriteNextLocked();
  }

  void OnDone(const grpc::Status& status) override ACCORD_EXCLUDES(mutex_) {
    Status why;
    std::unique_ptr<SessionWire> wire;
    {
      const MutexLock lock(mutex_);
      held_ = false;
      connect_alarm_.reset();
      close_alarm_.reset();
      why = WhyLocked(status);
      wire = std::move(wire_);
    }
    wire.reset();
    callbacks_->OnClosed(why);
    callbacks_.reset();
    const auto self = std::move(self_);  // may delete this, at the end
    ticket_.reset();                     // the client may go now
  }

  Status WhyLocked(const grpc::Status& status) ACCORD_REQUIRES(mutex_) {
    if (!why_.ok()) return why_;
    if (closing_ && !IsFromPeer(status)) return {};
    if (status.ok()) return Fail(errors::kNetUnreachable, "The coordinator closed the session.");
    return wire_->channel->Explain(status);
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
    wire_->context.TryCancel();
    ReleaseLocked();
  }

  void GiveUpAfterLocked(Millis bound, std::optional<grpc::Alarm>* alarm) ACCORD_REQUIRES(mutex_) {
    alarm->emplace();
    (*alarm)->Set(std::chrono::system_clock::now() + bound, [weak = weak_from_this(), bound](bool expired) {
      const auto self = expired ? weak.lock() : nullptr;
      if (!self) return;
      const MutexLock lock(self->mutex_);
      if (!self->wire_) return;
      self->EndLocked(self->closing_
                          ? Status()
                          : Fail(errors::kNetTimeout, "The coordinator did not accept the session within " +
                                                          FormatDuration(bound) + "."));
    });
  }

  std::shared_ptr<SessionCallbacks> callbacks_;
  std::shared_ptr<SessionCall> self_;
  SessionGroup::Ticket ticket_;
  grpc::ByteBuffer incoming_;
  v1::NodeMessage current_;  // being written

  Mutex mutex_;
  std::deque<v1::NodeMessage> queue_ ACCORD_GUARDED_BY(mutex_);
  bool held_ ACCORD_GUARDED_BY(mutex_) = true;  // writes may be started
  bool writing_ ACCORD_GUARDED_BY(mutex_) = false;
  bool closing_ ACCORD_GUARDED_BY(mutex_) = false;
  std::unique_ptr<SessionWire> wire_ ACCORD_GUARDED_BY(mutex_);  // until OnDone
  Status why_ ACCORD_GUARDED_BY(mutex_);                         // when this side ended the stream for cause
  std::optional<grpc::Alarm> connect_alarm_ ACCORD_GUARDED_BY(mutex_);
  std::optional<grpc::Alarm> close_alarm_ ACCORD_GUARDED_BY(mutex_);
};

// What the node holds: dropping it closes the stream.
class SessionHandle final : public NodeSession {
 public:
  explicit SessionHandle(std::shared_ptr<SessionCall> call) : call_(std::move(call)) {}
  ~SessionHandle() override { call_->Close(); }
  SessionHandle(const SessionHandle&) = delete;
  SessionHandle& operator=(const SessionHandle&) = delete;

  void Send(FromNode message) override {
    call_->Send(message);
    CleanseSecrets(message);
  }
  void Close() override { call_->Close(); }

 private:
  const std::shared_ptr<SessionCall> call_;
};

// Counts the sessions that gRPC is not done with.
struct SessionGroup::State {
  Mutex mutex;
  CondVar none;
  std::vector<std::weak_ptr<SessionCall>> calls ACCORD_GUARDED_BY(mutex);
  std::size_t live ACCORD_GUARDED_BY(mutex) = 0;
};

SessionGroup::SessionGroup() : state_(std::make_shared<State>()) {}

SessionGroup::~SessionGroup() {
  std::vector<std::weak_ptr<SessionCall>> calls;
  {
    const MutexLock lock(state_->mutex);
    calls = state_->calls;
  }
  for (const auto& weak : calls) {
    if (const auto call = weak.lock()) call->Abandon();
  }
  const MutexLock lock(state_->mutex);
  while (state_->live != 0) state_->none.Wait(state_->mutex);  // cancelled calls end at once
}

std::shared_ptr<NodeSession> SessionGroup::Dial(std::shared_ptr<Channel> channel,
                                                std::shared_ptr<SessionCallbacks> callbacks,
                                                Millis connect_bound) {
  const auto call = std::make_shared<SessionCall>(std::move(channel), std::move(callbacks));
  Ticket ticket;
  {
    const MutexLock lock(state_->mutex);
    std::erase_if(state_->calls, [](const auto& weak) { return weak.expired(); });
    state_->calls.push_back(call);
    ++state_->live;
    ticket = Ticket(state_.get(), [state = state_](State*) {
      const MutexLock leave(state->mutex);
      if (--state->live == 0) state->none.NotifyAll();
    });
  }
  call->Begin(connect_bound, std::move(ticket));
  return std::make_shared<SessionHandle>(call);
}

}  // namespace accord::rpc
