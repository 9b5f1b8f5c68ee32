// One job at a node: its task machine, and the work that the machine asks for. Everything runs on the node's
// strand; work goes to threads and comes back as events. A result that is no longer wanted is discarded by
// the machine.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <utility>
#include <vector>
//
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>

#include "accord/clock.h"
#include "accord/trainer.h"
#include "charter/receipt.h"
#include "config/node_config.h"
#include "driver/driver.h"
#include "node/common_model.h"
#include "node/judge.h"
#include "node/kept_proof.h"
#include "node/machine.h"
#include "node/secure_attempt.h"
#include "node/training_slots.h"
#include "node/work.h"
#include "rpc/messages.h"

namespace accord::node {

class Governance;

// What the jobs of a node share. Outlives them.
struct NodeServices {
  const config::NodeConfig& config;
  TrainerFactory& trainers;
  const Clock& clock;
  NodeId node;
  std::string federation;                                  // its trust domain
  std::shared_ptr<const crypto::Ed25519Key> protocol_key;  // of this node
  boost::asio::io_context& io;                             // run by one thread: the strand
  TrainingSlots training;                                  // models are fetched there, too
  boost::asio::any_io_executor work;                       // threads: encode, send, check, open data
  driver::Journal& journal;
  std::filesystem::path deltas_dir;  // a directory a job
  store::SpoolPool& spools;
  std::filesystem::path jobs_dir;  // checkpoints
  std::function<void(rpc::FromNode)> send;
  std::function<std::shared_ptr<rpc::Bulk>()> client;
  std::function<void(const Status&)> broken;                  // the journal failed: start over from disk
  std::function<std::unique_ptr<secagg::Secrets>()> secrets;  // anew for each masked attempt
  // Whether the members' decision that came with a job lets it run here; none: the lab pinned no charter.
  std::function<Status(const rpc::Prepare&, const JobSpec&)> admit = {};
  const Governance* governance = nullptr;  // likewise: of the rounds of such jobs
  // Likewise: called on the strand, gives what pins the newest registry by the charter, for a worker.
  std::function<std::function<Status()>()> registry_by_charter = {};
  std::string spiffe_id = {};  // of this node
  // Asked before each training, and told what it took, on its thread; none: trainings are not counted.
  std::function<Status(const JobId&)> may_train = {};
  std::function<void(const JobId&, std::chrono::nanoseconds)> has_trained = {};
};

class JobTask : public std::enable_shared_from_this<JobTask> {
 public:
  JobTask(NodeServices& services, JobId id);

  // Replays what this node's journal holds of the job; a job never seen begins empty.
  [[nodiscard]] Status Recover(const std::vector<Bytes>& records);

  // From the coordinator.
  void OnPrepare(const rpc::Prepare& message);
  void OnTrain(const rpc::Train& message);
  void OnOffer(const rpc::Offer& message);
  void OnRoster(const rpc::Roster& message);
  void OnGraphSet(const rpc::GraphSet& message);
  void OnSurvivors(const rpc::Survivors& message);
  void OnCertificate(const rpc::Certificate& message);
  void OnCollect(const rpc::Collect& message);
  void OnCommit(const rpc::Commit& message);
  void OnEnded(const rpc::Ended& message);
  void OnSendModel(const rpc::SendModel& message);

  // From the lab; `done` gets the fate once durable.
  void OnLab(const task::Event& event, std::function<void(Status)> done);

  [[nodiscard]] const JobId& id() const { return id_; }
  [[nodiscard]] std::string name() const;
  // Whether the lab's checks took its plan, now or before a restart.
  [[nodiscard]] bool taken() const { return facts_.spec != nullptr; }
  [[nodiscard]] const task::State& state() const { return driver_->state(); }
  [[nodiscard]] rpc::Progress progress() const;
  // For a lab that tunes it while the job runs. `model.not_found` until a round has begun here.
  [[nodiscard]] Result<CommonModel> Common() const;
  // Ends the work under way and waits for nothing.
  void Shutdown();

 private:
  using Driver = driver::Driver<TaskMachine>;

  [[nodiscard]] TimePoint Now() const { return services_.clock.Now(); }
  void MakeDriver(task::State state);
  void Handle(const task::Event& event, std::function<void(Status)> done = {});
  void Run(const std::vector<task::Effect>& effects);
  [[nodiscard]] Status Take(const rpc::Prepare& message, DatasetConfig& data);
  [[nodiscard]] Status CheckDecision(const rpc::Prepare& message, const JobSpec& spec) const;
  [[nodiscard]] Status CheckMode(const JobSpec& spec) const;
  void SayPrepared();
  void SayPreparedAnew();
  void TakeUpAgain();
  [[nodiscard]] std::function<Status()> Pinning() const;
  void OpenTrainer(const rpc::Prepare& message, DatasetConfig data);
  void Decline(const Status& why);
  void Remember(const task::Event& event);
  [[nodiscard]] Status OpenDeltas();
  void ForgetOldDeltas(const Digest& keep);

