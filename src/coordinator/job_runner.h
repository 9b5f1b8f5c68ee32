// One job at the coordinator: its machine on a strand, the effects of its events, and what people may see of
// it.
//
//   entry points (any thread) -> strand: event -> driver: Step, journal -> effects: tell nodes, take sums,
//   close
//
// Whatever comes from outside is posted to the strand; nothing here blocks it for long (sums run on the
// workers). Split by idea into job_*.cc: effects, what the machine asks for; nodes; stalls, uploads that
// stop; masked, what nodes say in masked rounds; groups, what their sums come to; receipts, what binds rounds
// to the log; disk, what a full one makes of it; restore, how it catches up after a backup; view, for people;
// explain, who is awaited and why so long.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>
//
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "accord/job_spec.h"
#include "accord/model.h"
#include "base/mutex.h"
#include "charter/group_draw.h"
#include "coordinator/aggregate.h"
#include "coordinator/job_input.h"
#include "coordinator/masked_attempt.h"
#include "coordinator/services.h"
#include "coordinator/uploads.h"
#include "driver/driver.h"
#include "job/catch_up.h"
#include "job/codec.h"
#include "job/job.h"
#include "rpc/handlers.h"
#include "update/groups.h"

namespace accord::coordinator {

struct KeptReceipts;

// The job machine as the driver takes it.
struct JobMachine {
  using State = job::State;
  using Event = job::Event;
  using Effect = job::Effect;
  using Transition = job::Transition;
  job::Plan plan;
  std::string stream;
  std::shared_ptr<Bytes>
      submission;  // the record of one that is not on the disk yet: goes with its first event

  [[nodiscard]] Transition Step(const State& state, const Event& event, TimePoint now) const {
    return job::Step(plan, state, event, now);
  }
  [[nodiscard]] std::vector<driver::Append> Records(TimePoint now, const Event& event) const {
    std::vector<driver::Append> batch;
    if (submission && !submission->empty()) batch.push_back({stream, std::exchange(*submission, {})});
    batch.push_back({stream, job::Encode({now, event})});
    return batch;
  }
  [[nodiscard]] static bool MustBeDurable(const Event& event, const std::vector<Effect>& effects) {
    return job::MustBeDurable(event, effects);
  }
};

class JobRunner : public std::enable_shared_from_this<JobRunner> {
 public:
  // Proposed, and nothing more: it may be found, asked and told from now on.
  [[nodiscard]] static std::shared_ptr<JobRunner> Create(Services& services, JobInput input);

  // A new job: `done` hears when its submission and its approval are durable, or that neither is. Then it
  // queues, makes the initial model, starts.
  void Begin(std::function<void(Status)> done);
  // The view of one that was submitted again, once it is durable; or why it is not.
  void ViewDurable(rpc::Reply<rpc::JobView> reply);
  // A job read from the journal: replays its events, then takes up what was left. Before the server starts.
  [[nodiscard]] Status Recover(const std::vector<Bytes>& records);
  void TakeUp(Millis away);

  // ---- nodes; any thread
  void OnNodeUp(const rpc::Peer& node);
  void OnNodeDown(const rpc::Peer& node);
  void OnMessage(const rpc::Peer& node, rpc::FromNode message);
  void OpenUpload(const rpc::Peer& node, const rpc::UploadKey& key, std::uint64_t words,
                  rpc::Reply<std::shared_ptr<rpc::UploadSink>> reply);
  void GetUpload(const rpc::Peer& node, const rpc::UploadKey& key, rpc::Reply<rpc::UploadState> reply);
  // The log went on: a decided job is told to this node, or to all, who waited for that.
  void OfferDecided(std::optional<NodeId> only);
  // This node's part in the job is over: it was suspended.
  void Expel(NodeId node);

  // ---- people; any thread
  void Cancel(std::string by, std::string reason, rpc::Reply<rpc::JobView> reply);
  void Pause(std::string by, rpc::Reply<rpc::JobView> reply);
  // free: forget whom a signed survivor set binds; their labs freed them.
  void Resume(std::string by, bool free, rpc::Reply<rpc::JobView> reply);
  void View(rpc::Reply<rpc::JobView> reply);
  void Watch(std::shared_ptr<rpc::Sink<rpc::JobView>> sink);
  void Logs(bool follow, std::shared_ptr<rpc::Sink<rpc::LogLineView>> sink);

