// All jobs of the coordinator: who submits one, finds one, and which one a node's word or upload is for.
// Called on gRPC threads; a mutex guards the index, each job has its own strand.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "coordinator/job_runner.h"
#include "coordinator/services.h"
#include "rpc/handlers.h"

namespace accord::coordinator {

class Jobs final : public NodeListener, public rpc::BulkHandler {
 public:
  explicit Jobs(Services& services) : services_(services) {}

  // Reads every job from the journal; TakeUp then lets them go on. Before the server starts.
  [[nodiscard]] Status Recover();
  void TakeUp();

  // ---- people
  void Submit(const rpc::Peer& peer, Bytes plan, Bytes token, rpc::Reply<rpc::JobView> reply);
  // A job that members decided on: `proposal` is the payload that they voted on (submission.h).
  void SubmitDecided(Bytes plan, Bytes proposal, const std::string& proposer);
  // One that they reject, unless it is over.
  void CancelDecided(const JobId& id, const Status& why);
  [[nodiscard]] bool Knows(const JobId& id) const;
  [[nodiscard]] bool IsOpen(const JobId& id) const;  // known, and not over
  // The log has a later head: shows it to nodes that could not be shown the members' decision before.
  void OfferDecided(std::optional<NodeId> only = {});
  [[nodiscard]] Result<rpc::ValidationView> Validate(const Bytes& plan) const;
  // By id, by a prefix of at least 6 hex digits that fits one job, or by name if only one job has it.
  [[nodiscard]] Result<std::shared_ptr<JobRunner>> Find(const std::string& ref) const;
  // Newest first.
  [[nodiscard]] std::vector<std::shared_ptr<JobRunner>> All() const;
  // Lets jobs start that wait for a place (job_queue.h). Any thread.
  void Reschedule();
  // Takes this node out of every job's round.
  void Expel(NodeId node);

  // NodeListener
  void OnNodeUp(const rpc::Peer& node, const rpc::Hello& hello) override;
  void OnNodeMessage(const rpc::Peer& node, rpc::FromNode message) override;
  void OnNodeDown(const rpc::Peer& node) override;

  // rpc::BulkHandler
  void OpenUpload(const rpc::Peer& peer, const rpc::UploadKey& key, std::uint64_t words,
                  rpc::Reply<std::shared_ptr<rpc::UploadSink>> reply) override;
  void GetUpload(const rpc::Peer& peer, const rpc::UploadKey& key,
                 rpc::Reply<rpc::UploadState> reply) override;
  [[nodiscard]] Result<std::uint64_t> BlobSize(const rpc::Peer& peer, const Digest& hash) override;
  [[nodiscard]] Result<std::uint64_t> ReadBlob(const Digest& hash, std::uint64_t offset,
                                               std::span<std::uint8_t> out) override;

 private:
  // The plan as a job: parsed, with its layout.
  [[nodiscard]] Result<JobInput> Check(job::Submission submission, TimePoint submitted) const;
  // What a new job must pass beyond that: update::CheckNewJob, `job.unmasked`, `model.too_large`,
  // `secagg.bad_params`.
  [[nodiscard]] Status Admit(const JobInput& input) const;
  void Enter(job::Submission submission, rpc::Reply<rpc::JobView> reply);
  void Forget(const JobId& id);
  [[nodiscard]] std::shared_ptr<JobRunner> FindById(const JobId& id) const;

  Services& services_;
  TimePoint last_event_;
  mutable Mutex mutex_;
  std::map<JobId, std::shared_ptr<JobRunner>> jobs_ ACCORD_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<JobRunner>> in_order_ ACCORD_GUARDED_BY(mutex_);  // of submission
};

}  // namespace accord::coordinator
