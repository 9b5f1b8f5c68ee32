#include "cli/rpc_backend.h"

#include <utility>

#include "rpc/enrol.h"
#include "rpc/operator_client.h"

namespace accord::cli {
namespace {

class RpcBackend final : public Backend {
 public:
  explicit RpcBackend(std::unique_ptr<rpc::OperatorClient> client) : client_(std::move(client)) {}

  Result<rpc::JobView> SubmitJob(ByteView plan, ByteView token) override {
    return client_->SubmitJob(plan, token);
  }
  Result<rpc::ValidationView> ValidateJob(ByteView plan) override { return client_->ValidateJob(plan); }
  Result<rpc::JobView> GetJob(const std::string& ref) override { return client_->GetJob(ref); }
  Result<rpc::PlanView> GetPlan(const std::string& ref) override { return client_->GetPlan(ref); }
  Result<std::vector<rpc::JobView>> ListJobs() override { return client_->ListJobs(); }
  Result<rpc::JobView> CancelJob(const std::string& ref, const std::string& reason) override {
    return client_->CancelJob(ref, reason);
  }
  Result<rpc::JobView> PauseJob(const std::string& ref) override { return client_->PauseJob(ref); }
  Result<rpc::JobView> ResumeJob(const std::string& ref, bool free) override {
    return client_->ResumeJob(ref, free);
  }
  Status WatchJob(const std::string& ref, const std::function<bool(const rpc::JobView&)>& each,
                  const Limits& limits) override {
    return client_->WatchJob(ref, each, limits);
  }
  Status JobLogs(const std::string& ref, bool follow,
                 const std::function<bool(const rpc::LogLineView&)>& each, const Limits& limits) override {
    return client_->JobLogs(ref, follow, each, limits);
  }
  Result<rpc::InviteView> Invite(const std::string& name, const std::string& role, Millis ttl) override {
    return client_->Invite(name, role, ttl);
  }
  Result<std::vector<rpc::MemberView>> ListMembers() override { return client_->ListMembers(); }
  Result<rpc::MemberView> SuspendMember(const std::string& spiffe_id, bool suspended) override {
    return client_->SuspendMember(spiffe_id, suspended);
  }
  Result<rpc::RegistryView> GetRegistry() override { return client_->GetRegistry(std::nullopt); }
  Result<std::vector<rpc::NodeView>> ListNodes() override { return client_->ListNodes(); }
  Result<rpc::NodeView> GetNode(const std::string& name) override { return client_->GetNode(name); }
  Result<std::vector<rpc::ModelView>> ListModels() override { return client_->ListModels(); }
  Status DownloadBlob(const Digest& hash, std::uint64_t offset, const BlobSink& sink,
                      const Limits& limits) override {
    return client_->DownloadBlob(hash, offset, sink, limits);
  }
  Result<rpc::Appended> Append(ByteView entry, ByteView plan) override {
    return client_->Append(entry, plan);
  }
  Result<Bytes> GetResource(const std::string& path) override { return client_->GetResource(path); }
  Result<rpc::Enrolled> Renew(const std::string& csr_pem) override { return client_->Renew(csr_pem); }

 private:
  std::unique_ptr<rpc::OperatorClient> client_;
};

}  // namespace

Result<std::unique_ptr<Backend>> RpcNetwork::Connect(const Context& context) {
  ACCORD_ASSIGN_OR_RETURN(std::unique_ptr<rpc::OperatorClient> client,
                          rpc::OperatorClient::Open({.address = context.coordinator,
                                                     .ca = context.CaFile(),
                                                     .certificate = context.CertificateFile(),
                                                     .key = context.KeyFile()}));
  return std::unique_ptr<Backend>(std::make_unique<RpcBackend>(std::move(client)));
}

Result<rpc::Enrolled> RpcNetwork::Enrol(const crypto::JoinToken& token, const std::string& csr_pem) {
  const ByteView secret = token.secret.view();
  return rpc::Enrol(
      {.address = token.address, .ca_fingerprint = token.ca_fingerprint},
      {.token_secret = Bytes(secret.begin(), secret.end()), .csr_pem = csr_pem, .protocol_key = {}}, {});
}

}  // namespace accord::cli
