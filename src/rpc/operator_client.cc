#include "rpc/operator_client.h"

#include "accord/v1/ledger.grpc.pb.h"
#include "accord/v1/operator.grpc.pb.h"
#include "rpc/bulk_client.h"
#include "rpc/convert.h"

namespace accord::rpc {
namespace {

// Calls `each` with every message of a server stream until it gives false; a failure to connect and the first
// message have `limits.timeout`, the rest as long as the stream lives.
template <class View, class Reader, class Wire>
Status ReadStream(BoundStream& stream, Reader& reader, Wire wire,
                  const std::function<bool(const View&)>& each, const CallLimits& limits) {
  std::optional<Millis> bound = limits.timeout;
  reader.StartCall(stream.tag());
  bool going = stream.Await(bound);
  bool enough = false;
  Status bad;
  while (going && !enough && bad.ok()) {
    reader.Read(&wire, stream.tag());
    going = stream.Await(bound);
    bound.reset();
    if (!going) break;
    const Result<View> view = FromProto(wire);
    bad = view.status();
    enough = view.ok() && !each(*view);
  }
  if (going) stream.Cancel();
  grpc::Status end;
  reader.Finish(&end, stream.tag());
  stream.Await(limits.timeout);
  if (!bad.ok() || enough) return bad;
  return stream.Outcome(end);
}

}  // namespace

struct OperatorClient::Impl {
  std::shared_ptr<Channel> channel;
  std::unique_ptr<v1::Jobs::Stub> jobs;
  std::unique_ptr<v1::Members::Stub> members;
  std::unique_ptr<v1::Nodes::Stub> nodes;
  std::unique_ptr<v1::Models::Stub> models;
  std::unique_ptr<v1::Ledger::Stub> ledger;

  // One unary call: `method` of `stub` with `request`, its reply as domain value.
  template <class View, class Stub, class Request, class Wire>
  Result<View> Call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Wire*),
                    const Request& request, const CallLimits& limits) {
    ACCORD_ASSIGN_OR_RETURN(const Wire reply,
                            CallUnary<Wire>(*channel, limits, [&](grpc::ClientContext* context, Wire* out) {
                              return (stub.*method)(context, request, out);
                            }));
    return FromProto(reply);
  }
};

Result<std::unique_ptr<OperatorClient>> OperatorClient::Open(ClientOptions options) {
  auto impl = std::make_unique<Impl>();
  ACCORD_ASSIGN_OR_RETURN(impl->channel, Channel::Open(options));
  impl->jobs = v1::Jobs::NewStub(impl->channel->grpc());
  impl->members = v1::Members::NewStub(impl->channel->grpc());
  impl->nodes = v1::Nodes::NewStub(impl->channel->grpc());
  impl->models = v1::Models::NewStub(impl->channel->grpc());
  impl->ledger = v1::Ledger::NewStub(impl->channel->grpc());
  return std::unique_ptr<OperatorClient>(new OperatorClient(std::move(impl)));
}

OperatorClient::OperatorClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
OperatorClient::~OperatorClient() = default;

Result<JobView> OperatorClient::SubmitJob(ByteView plan, ByteView token, const CallLimits& limits) {
  v1::SubmitJobRequest request;
  request.set_plan(std::string(AsText(plan)));
  request.set_token(std::string(AsText(token)));
  return impl_->Call<JobView>(*impl_->jobs, &v1::Jobs::Stub::Submit, request, limits);
}

Result<ValidationView> OperatorClient::ValidateJob(ByteView plan, const CallLimits& limits) {
  v1::ValidateJobRequest request;
  request.set_plan(std::string(AsText(plan)));
  return impl_->Call<ValidationView>(*impl_->jobs, &v1::Jobs::Stub::Validate, request, limits);
}

Result<JobView> OperatorClient::GetJob(const std::string& ref, const CallLimits& limits) {
  v1::JobRef request;
  request.set_ref(ref);
  return impl_->Call<JobView>(*impl_->jobs, &v1::Jobs::Stub::Get, request, limits);
}

Result<PlanView> OperatorClient::GetPlan(const std::string& ref, const CallLimits& limits) {
  v1::JobRef request;
  request.set_ref(ref);
  return impl_->Call<PlanView>(*impl_->jobs, &v1::Jobs::Stub::Plan, request, limits);
}

Result<std::vector<JobView>> OperatorClient::ListJobs(const CallLimits& limits) {
  return impl_->Call<std::vector<JobView>>(*impl_->jobs, &v1::Jobs::Stub::List, v1::ListJobsRequest(),
                                           limits);
}

Result<JobView> OperatorClient::CancelJob(const std::string& ref, const std::string& reason,
                                          const CallLimits& limits) {
  v1::CancelJobRequest request;
  request.set_ref(ref);
  request.set_reason(reason);
  return impl_->Call<JobView>(*impl_->jobs, &v1::Jobs::Stub::Cancel, request, limits);
}

