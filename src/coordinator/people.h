// What people's tools ask for, answered from jobs, identity and sessions. Called on gRPC threads; what waits
// for the disk goes to the workers.
#pragma once

#include "coordinator/identity.h"
#include "coordinator/jobs.h"
#include "coordinator/log_keeper.h"
#include "coordinator/services.h"
#include "rpc/handlers.h"

namespace accord::coordinator {

class People final : public rpc::OperatorHandler {
 public:
  People(Services& services, Jobs& jobs, Identity& identity, const LogKeeper& log)
      : services_(services), jobs_(jobs), identity_(identity), log_(log) {}

  void SubmitJob(const rpc::Peer& peer, Bytes plan, Bytes token, rpc::Reply<rpc::JobView> reply) override;
  void ValidateJob(Bytes plan, rpc::Reply<rpc::ValidationView> reply) override;
  void GetJob(const std::string& ref, rpc::Reply<rpc::JobView> reply) override;
  void GetPlan(const std::string& ref, rpc::Reply<rpc::PlanView> reply) override;
  void ListJobs(rpc::Reply<std::vector<rpc::JobView>> reply) override;
  void WatchJob(const std::string& ref, std::shared_ptr<rpc::Sink<rpc::JobView>> sink) override;
  void CancelJob(const rpc::Peer& peer, const std::string& ref, std::string reason,
                 rpc::Reply<rpc::JobView> reply) override;
  void PauseJob(const rpc::Peer& peer, const std::string& ref, rpc::Reply<rpc::JobView> reply) override;
  void ResumeJob(const rpc::Peer& peer, const std::string& ref, bool free,
                 rpc::Reply<rpc::JobView> reply) override;
  void JobLogs(const std::string& ref, bool follow,
               std::shared_ptr<rpc::Sink<rpc::LogLineView>> sink) override;
  void Invite(const rpc::Peer& peer, std::string name, std::string role, Millis ttl,
              rpc::Reply<rpc::InviteView> reply) override;
  void ListMembers(rpc::Reply<std::vector<rpc::MemberView>> reply) override;
  void SuspendMember(const rpc::Peer& peer, const std::string& spiffe_id, bool suspended,
                     rpc::Reply<rpc::MemberView> reply) override;
  void ListNodes(rpc::Reply<std::vector<rpc::NodeView>> reply) override;
  void GetNode(const std::string& name, rpc::Reply<rpc::NodeView> reply) override;
  void ListModels(rpc::Reply<std::vector<rpc::ModelView>> reply) override;

 private:
  [[nodiscard]] Result<std::vector<rpc::NodeView>> Nodes();

  Services& services_;
  Jobs& jobs_;
  Identity& identity_;
  const LogKeeper& log_;
};

}  // namespace accord::coordinator
