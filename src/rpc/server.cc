#include "rpc/server.h"

#include <grpc/health/v1/health.pb.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <vector>

#include "base/check.h"
#include "base/errors.h"
#include "base/mutex.h"
#include "base/wall_clock.h"
#include "rpc/call_env.h"
#include "rpc/gate.h"
#include "rpc/listen.h"
#include "rpc/process.h"
#include "rpc/services.h"
#include "rpc/tls.h"

namespace accord::rpc {
namespace {

// gRPC has one bound for all calls of a server; chunks of uploads and requests are bounded by who reads them.
constexpr int kMaxMessageBytes{kMaxSessionMessageBytes};
// What a call that does not end by itself gets after it was cut, so that the peer can be told.
constexpr std::chrono::milliseconds kCutGrace{500};

Status Draining() { return Fail(errors::kNetDraining, "The coordinator is going down."); }

void SetArguments(const ServerOptions& options, grpc::ServerBuilder* builder) {
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // a port in use is an error
  builder->AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kStreamWindow);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(options.keepalive.count()));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                              static_cast<int>(options.keepalive_timeout.count()));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                              static_cast<int>(options.min_client_ping.count()));
  builder->SetMaxReceiveMessageSize(kMaxMessageBytes);
}

// Both are switches of the whole process that builders made later see.
void EnableHealthAndReflection() {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  // Its own health service carries no descriptor; naming ours links it in, so that reflection finds it.
  (void)grpc::health::v1::HealthCheckRequest::descriptor();
}

}  // namespace

struct Server::Impl {
  CallEnv env;
  WallClock wall;
  std::vector<std::unique_ptr<grpc::Service>> services;
  std::unique_ptr<grpc::Server> server;
  Mutex stopping;  // one Stop at a time

  [[nodiscard]] const Clock* clock() const { return env.options.clock ? env.options.clock : &wall; }
};

Server::Server(ServerOptions options, Handlers handlers) : impl_(std::make_unique<Impl>()) {
  ACCORD_CHECK(handlers.identity);
  ACCORD_CHECK((handlers.sessions == nullptr) == (handlers.bulk == nullptr));
  impl_->env.options = std::move(options);
  impl_->env.handlers = handlers;
}

Server::~Server() { Stop(); }

Result<std::uint16_t> Server::Start() {
  ACCORD_CHECK(!impl_->server);
  ACCORD_CHECK(Tls13Forced());  // ForceTls13 first in main
  RouteGrpcLog(/*server=*/true);
  const ServerOptions& options = impl_->env.options;
  IdentityHandler* const identity = impl_->env.handlers.identity;
  const auto check = [identity](std::string_view leaf, std::string_view chain) {
    return identity->CheckCertificate(leaf, chain);
  };
  ACCORD_ASSIGN_OR_RETURN(const auto credentials,
                          ServerCredentialsOf(options.tls, options.trust_domain, check));
  credentials->SetAuthMetadataProcessor(std::make_shared<Gate>(identity, impl_->clock()));
  ACCORD_RETURN_IF_ERROR(CheckListen(options.listen));  // gRPC does not say why it cannot
  EnableHealthAndReflection();
  grpc::ServerBuilder builder;
  SetArguments(options, &builder);
  int port = 0;
  builder.AddListeningPort(options.listen, credentials, &port);
  impl_->services = MakeServices(impl_->env);
  for (const auto& service : impl_->services) builder.RegisterService(service.get());
  impl_->server = builder.BuildAndStart();
  if (!impl_->server || port == 0) {
    impl_->server.reset();
    return Fail(errors::kNetListen, "gRPC could not listen on " + options.listen + ".");
  }
  impl_->server->GetHealthCheckService()->SetServingStatus(true);
  return static_cast<std::uint16_t>(port);
}

void Server::Drain() {
  if (!impl_->server) return;
  impl_->server->GetHealthCheckService()->SetServingStatus(false);
  impl_->env.live.Drain(Draining());
}

void Server::Stop(Millis bound) {
  const MutexLock lock(impl_->stopping);
  if (!impl_->server) return;
  Drain();
  if (!impl_->env.live.AwaitNone(bound)) {
    impl_->env.live.CutAll(Draining());
    (void)impl_->env.live.AwaitNone(Millis(kCutGrace));
  }
  impl_->server->Shutdown(std::chrono::system_clock::now());
  impl_->server->Wait();
  impl_->server.reset();
  impl_->services.clear();
}

void Server::CutPeer(const std::string& spiffe_id, const Status& status) {
  impl_->env.live.CutPeer(spiffe_id, status);
}

void Server::CutExpired() { impl_->env.live.CutEnded(impl_->clock()->Now() - kExpiryAllowance, Expired); }

}  // namespace accord::rpc
