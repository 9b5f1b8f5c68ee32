#include "tests/bench/bare_stream.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <limits>
#include <memory>
#include <vector>

#include "base/check.h"
#include "base/file.h"
#include "crypto/x509.h"
#include "rpc/messages.h"
#include "rpc/process.h"
#include "rpc/tls.h"
#include "tests/bench/federation.h"
#include "tests/bench/measure.h"

namespace accord::bench {
namespace {

constexpr int kStreams = 5;

class Swallow final : public grpc::ServerGenericBidiReactor {
 public:
  Swallow() { StartRead(&message_); }
  void OnReadDone(bool ok) override { ok ? StartRead(&message_) : Finish(grpc::Status::OK); }
  void OnDone() override { delete this; }

 private:
  grpc::ByteBuffer message_;
};

class SwallowService final : public grpc::CallbackGenericService {
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    return new Swallow;
  }
};

// One operation at a time, as PutUpdate's client does it.
class Pump {
 public:
  explicit Pump(const std::shared_ptr<grpc::Channel>& channel) : stub_(channel) {}

  void Send(std::uint64_t bytes) {
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    const auto call = stub_.PrepareCall(&context, "/bench/Swallow", &queue);
    const auto await = [&] {
      void* tag = nullptr;
      bool ok = false;
      ACCORD_CHECK(queue.Next(&tag, &ok) && ok);
    };
    call->StartCall(this);
    await();
    for (std::uint64_t sent = 0; sent < bytes; sent += rpc::kChunkBytes) {
      const grpc::Slice slice(chunk_.data(), chunk_.size(), grpc::Slice::STATIC_SLICE);
      call->Write(grpc::ByteBuffer(&slice, 1), this);
      await();
    }
    call->WritesDone(this);
    await();
    grpc::Status status;
    call->Finish(&status, this);
    await();
    ACCORD_CHECK(status.ok());
    queue.Shutdown();
  }

 private:
  grpc::GenericStub stub_;
  const std::vector<std::uint8_t> chunk_ = std::vector<std::uint8_t>(rpc::kChunkBytes, 7);
};

}  // namespace

StreamCost BareStream(const rpc::ServerTls& server, const std::string& trust_domain,
                      rpc::ClientOptions client, std::uint64_t bytes) {
  SwallowService service;
  grpc::ServerBuilder builder;
  int port = 0;
  const auto ca = Must(crypto::Certificate::ChainFromPem(AsText(Must(ReadFile(client.ca)))));
  const auto check = [&ca](std::string_view leaf_pem, std::string_view) -> Status {
    const auto now = std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
    return crypto::VerifyLeaf(Must(crypto::Certificate::FromPem(leaf_pem)), ca.front(), now);
  };
  builder.AddListeningPort("127.0.0.1:0", Must(rpc::ServerCredentialsOf(server, trust_domain, check)), &port);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, rpc::kStreamWindow);
  builder.RegisterCallbackGenericService(&service);
  const std::unique_ptr<grpc::Server> serving = builder.BuildAndStart();
  ACCORD_CHECK(serving != nullptr);
  client.address = "127.0.0.1:" + std::to_string(port);
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, rpc::kStreamWindow);
  Pump pump(grpc::CreateCustomChannel(
      client.address, Must(rpc::MemberCredentials(client, std::make_shared<rpc::TrustNote>())), arguments));
  pump.Send(bytes);  // connects, and warms both ends
  std::vector<double> wall, cpu;
  for (int i = 0; i < kStreams; ++i) {
    const double began = ProcessMs();
    wall.push_back(Time(WallMs, [&] { pump.Send(bytes); }));
    cpu.push_back(ProcessMs() - began);
  }
  serving->Shutdown();
  return {.wall_ms = Median(std::move(wall)), .cpu_ms = Median(std::move(cpu))};
}

}  // namespace accord::bench
