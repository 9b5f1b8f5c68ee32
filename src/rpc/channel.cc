#include "rpc/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <chrono>
#include <string_view>

#include "base/check.h"
#include "base/errors.h"
#include "base/text.h"
#include "rpc/listen.h"
#include "rpc/messages.h"
#include "rpc/process.h"

namespace accord::rpc {
namespace {

constexpr int kMaxReplyBytes = 64 << 20;  // a list of jobs with long histories
static_assert(kMaxReplyBytes >= kMaxSessionMessageBytes);
constexpr int kFirstBackoffMs = 100;
constexpr int kMaxBackoffMs = 1'000;  // callers wait between attempts themselves
constexpr Millis kKeepaliveTimeout{20'000};

grpc::ChannelArguments Arguments(const ClientOptions& options) {
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(options.keepalive.count()));
  args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, static_cast<int>(kKeepaliveTimeout.count()));
  args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // one connection for each client
  // Also the bound of one attempt to connect.
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, static_cast<int>(options.connect_timeout.count()));
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstBackoffMs);
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kMaxBackoffMs);
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  args.SetMaxReceiveMessageSize(kMaxReplyBytes);
  args.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);  // a ping for every read, at both ends
  args.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kStreamWindow);
  return args;
}

bool Has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

Channel::Channel(std::string address, const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                 std::shared_ptr<TrustNote> note, const ClientOptions& options)
    : address_(std::move(address)),
      note_(std::move(note)),
      channel_(grpc::CreateCustomChannel(address_, credentials, Arguments(options))) {}

Result<std::shared_ptr<Channel>> Channel::Open(const ClientOptions& options) {
  ACCORD_CHECK(Tls13Forced());  // ForceTls13 first in main
  RouteGrpcLog(/*server=*/false);
  ACCORD_RETURN_IF_ERROR(ParseHostPort(options.address).status());
  const auto note = std::make_shared<TrustNote>();
  ACCORD_ASSIGN_OR_RETURN(const auto credentials, MemberCredentials(options, note));
  return std::shared_ptr<Channel>(new Channel(options.address, credentials, note, options));
}

Result<std::shared_ptr<Channel>> Channel::OpenPinned(const EnrolTarget& target) {
  ACCORD_CHECK(Tls13Forced());
  RouteGrpcLog(/*server=*/false);
  ACCORD_RETURN_IF_ERROR(ParseHostPort(target.address).status());
  const auto note = std::make_shared<TrustNote>();
  const auto credentials = PinnedCredentials(target.ca_fingerprint, note);
  return std::shared_ptr<Channel>(new Channel(target.address, credentials, note, {}));
}

Status Channel::Explain(const grpc::Status& status) const {
  if (status.ok() || IsFromPeer(status)) return FromGrpc(status);
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE) return ExplainUnreachable(status.error_message());
  const Status plain = FromGrpc(status);
  return {plain.code(), plain.error(), address_ + ": " + Printable(plain.message()), plain.hint()};
}

// gRPC 1.51 tells its reasons in text only.
Status Channel::ExplainUnreachable(const std::string& text) const {
  if (const Status why = note_->Get(); !why.ok()) {
    return Fail(errors::kNetUntrusted, "The server at " + address_ + " was refused: " + why.message());
  }
  if (Has(text, "CERTIFICATE_VERIFY_FAILED") || Has(text, "certificate verify failed")) {
    const auto now = std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
    return Fail(
        errors::kNetUntrusted,
        "The certificate of the server at " + address_ +
            " is not signed by this federation's CA, or not valid now, at " + FormatTime(now) +
            " by this machine's clock.",
        "Check the clocks of both machines, and the address. If the federation has a new CA, join again "
        "with a new token; if not, somebody may be in between.");
  }
  if (Has(text, "Ssl handshake failed") || Has(text, "Handshake failed")) {
    return Fail(errors::kNetUnreachable,
                address_ + ": the TLS handshake failed; " + Printable(text, 300) + ".",
                "Check that this is the coordinator's rpc port, and that both programs are current.");
  }
  const auto because = [&](const std::string& cause, std::string hint = {}) {
    return Fail(errors::kNetUnreachable, "Dialed " + address_ + ": " + cause + ".", std::move(hint));
  };
  if (Has(text, "Connection refused")) return because("connection refused, nothing listens there");
  if (Has(text, "DNS resolution failed") || Has(text, "Name or service not known")) {
    return because("the name cannot be resolved");
  }
  if (Has(text, "No route to host") || Has(text, "unreachable")) return because("no route to the host");
  if (Has(text, "Timeout") || Has(text, "timed out") || Has(text, "connection attempt timed out")) {
    return because("no answer within the time for a connection; a firewall may drop it");
  }
  if (Has(text, "Socket closed") || Has(text, "reset by peer") || Has(text, "Broken pipe")) {
    return because("the server closed the connection",
                   "Either it went away, or it does not accept this certificate (another federation's CA, or "
                   "expired by its clock); its log has the reason.");
  }
  return because(Printable(text, 300));
}

BoundContext::BoundContext(const CallLimits& limits, std::optional<Millis> total)
    : stop_(limits.stop), on_stop_(limits.stop, Cancel{&context_}) {
  if (total) context_.set_deadline(std::chrono::system_clock::now() + *total);
}

Status Outcome(const Channel& channel, const BoundContext& bound, const grpc::Status& status) {
  if (!status.ok() && bound.stopped() && !IsFromPeer(status)) {
    return Fail(errors::kNetCancelled, "The call was stopped.");
  }
  return channel.Explain(status);
}

BoundStream::BoundStream(std::shared_ptr<Channel> channel, const CallLimits& limits)
    : channel_(std::move(channel)), bound_(limits, std::nullopt) {}

BoundStream::~BoundStream() {
  Cancel();
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {  // a cancelled call ends its operations soon
  }
}

bool BoundStream::Await(std::optional<Millis> bound) {
  void* tag = nullptr;
  bool ok = false;
  if (bound && !expired_) {
    const auto until = std::chrono::system_clock::now() + *bound;
    if (queue_.AsyncNext(&tag, &ok, until) == grpc::CompletionQueue::GOT_EVENT) return ok;
    expired_ = bound;
    Cancel();
  }
  queue_.Next(&tag, &ok);
  return ok;
}

Status BoundStream::Outcome(const grpc::Status& status) const {
  if (!status.ok() && expired_ && !IsFromPeer(status)) {
    return Fail(errors::kNetTimeout, "Nothing moved for " + FormatDuration(*expired_) + ".");
  }
  return rpc::Outcome(*channel_, bound_, status);
}

}  // namespace accord::rpc