  [[nodiscard]] const JobId& id() const { return input_.id; }
  [[nodiscard]] const std::string& name() const { return input_.spec->name; }
  [[nodiscard]] TimePoint submitted() const { return input_.submitted; }
  [[nodiscard]] SecureMode secure() const { return input_.spec->secure; }
  [[nodiscard]] bool IsPrepared(NodeId node) const;  // its trainer is ready for the job now; any thread
  // As the machine stands, which may be ahead of the disk; on the strand.
  [[nodiscard]] const job::State& state() const { return driver_->state(); }
  [[nodiscard]] const Bytes& plan() const { return input_.submission.plan; }
  [[nodiscard]] Priority priority() const { return input_.spec->priority; }
  [[nodiscard]] job::Phase phase() const { return phase_; }  // any thread
  [[nodiscard]] bool terminal() const { return phase_ >= job::Phase::kFinished; }
  [[nodiscard]] bool starting() const { return starting_; }
  // It is its turn: leaves the queue. Any thread.
  void Start();
  // Not yet: `jobs` go before it. Any thread.
  void WaitBehind(std::uint32_t jobs);

 private:
  using Driver = driver::Driver<JobMachine>;

  // What this job knows of a node. Volatile, but for what the machine's state says.
  struct Node {
    std::string name, spiffe_id;
    bool connected = false;
    bool prepared = false;         // its trainer is ready for this job
    bool told = false;             // the present duty was sent on the present connection
    std::string declined;          // the last error that it declined with, as it is in the log of the job
    bool stalled = false;          // its upload stopped; others get slots first
    std::uint64_t seen_bytes = 0;  // of its upload, and since when (job_stalls.cc)
    SteadyTime seen_at;
    Digest registry;              // that it has pinned
    std::uint64_t documents = 0;  // of the members' decision, as it was shown to it last
    rpc::Progress progress;
    // While the job catches up: what it said last, which stays true when it goes, for it never goes back.
    std::optional<job::Heard> heard;
    std::optional<rpc::Standing> standing;
    std::shared_ptr<const job::Certified> proof;  // of the model in `standing`, checked
  };
  // While the job catches up. Volatile: after a restart the nodes say it again.
  struct CatchingUp {
    TimePoint until;  // when nodes that are silent are not waited for any more
    bool late = false;
    std::unique_ptr<Timer> late_timer, part_timer;
    // The model that is being fetched from a node; no writer: none.
    Digest model;
    NodeId source;
    std::shared_ptr<store::BlobWriter> writer;
    std::set<std::pair<NodeId, Digest>> failed;  // not asked again
  };
  // What lives beside the round of one group; there is one in a job without groups. Volatile.
  struct Lane {
    Lane(store::SpoolPool& spools, std::uint32_t index) : group(index), uploads(spools) {}
    const std::uint32_t group;
    Uploads uploads;
    std::unique_ptr<MaskedAttempt> masked;  // of the open attempt, when the job masks
    RoundId masked_round;
    std::map<NodeId, secagg::ReceivedUpload> received;  // whole uploads, and the words that close them:
    std::map<NodeId, secagg::SignedBody> ends;          // either may come first
    round::NodeSet unmasked;                            // told to the machine once the sum can be opened
    bool summing = false;
    int keeping = 0;  // sums and models of p7 that are being synced: no round closes before they are
    std::vector<std::pair<RoundId, round::Verified>> held;  // meanwhile
    std::pair<RoundId, AttemptId> offered;                  // the gathering round that had its candidates
    Bytes inline_sum;                                       // of the round in p7, when small
    Digest inline_sum_hash;
    struct Receipt {
      RoundId round;
      AttemptId attempt;
      std::string spiffe_id, envelope;
    };
    std::map<NodeId, Receipt> receipts;  // where members decide: of the updates of the open round
  };

