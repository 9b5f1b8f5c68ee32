// What people's tools call: one blocking method for each RPC of jobs, members, nodes and models. Made by
// src/cli. All methods are thread-safe; each ends within its limits. Failures to connect come within the
// connect timeout and say what was tried.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accord/status.h"
#include "rpc/calls.h"
#include "rpc/client_options.h"
#include "rpc/node_client.h"
#include "rpc/views.h"

namespace accord::rpc {

class OperatorClient {
 public:
  // As NodeClient::Open.
  [[nodiscard]] static Result<std::unique_ptr<OperatorClient>> Open(ClientOptions options);
  ~OperatorClient();
  OperatorClient(const OperatorClient&) = delete;
  OperatorClient& operator=(const OperatorClient&) = delete;

  // ---- jobs. `ref`: id, a prefix of it, or the name.
  // `token`: 16 random bytes; the same again for a repeat of the same submission.
  [[nodiscard]] Result<JobView> SubmitJob(ByteView plan, ByteView token, const CallLimits& limits = {});
  [[nodiscard]] Result<ValidationView> ValidateJob(ByteView plan, const CallLimits& limits = {});
  [[nodiscard]] Result<JobView> GetJob(const std::string& ref, const CallLimits& limits = {});
  [[nodiscard]] Result<PlanView> GetPlan(const std::string& ref, const CallLimits& limits = {});
  [[nodiscard]] Result<std::vector<JobView>> ListJobs(const CallLimits& limits = {});
  [[nodiscard]] Result<JobView> CancelJob(const std::string& ref, const std::string& reason,
                                          const CallLimits& limits = {});
  [[nodiscard]] Result<JobView> PauseJob(const std::string& ref, const CallLimits& limits = {});
  // free: see ResumeRequest.
  [[nodiscard]] Result<JobView> ResumeJob(const std::string& ref, bool free, const CallLimits& limits = {});
  // Calls `each` with the view now and after each change, on this thread, until the job is over (ok), `each`
  // gives false (ok), `limits.stop` (`net.cancelled`) or a failure. limits.timeout bounds the first view
  // only.
  [[nodiscard]] Status WatchJob(const std::string& ref, const std::function<bool(const JobView&)>& each,
                                const CallLimits& limits = {});
  // Likewise for log lines, oldest first.
  [[nodiscard]] Status JobLogs(const std::string& ref, bool follow,
                               const std::function<bool(const LogLineView&)>& each,
                               const CallLimits& limits = {});

  // ---- members and nodes
  // `role`: node | operator | researcher; ttl 0: one hour.
  [[nodiscard]] Result<InviteView> Invite(const std::string& name, const std::string& role, Millis ttl,
                                          const CallLimits& limits = {});
  [[nodiscard]] Result<std::vector<MemberView>> ListMembers(const CallLimits& limits = {});
  [[nodiscard]] Result<MemberView> SuspendMember(const std::string& spiffe_id, bool suspended,
                                                 const CallLimits& limits = {});
  [[nodiscard]] Result<std::vector<NodeView>> ListNodes(const CallLimits& limits = {});
  [[nodiscard]] Result<NodeView> GetNode(const std::string& name, const CallLimits& limits = {});

  // ---- the log. `plan`: the document that goes with the entry (ledger.proto), or nothing.
  [[nodiscard]] Result<Appended> Append(ByteView entry, ByteView plan, const CallLimits& limits = {});
  // A file of the log (ledger/tile.h), "plan/HEX" or "description/HEX".
  [[nodiscard]] Result<Bytes> GetResource(const std::string& path, const CallLimits& limits = {});

  // ---- models and own certificate
  [[nodiscard]] Result<std::vector<ModelView>> ListModels(const CallLimits& limits = {});
  // As NodeClient's.
  [[nodiscard]] Result<RegistryView> GetRegistry(const std::optional<Digest>& hash,
                                                 const CallLimits& limits = {});
  // As NodeClient::GetBlob.
  [[nodiscard]] Status DownloadBlob(const Digest& hash, std::uint64_t offset, const BlobSink& sink,
                                    const CallLimits& limits = {});
  [[nodiscard]] Result<Enrolled> Renew(const std::string& csr_pem, const CallLimits& limits = {});

 private:
  struct Impl;
  explicit OperatorClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace accord::rpc
