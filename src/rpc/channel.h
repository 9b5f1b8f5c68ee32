// A client's connection to one coordinator, and how its calls are bounded and explained. Shared by the
// clients of this directory; thread-safe.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "accord/status.h"
#include "rpc/client_options.h"
#include "rpc/enrol.h"
#include "rpc/status_map.h"
#include "rpc/tls.h"

namespace accord::rpc {

class Channel {
 public:
  // Checks the options as NodeClient::Open promises. Connects with the first call.
  [[nodiscard]] static Result<std::shared_ptr<Channel>> Open(const ClientOptions& options);
  // Without an identity, to a pinned server.
  [[nodiscard]] static Result<std::shared_ptr<Channel>> OpenPinned(const EnrolTarget& target);

  [[nodiscard]] const std::shared_ptr<grpc::Channel>& grpc() const { return channel_; }
  // What became of a call, for people: the peer's own words, or what was tried and how it failed.
  [[nodiscard]] Status Explain(const grpc::Status& status) const;

 private:
  Channel(std::string address, const std::shared_ptr<grpc::ChannelCredentials>& credentials,
          std::shared_ptr<TrustNote> note, const ClientOptions& options);
  [[nodiscard]] Status ExplainUnreachable(const std::string& text) const;

  const std::string address_;
  const std::shared_ptr<TrustNote> note_;
  std::shared_ptr<grpc::Channel> channel_;
};

// Bounds of one call: cancels it when asked to stop. Lives as long as the call.
class BoundContext {
 public:
  // `total`: the deadline of the whole call, none for streams.
  BoundContext(const CallLimits& limits, std::optional<Millis> total);

  [[nodiscard]] grpc::ClientContext& context() { return context_; }
  [[nodiscard]] bool stopped() const { return stop_.stop_requested(); }

 private:
  struct Cancel {
    grpc::ClientContext* context;
    void operator()() const { context->TryCancel(); }
  };
  grpc::ClientContext context_;
  std::stop_token stop_;
  std::stop_callback<Cancel> on_stop_;
};

// The Status of a call under `limits`, once gRPC's is known.
[[nodiscard]] Status Outcome(const Channel& channel, const BoundContext& bound, const grpc::Status& status);

// One blocking small call: `invoke(context, reply)` is the stub's method.
template <class Reply, class Invoke>
Result<Reply> CallUnary(const Channel& channel, const CallLimits& limits, Invoke invoke) {
  BoundContext bound(limits, limits.timeout);
  Reply reply;
  const grpc::Status status = invoke(&bound.context(), &reply);
  ACCORD_RETURN_IF_ERROR(Outcome(channel, bound, status));
  return reply;
}

// One blocking stream: each operation is awaited for at most a bound, else the call is cancelled. One
// operation is under way at a time, on one thread.
class BoundStream {
 public:
  BoundStream(std::shared_ptr<Channel> channel, const CallLimits& limits);
  ~BoundStream();  // cancels what is still under way
  BoundStream(const BoundStream&) = delete;
  BoundStream& operator=(const BoundStream&) = delete;

  [[nodiscard]] grpc::ClientContext* context() { return &bound_.context(); }
  [[nodiscard]] grpc::CompletionQueue* queue() { return &queue_; }
  // The tag of every operation.
  [[nodiscard]] void* tag() { return this; }
  // Ends the call from this side.
  void Cancel() { bound_.context().TryCancel(); }

  // Waits for the operation under way, at most `bound` (without: until it is done or stopped). Gives its ok.
  bool Await(std::optional<Millis> bound);
  // After gRPC's Finish was awaited: the Status of the call.
  [[nodiscard]] Status Outcome(const grpc::Status& status) const;

 private:
  const std::shared_ptr<Channel> channel_;
  BoundContext bound_;
  grpc::CompletionQueue queue_;
  std::optional<Millis> expired_;  // the bound that was passed
};

}  // namespace accord::rpc