  // job_runner.cc
  JobRunner(Services& services, JobInput input);
  template <class F>
  void Post(F f) {
    boost::asio::post(strand_, [self = shared_from_this(), f = std::move(f)]() mutable { f(*self); });
  }
  [[nodiscard]] TimePoint Now();
  void MakeDriver(job::State state, bool on_disk);
  void Handle(const job::Event& event, std::function<void(Result<job::Why>)> done = {});
  // An event of a group's round: of this number, or of the one that is open (or paused).
  void HandleInRound(const Lane& lane, RoundId round, const round::Event& event,
                     std::function<void(Result<job::Why>)> done = {});
  void HandleInRound(const Lane& lane, const round::Event& event);
  [[nodiscard]] const job::OpenRound* RoundOf(const Lane& lane) const;
  // In the present round. nullptr: the plan's groups do not name the node.
  [[nodiscard]] Lane* LaneOf(NodeId node);
  void LoseUploads(Lane& lane);
  void ArmDeadline();
  void AfterStep();
  void OfferToFreshRound();
  void Advance();
  void MakeInitialModel();
  void NotePhase();
  void OnInitFailed(const Status& status);
  void ByPerson(const job::Event& event, std::string what, rpc::Reply<rpc::JobView> reply);

  // job_effects.cc
  void Run(std::vector<job::Effect> effects);
  void RunRound(Lane& lane, RoundId round, const round::Effect& effect);
  void Own(const std::vector<Digest>& stored);
  void TakeSum(Lane& lane, RoundId round, const round::TakeSum& effect);
  void OnSum(Lane& lane, RoundId round, AttemptId attempt, Result<struct Aggregated> result);
  void KeepOutcome(Lane& lane, const round::Outcome& outcome, const std::optional<KeptReceipts>& receipts);
  void CheckOutcome(Lane& lane);
  void OnVerified(Lane& lane, RoundId round, const round::Verified& event);
  void OnEnded();
  void SendEnded(NodeId node);
  void KeepBlobs();

  // job_receipts.cc
  [[nodiscard]] bool decided() const;
  [[nodiscard]] std::string SpiffeIdOf(NodeId node) const;
  void OnReceipt(Lane& lane, const rpc::Peer& node, const rpc::RoundReceipt& message);
  [[nodiscard]] Status CheckHasReceipt(const Lane& lane, NodeId node, AttemptId attempt) const;
  [[nodiscard]] std::optional<KeptReceipts> ReceiptsOf(const Lane& lane) const;
  [[nodiscard]] bool HasKeptReceipts(const Lane& lane) const;
  void LogRounds();
  void TellLogged(NodeId node, rpc::Train message);
  void ShowDecision(NodeId node, rpc::Prepare message);

  // job_disk.cc
  void OnBroken(const Status& status);
  void PauseForDisk(const Status& status);
  void GoOnSoon(Status why);
  void GoOn(const Status& why);

  // job_groups.cc
  [[nodiscard]] bool grouped() const { return !input_.partition.empty(); }
  [[nodiscard]] RoundId present() const { return {job::ProgressOf(driver_->state()).committed + 1}; }
  [[nodiscard]] std::optional<Digest> GroupSeed(RoundId round) const;
  [[nodiscard]] std::optional<std::uint32_t> GroupOf(NodeId node, RoundId round) const;
  void Combine(RoundId round);
  void OnCombined(RoundId round, Result<struct CombinedSums> result);
  [[nodiscard]] std::vector<std::string> GroupWarnings(const job::RoundSummary& summary) const;
  [[nodiscard]] rpc::RoundResultView ResultView(const job::RoundSummary& summary) const;