  // job_masked.cc
  [[nodiscard]] bool masked() const;
  [[nodiscard]] Result<MaskedTerms> Terms() const;
  [[nodiscard]] SecureAttempt* Secure(RoundId round, AttemptId attempt) const;
  [[nodiscard]] bool InAttempt(RoundId round, AttemptId attempt) const;
  [[nodiscard]] bool MemoryIsGone(RoundId round, AttemptId attempt);
  [[nodiscard]] secagg::Checked<std::shared_ptr<SecureAttempt>> OpenAttempt(const secagg::Offer& offer) const;
  [[nodiscard]] Status CheckProof(const rpc::ModelProof& proof, const Digest& model_hash);
  [[nodiscard]] Result<Digest> CheckGroupProofs(const rpc::Train& message);
  void SendRefused(RoundId round, AttemptId attempt, const Status& error);
  [[nodiscard]] bool DeltaIsGone() const;
  [[nodiscard]] bool HasSaid(RoundId round, AttemptId attempt, const Status& error) const;
  void SayRefused(const task::SayRefused& say);
  void SayDeclined(const task::SayDeclined& say);
  void Refuse(SecureAttempt& secure, const secagg::Refusal& refusal);
  void ForgetOldAttempt();
  void SayAnswer(const task::SayAnswer& say);
  void SayVerified(const task::SayVerified& say);
  [[nodiscard]] std::optional<task::Leaving> SealUpdate(RoundId round, AttemptId attempt);
  void CheckFailed(RoundId round, AttemptId attempt, const Status& why);

  // job_standing.cc
  [[nodiscard]] rpc::Standing Standing();
  [[nodiscard]] Weights ModelAt(const Digest& hash) const;
  void SendModelPart(const rpc::SendModel& message, const Weights& weights);

  // job_receipts.cc
  [[nodiscard]] std::filesystem::path JobFiles() const;
  [[nodiscard]] bool Signs(const task::Assignment& round) const;
  [[nodiscard]] bool MayBegin(const rpc::Train& message);
  [[nodiscard]] std::optional<Judge> JudgeHere() const;
  void NoteTrained(RoundId round, std::uint64_t steps, std::chrono::nanoseconds took,
                   std::optional<std::uint64_t> energy_j);
  [[nodiscard]] Status MakeReceipt(const task::Assignment& round, const Digest& commitment,
                                   const charter::UpdateCommitment::Salt& salt, std::uint64_t bytes);
  void SendReceipt(RoundId round, AttemptId attempt);
  void NoteMade(const task::Assignment& round, const round::NodeSet& survivors, const Digest& model);

  // job_ahead.cc
  void StartAhead(RoundId trained, std::stop_token stop);
  void AheadDone();
  void ForgetRoundsBut(RoundId kept);

  // job_work.cc
  void StartTraining(const task::Assignment& round);
  [[nodiscard]] Status Counted(const std::function<Status()>& train) const;
  [[nodiscard]] std::filesystem::path RoundFiles(RoundId round) const;
  [[nodiscard]] std::filesystem::path KeptFiles() const;
  [[nodiscard]] std::filesystem::path ProofFile() const;
  void MakeModel(const rpc::Train& message);
  void Encode(const task::Encode& effect);
  void Send(const task::Send& effect);
  void SendWhole(RoundId round, AttemptId attempt);
  void Encoded(RoundId round, AttemptId attempt, Result<EncodedUpdate> update);
  void Uploaded(RoundId round, AttemptId attempt, const Status& sent);
  void Check(const task::Check& effect);
  void EraseFiles();
  void EraseJobFiles();
  [[nodiscard]] bool KeepsItsPart(const std::filesystem::path& kept) const;
  void EraseIfOver();
  [[nodiscard]] bool HasModel(const Digest& hash);
  [[nodiscard]] Result<Weights> Model(const task::Assignment& round, std::stop_token stop) const;
  // `work` on another thread, then `then(JobTask&, result)` on the strand.
  template <class Work, class Then>
  void Do(Work work, Then then);
  // The same in a training slot, when there is one.
  template <class Work, class Then>
  void DoInSlot(Work work, Then then);
  template <class Work, class Then>
  auto Finishing(Work work, Then then);
  // The same for work that touches no network (`local`): for a small model it stays on the strand.
  template <class Work, class Then>
  void DoLocal(bool local, Work work, Then then);

  NodeServices& services_;
  const JobId id_;
  std::shared_ptr<Driver> driver_;
  JobFacts facts_;  // spec is null until the plan was taken
  Bytes plan_;      // as taken
  std::shared_ptr<Trainer> trainer_;
  bool opening_ = false;      // the trainer is being made
  bool catching_up_ = false;  // the coordinator asked where this node stands
  Weights weights_;           // the model of the present round
  Digest weights_hash_;
  Weights next_;  // what the last check came to
  Digest next_hash_;
  std::optional<KeptProof> proof_;  // with which the present model came
  EncodedUpdate update_;            // of the present attempt
  AttemptId update_attempt_;
  // Of this job alone, open once its plan was taken: two jobs that train alike make the same file, and each
  // forgets it in its own time.
  std::unique_ptr<store::Blobs> delta_files_;
  std::set<Digest> deltas_;  // those on disk, for erasing
  KeptDelta kept_;           // until it is encoded or another training begins, so that it is not read back
  RoundId update_round_;
  std::string receipt_;  // that goes before it, where members decide
  Bytes sum_;            // inline sum of the offer under check
  Digest sum_hash_;
  std::shared_ptr<SecureAttempt> secure_;  // the masked attempt that this node is in
  struct Said {
    RoundId round;
    AttemptId attempt;
    std::string error;
    secagg::SignedBody body;
  };
  std::optional<Said> abort_;  // the last one that the attempt in memory gave, which was logged
  std::optional<rpc::Prepare> once_allowed_;     // was declined, since the lab had stopped the job
  std::optional<rpc::Offer> offer_later_;        // came while training
  bool ahead_ = false;                           // the trainer takes steps of the next round
  std::optional<task::Assignment> after_ahead_;  // told meanwhile
  Digest making_;  // the model that is being made of the groups' sums; zero: none
  std::stop_source training_stop_, work_stop_, making_stop_;
  std::shared_ptr<WorkProgress> progress_ = std::make_shared<WorkProgress>();
};

// What the coordinator hears of a failure: the id and its fixed text; the lab's log has the rest.
[[nodiscard]] Status Coarse(const Status& status);

}  // namespace accord::node