Result<JobView> OperatorClient::PauseJob(const std::string& ref, const CallLimits& limits) {
  v1::JobRef request;
  request.set_ref(ref);
  return impl_->Call<JobView>(*impl_->jobs, &v1::Jobs::Stub::Pause, request, limits);
}

Result<JobView> OperatorClient::ResumeJob(const std::string& ref, bool free, const CallLimits& limits) {
  v1::ResumeRequest request;
  request.set_ref(ref);
  request.set_free(free);
  return impl_->Call<JobView>(*impl_->jobs, &v1::Jobs::Stub::Resume, request, limits);
}

Status OperatorClient::WatchJob(const std::string& ref, const std::function<bool(const JobView&)>& each,
                                const CallLimits& limits) {
  BoundStream stream(impl_->channel, limits);
  v1::JobRef request;
  request.set_ref(ref);
  const auto reader = impl_->jobs->PrepareAsyncWatch(stream.context(), request, stream.queue());
  return ReadStream<JobView>(stream, *reader, v1::JobView(), each, limits);
}

Status OperatorClient::JobLogs(const std::string& ref, bool follow,
                               const std::function<bool(const LogLineView&)>& each,
                               const CallLimits& limits) {
  BoundStream stream(impl_->channel, limits);
  v1::LogsRequest request;
  request.set_ref(ref);
  request.set_follow(follow);
  const auto reader = impl_->jobs->PrepareAsyncLogs(stream.context(), request, stream.queue());
  return ReadStream<LogLineView>(stream, *reader, v1::LogLine(), each, limits);
}

Result<InviteView> OperatorClient::Invite(const std::string& name, const std::string& role, Millis ttl,
                                          const CallLimits& limits) {
  v1::InviteRequest request;
  request.set_name(name);
  request.set_role(role);
  request.set_ttl_ms(static_cast<std::uint64_t>(ttl.count()));
  return impl_->Call<InviteView>(*impl_->members, &v1::Members::Stub::Invite, request, limits);
}

Result<std::vector<MemberView>> OperatorClient::ListMembers(const CallLimits& limits) {
  return impl_->Call<std::vector<MemberView>>(*impl_->members, &v1::Members::Stub::List,
                                              v1::ListMembersRequest(), limits);
}

Result<MemberView> OperatorClient::SuspendMember(const std::string& spiffe_id, bool suspended,
                                                 const CallLimits& limits) {
  v1::SuspendRequest request;
  request.set_spiffe_id(spiffe_id);
  request.set_suspended(suspended);
  return impl_->Call<MemberView>(*impl_->members, &v1::Members::Stub::Suspend, request, limits);
}

Result<std::vector<NodeView>> OperatorClient::ListNodes(const CallLimits& limits) {
  return impl_->Call<std::vector<NodeView>>(*impl_->nodes, &v1::Nodes::Stub::List, v1::ListNodesRequest(),
                                            limits);
}

Result<NodeView> OperatorClient::GetNode(const std::string& name, const CallLimits& limits) {
  v1::NodeRef request;
  request.set_name(name);
  return impl_->Call<NodeView>(*impl_->nodes, &v1::Nodes::Stub::Get, request, limits);
}

Result<std::vector<ModelView>> OperatorClient::ListModels(const CallLimits& limits) {
  return impl_->Call<std::vector<ModelView>>(*impl_->models, &v1::Models::Stub::List, v1::ListModelsRequest(),
                                             limits);
}

Status OperatorClient::DownloadBlob(const Digest& hash, std::uint64_t offset, const BlobSink& sink,
                                    const CallLimits& limits) {
  return Download(impl_->channel, hash, offset, sink, limits);
}

Result<Appended> OperatorClient::Append(ByteView entry, ByteView plan, const CallLimits& limits) {
  v1::AppendRequest request;
  request.set_entry(std::string(AsText(entry)));
  request.set_plan(std::string(AsText(plan)));
  return impl_->Call<Appended>(*impl_->ledger, &v1::Ledger::Stub::Append, request, limits);
}

Result<Bytes> OperatorClient::GetResource(const std::string& path, const CallLimits& limits) {
  v1::GetResourceRequest request;
  request.set_path(path);
  ACCORD_ASSIGN_OR_RETURN(const auto reply,
                          CallUnary<v1::Resource>(*impl_->channel, limits, [&](auto* context, auto* out) {
                            return impl_->ledger->GetResource(context, request, out);
                          }));
  return Bytes(reply.content().begin(), reply.content().end());
}

Result<RegistryView> OperatorClient::GetRegistry(const std::optional<Digest>& hash,
                                                 const CallLimits& limits) {
  return FetchRegistry(*impl_->channel, hash, limits);
}

Result<Enrolled> OperatorClient::Renew(const std::string& csr_pem, const CallLimits& limits) {
  return RenewCertificate(*impl_->channel, csr_pem, limits);
}

}  // namespace accord::rpc