  // job_nodes.cc
  void Prepare(NodeId node);
  void SetPrepared(NodeId node, bool prepared);
  // job_waits.cc
  [[nodiscard]] bool WaitsForNodes() const;
  void NoteWait();
  void AskAgainSoon();
  void AskAgain();
  void OfferCandidates();
  void OfferCandidates(const Lane& lane);
  void Tell(NodeId node);
  void GrantUploads();
  void GrantUploads(Lane& lane);
  [[nodiscard]] bool AwaitsUpload(NodeId node);
  [[nodiscard]] bool DiskIsBehind(NodeId node);
  void CatchUp();
  void OnRegistry(const rpc::Peer& node, const Digest& pinned);
  void OnTrained(Lane& lane, const rpc::Peer& node, RoundId round);
  void OnPrepared(NodeId node);
  void OnDeclined(NodeId node, const rpc::Declined& message);
  void TellDuty(Lane& lane, NodeId node, const job::OpenRound& open, const round::Duty& duty);
  [[nodiscard]] std::uint64_t UploadWords(const job::OpenRound& open, std::size_t cohort) const;
  // Where this upload belongs, if it is awaited.
  [[nodiscard]] Result<Lane*> CheckUpload(const rpc::Peer& node, const rpc::UploadKey& key);
  [[nodiscard]] Result<std::shared_ptr<rpc::UploadSink>> OpenSink(const rpc::Peer& node,
                                                                  const rpc::UploadKey& key,
                                                                  std::uint64_t words);
  void OnUploaded(Lane& lane, const rpc::UploadKey& key, const round::Uploaded& event,
                  std::function<void(Status)> done);
  void OnUpdate(Lane& lane, const rpc::Peer& node, const rpc::Update& message);
  [[nodiscard]] std::string NameOf(NodeId node) const;

  // job_stalls.cc
  [[nodiscard]] bool Watches(const Lane& lane) const;
  void WatchUploads();
  [[nodiscard]] Millis StallAfter() const;
  void CheckUploads();
  void OnStalled(Lane& lane, NodeId node, Millis quiet);
  void EndLateUploads();

  // job_duties.cc
  [[nodiscard]] std::optional<rpc::ToNode> DutyMessage(Lane& lane, NodeId node, const job::OpenRound& open,
                                                       const round::Duty& duty);
  [[nodiscard]] std::optional<rpc::Train::Collect> CollectWithTrain(Lane& lane, const job::OpenRound& open);
  // What makes a node of a masked job take the model: a proof; in a job with groups one for each sum.
  void AddProof(rpc::Train& message);
  [[nodiscard]] Result<secagg::Offer> OfferOf(const job::Certified& certified, const Digest& made) const;
  [[nodiscard]] std::optional<rpc::ModelProof> ProofOf(const job::Certified& certified,
                                                       const Digest& made) const;

  // job_masked.cc
  [[nodiscard]] MaskedAttempt* Masked(Lane& lane);
  [[nodiscard]] MaskedAttempt* Masked(Lane& lane, RoundId round, AttemptId attempt);
  [[nodiscard]] MaskedAttempt::Inputs InputsOf(const round::Plan& plan, const round::Attempt& attempt,
                                               const Digest& registry, const update::BaseModel& base) const;
  void OfferPinned(const Lane& lane);
  void StoreShares(Lane& lane, RoundId round, const round::StoreShares& effect);
  void OnAdvertised(Lane& lane, const rpc::Peer& node, const rpc::Advertised& message);
  void OnGraphNonce(Lane& lane, const rpc::Peer& node, const rpc::GraphNonce& message);
  void OnShared(Lane& lane, const rpc::Peer& node, rpc::Shared message);
  void OnMasked(Lane& lane, const rpc::Peer& node, const rpc::Masked& message);
  void OnReceived(Lane& lane, const rpc::Peer& node, const rpc::UploadKey& key, const Digest& root);
  void KeepEnd(Lane& lane, const rpc::Peer& node, RoundId round, const secagg::SignedBody& end);
  void SettleUpload(Lane& lane, const rpc::Peer& node, const rpc::UploadKey& key);
  void OnSurvivorsSigned(Lane& lane, const rpc::Peer& node, const rpc::SurvivorsSigned& message);
  void OnUnmasked(Lane& lane, const rpc::Peer& node, const rpc::Unmasked& message);
  void OnRefused(Lane& lane, const rpc::Peer& node, const rpc::Refused& message);
  void OnVerifiedMessage(Lane& lane, const rpc::Peer& node, const rpc::Verified& message);
  void Hold(const rpc::Peer& node, RoundId round, const secagg::Refusal& refusal);
  [[nodiscard]] std::shared_ptr<const AggregateTask::Masked> Opened(Lane& lane, RoundId round,
                                                                    AttemptId attempt);

