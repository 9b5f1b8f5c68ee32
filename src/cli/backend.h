// What the commands need of a coordinator: the calls of rpc::OperatorClient as an interface, so that tests
// can answer them from memory. rpc_backend.h has the real one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "accord/status.h"
#include "cli/context_store.h"
#include "crypto/join_token.h"
#include "rpc/calls.h"
#include "rpc/client_options.h"
#include "rpc/views.h"

namespace accord::cli {

// The contracts are those of rpc::OperatorClient. Blocking; one thread at a time.
class Backend {
 public:
  using Limits = rpc::CallLimits;
  // Takes the bytes at `offset` of a blob with `total` bytes; a failure ends the download with it.
  using BlobSink = std::function<Status(std::uint64_t offset, std::uint64_t total, ByteView bytes)>;

  virtual ~Backend() = default;
  virtual Result<rpc::JobView> SubmitJob(ByteView plan, ByteView token) = 0;
  virtual Result<rpc::ValidationView> ValidateJob(ByteView plan) = 0;
  virtual Result<rpc::JobView> GetJob(const std::string& ref) = 0;
  virtual Result<rpc::PlanView> GetPlan(const std::string& ref) = 0;
  virtual Result<std::vector<rpc::JobView>> ListJobs() = 0;
  virtual Result<rpc::JobView> CancelJob(const std::string& ref, const std::string& reason) = 0;
  virtual Result<rpc::JobView> PauseJob(const std::string& ref) = 0;
  virtual Result<rpc::JobView> ResumeJob(const std::string& ref, bool free) = 0;
  virtual Status WatchJob(const std::string& ref, const std::function<bool(const rpc::JobView&)>& each,
                          const Limits& limits) = 0;
  virtual Status JobLogs(const std::string& ref, bool follow,
                         const std::function<bool(const rpc::LogLineView&)>& each, const Limits& limits) = 0;
  virtual Result<rpc::InviteView> Invite(const std::string& name, const std::string& role, Millis ttl) = 0;
  virtual Result<std::vector<rpc::MemberView>> ListMembers() = 0;
  virtual Result<rpc::MemberView> SuspendMember(const std::string& spiffe_id, bool suspended) = 0;
  virtual Result<rpc::RegistryView> GetRegistry() = 0;  // the newest
  virtual Result<std::vector<rpc::NodeView>> ListNodes() = 0;
  virtual Result<rpc::NodeView> GetNode(const std::string& name) = 0;
  virtual Result<std::vector<rpc::ModelView>> ListModels() = 0;
  virtual Status DownloadBlob(const Digest& hash, std::uint64_t offset, const BlobSink& sink,
                              const Limits& limits) = 0;
  virtual Result<rpc::Appended> Append(ByteView entry, ByteView plan) = 0;
  virtual Result<Bytes> GetResource(const std::string& path) = 0;
  virtual Result<rpc::Enrolled> Renew(const std::string& csr_pem) = 0;
};

// How the program reaches coordinators.
class Network {
 public:
  virtual ~Network() = default;
  [[nodiscard]] virtual Result<std::unique_ptr<Backend>> Connect(const Context& context) = 0;
  // Trades the token for a certificate of the key of `csr_pem`.
  [[nodiscard]] virtual Result<rpc::Enrolled> Enrol(const crypto::JoinToken& token,
                                                    const std::string& csr_pem) = 0;
};

}  // namespace accord::cli
