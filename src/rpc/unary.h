// One unary RPC: hands a handler's Reply to gRPC, once, whoever is first: the handler, or whoever cuts the
// call.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <string>
#include <utility>

#include "base/mutex.h"
#include "rpc/call_env.h"
#include "rpc/convert.h"
#include "rpc/status_map.h"

namespace accord::rpc {

// Keeps itself alive until gRPC is done with it. Thread-safe.
class UnaryCall final : public grpc::ServerUnaryReactor,
                        public LiveCall,
                        public std::enable_shared_from_this<UnaryCall> {
 public:
  void Begin(LiveCalls& calls, const Peer& peer) {
    self_ = shared_from_this();
    ticket_ = calls.Add(peer.spiffe_id, self_, peer.ends);
  }

  // Answers with `status`; when it is ok, after `fill` wrote the reply. Only the first answer counts.
  template <class Fill>
  void Answer(const Status& status, Fill fill) ACCORD_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    if (finished_) return;
    finished_ = true;
    if (status.ok()) fill();
    Finish(ToGrpc(status));
  }

  void EndSoon(const Status&) override {}  // its answer is the end
  void Cut(const Status& status) override {
    Answer(status, [] {});
  }

 private:
  void OnDone() override {
    ticket_.Release();
    const auto self = std::move(self_);  // may delete this, at the end
  }

  std::shared_ptr<UnaryCall> self_;
  LiveCalls::Ticket ticket_;
  Mutex mutex_;
  bool finished_ ACCORD_GUARDED_BY(mutex_) = false;
};

// Serves a unary call: `body(peer, reply)` asks the handler, or gives what is wrong with the request. For
// calls that are open to anyone the peer may be empty.
template <class View, class Wire, class Body>
grpc::ServerUnaryReactor* ServeUnary(CallEnv& env, grpc::CallbackServerContext* context, Wire* out,
                                     Body body) {
  const Result<Peer> peer = env.PeerOf(*context);
  const Peer caller = peer.ok() ? peer.value() : Peer{};
  const auto call = std::make_shared<UnaryCall>();
  call->Begin(env.live, caller);
  const Status bad = body(caller, Reply<View>([call, out](Result<View> answer) {
                            call->Answer(answer.status(), [&] { ToProto(answer.value(), out); });
                          }));
  if (!bad.ok()) call->Cut(bad);
  return call.get();
}

}  // namespace accord::rpc
