#include "rpc/node_client.h"

#include "accord/v1/coordinator.grpc.pb.h"
#include "rpc/bulk_client.h"
#include "rpc/convert.h"
#include "rpc/session_client.h"

namespace accord::rpc {

struct NodeClient::Impl {
  ClientOptions options;
  std::shared_ptr<Channel> channel;
  SessionGroup sessions;  // ends before the channel
};

Result<std::unique_ptr<NodeClient>> NodeClient::Open(ClientOptions options) {
  ACCORD_ASSIGN_OR_RETURN(auto channel, Channel::Open(options));
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  impl->channel = std::move(channel);
  return std::unique_ptr<NodeClient>(new NodeClient(std::move(impl)));
}

NodeClient::NodeClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
NodeClient::~NodeClient() = default;

std::shared_ptr<NodeSession> NodeClient::OpenSession(std::shared_ptr<SessionCallbacks> callbacks) {
  // Connecting has its own bound; the rest is for a busy coordinator to accept the stream.
  return impl_->sessions.Dial(impl_->channel, std::move(callbacks), 2 * impl_->options.connect_timeout);
}

Status NodeClient::GetBlob(const Digest& hash, std::uint64_t offset, const BlobSink& sink,
                           const CallLimits& limits) {
  return Download(impl_->channel, hash, offset, sink, limits);
}

Status NodeClient::PutUpdate(const Upload& upload, const CallLimits& limits) {
  return PutUpload(impl_->channel, upload, limits);
}

Result<UploadState> NodeClient::GetUpload(const UploadKey& key, const CallLimits& limits) {
  v1::UploadKey request;
  ToProto(key, &request);
  const auto stub = v1::Coordinator::NewStub(impl_->channel->grpc());
  ACCORD_ASSIGN_OR_RETURN(const auto reply,
                          CallUnary<v1::UploadState>(*impl_->channel, limits, [&](auto* context, auto* out) {
                            return stub->GetUpload(context, request, out);
                          }));
  return FromProto(reply);
}

Result<RegistryView> NodeClient::GetRegistry(const std::optional<Digest>& hash, const CallLimits& limits) {
  return FetchRegistry(*impl_->channel, hash, limits);
}

Status NodeClient::Introduce(const Introduction& introduction, const CallLimits& limits) {
  v1::IntroduceRequest request;
  ToProto(introduction, &request);
  const auto stub = v1::Enrolment::NewStub(impl_->channel->grpc());
  return CallUnary<v1::IntroduceReply>(
             *impl_->channel, limits,
             [&](auto* context, auto* out) { return stub->Introduce(context, request, out); })
      .status();
}

}  // namespace accord::rpc