  // job_restore.cc
  void BeginCatchUp();
  void AskWhoIsHere();
  void OnStanding(NodeId node, std::optional<rpc::Standing> standing);
  void OnAside(NodeId node, const Status& why);
  [[nodiscard]] std::shared_ptr<const job::Certified> CheckProof(const rpc::Standing& standing) const;
  [[nodiscard]] std::vector<std::pair<std::string, std::uint32_t>> Unheard() const;
  void ConsiderCatchUp();
  void GoOnFrom(job::CaughtUp event);
  [[nodiscard]] bool FetchModel(const Digest& model);
  void AskPart();
  void OnModelPart(NodeId node, const rpc::ModelPart& part);
  void RetryFetch(const Status& why);
  void FailSource(const std::string& why);
  void LoseSource(NodeId node);
  [[nodiscard]] Status WhyPaused() const;

  // job_view.cc
  [[nodiscard]] rpc::JobView MakeView();
  [[nodiscard]] rpc::RoundView MakeRoundView(const job::OpenRounds& rounds);
  void LogLate(const job::State& before, const job::State& after);
  [[nodiscard]] std::string NodeState(NodeId node);
  // job_explain.cc
  [[nodiscard]] std::string Explain(const job::OpenRound& open) const;
  [[nodiscard]] std::string WhoDeclined() const;
  [[nodiscard]] std::string WaitWhy(const job::OpenRound& open) const;
  [[nodiscard]] std::string Outlook();
  [[nodiscard]] std::string OutlookOfPause(const job::Paused& paused);
  [[nodiscard]] std::string Names(const round::NodeSet& nodes) const;
  [[nodiscard]] bool Ending() const;
  void Changed();
  void PushViews();
  void LogLine(rpc::LogLineView line);
  void LogTransition(const job::State& before, const job::State& after);
  void ReportTransition(const job::State& before, const job::State& after);

  Services& services_;
  const JobInput input_;
  JobStrand strand_;
  std::shared_ptr<Driver> driver_;
  TimePoint last_time_;     // time as given to Step never goes back
  SteadyTime last_steady_;  // of it
  const std::unique_ptr<Timer> deadline_timer_;
  const std::unique_ptr<Timer> disk_timer_;
  const std::unique_ptr<Timer> view_timer_;
  const std::unique_ptr<Timer> stall_timer_;
  const std::unique_ptr<Timer> ask_timer_;
  bool view_pending_ = false;
  bool watching_ = false;                                 // uploads, for stalls
  std::atomic<job::Phase> phase_{job::Phase::kProposed};  // that of the machine
  bool asks_again_ = false;                               // nodes that are not ready, while it waits for them
  bool lacks_nodes_ = false;                              // it pauses for them
  std::atomic<bool> starting_{false};                     // left the queue, and is not running yet
  std::atomic<std::uint32_t> ahead_{0};                   // jobs that go before it

  std::map<NodeId, Node> nodes_;
  mutable Mutex prepared_mutex_;
  round::NodeSet prepared_ ACCORD_GUARDED_BY(prepared_mutex_);  // as in nodes_, for other threads
  std::deque<Lane> lanes_;
  std::vector<rpc::GroupSum> proofs_;  // of proved_; in a job without groups of its one sum
  std::shared_ptr<const job::Made> proved_;
  round::NodeSet late_;      // who is told something once the disk has caught up
  bool grant_late_ = false;  // likewise: upload slots
  bool combining_ = false;
  int disk_failures_ = 0;   // of the journal in a running job, in a row
  SteadyTime round_began_;  // finer than TimePoint, for the metrics
  std::set<Digest> kept_;   // blobs that this job has referenced
  std::optional<CatchingUp> catching_;
  std::uint64_t logged_rounds_ = 0;  // as far as was asked
  // Where groups are dealt anew: what from, once it was asked for, and those of the round that was asked for
  // last.
  mutable std::optional<charter::GroupDraw> draw_;
  mutable std::pair<RoundId, update::Partition> dealt_;

  std::vector<std::shared_ptr<rpc::Sink<rpc::JobView>>> watchers_;
  std::vector<std::shared_ptr<rpc::Sink<rpc::LogLineView>>> followers_;
  std::deque<rpc::LogLineView> log_;
};

}  // namespace accord::coordinator
