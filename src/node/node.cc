#include "node/node.h"

#include <algorithm>
#include <chrono>
#include <utility>
//
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "accord/version.h"
#include "base/errors.h"
#include "base/log.h"
#include "base/wall_clock.h"
#include "crypto/prg.h"
#include "node/connection.h"
#include "node/control.h"
#include "node/governance.h"
#include "node/identity.h"
#include "node/job_tasks.h"
#include "node/registry_client.h"
#include "store/blobs.h"
#include "store/spool.h"
#include "store/sqlite_journal.h"
#include "store/state_dir.h"

namespace accord::node {

namespace asio = boost::asio;

namespace {

constexpr std::uint64_t kSpoolMemory = 256ULL << 20;

}  // namespace

struct Node::Impl final : ControlHandler {
  Impl(const config::NodeConfig& c, TrainerFactory& t) : config(c), trainers(t) {}

  const config::NodeConfig config;
  TrainerFactory& trainers;
  const WallClock clock;
  Identity identity;
  std::unique_ptr<store::StateDir> dir;
  std::unique_ptr<store::SqliteJournal> journal;
  std::unique_ptr<store::SpoolPool> spools;
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard{asio::make_work_guard(io)};
  asio::thread_pool training{config.node.slots};
  asio::thread_pool work{2};
  std::unique_ptr<Governance> governance;  // none: the lab pinned no charter
  std::unique_ptr<NodeServices> services;
  std::unique_ptr<JobTasks> tasks;
  std::shared_ptr<Connection> connection;
  std::unique_ptr<Control> control;
  Status end;  // what Run returns

  Status Open();
  void Govern();
  rpc::Hello Hello() const;
  rpc::Heartbeat Heartbeat() const;
  bool Busy() const;
  void OnMessage(const rpc::ToNode& message);
  void Shutdown();

  [[nodiscard]] std::vector<std::shared_ptr<JobTask>> Named(const std::string& ref) const;

  // ControlHandler, on the strand
  void Lab(const std::string& job, const task::Event& event,
           std::function<void(Result<std::string>)> done) override;
  void Pinned() override;
  void Decided(const std::string& job) override;
  Result<CommonModel> Common(const std::string& job) override;
};

namespace {

Status NoJob(const std::string& ref) {
  if (ref.empty()) return Fail(errors::kJobNotFound, "no job is open at this node");
  return Fail(errors::kJobNotFound, "this node has no job '" + Printable(ref, 70) + "'",
              "Ids are in accord-node jobs and accord-node egress; what has ended is no longer open here.");
}

// Trainings go against the budget that is reserved for their jobs.
void Count(BudgetLedger& budget, NodeServices& services) {
  services.may_train = [&budget](const JobId& job) { return budget.MayTrain(Digest{job.bytes}); };
  services.has_trained = [&budget](const JobId& job, std::chrono::nanoseconds took) {
    const auto wall = std::chrono::ceil<std::chrono::milliseconds>(took);
    if (const Status spent = budget.Spend(Digest{job.bytes}, 0, wall); !spent.ok())
      LogError("budget.not_counted", {{"job", job.Hex()}, {"why", Describe(spent)}});
  };
}

}  // namespace

Status Node::Impl::Open() {
  ACCORD_ASSIGN_OR_RETURN(identity, LoadIdentity(config.node.state));
  if (!config.node.coordinator.empty()) identity.coordinator = config.node.coordinator;
  ACCORD_ASSIGN_OR_RETURN(crypto::Ed25519Key protocol_key, LoadProtocolKey(identity));
  ACCORD_ASSIGN_OR_RETURN(dir, store::StateDir::Open(config.node.state));
  ACCORD_ASSIGN_OR_RETURN(journal, store::SqliteJournal::Open(dir->journal_file(), &dir->reserve()));
  ACCORD_ASSIGN_OR_RETURN(
      spools, store::SpoolPool::Open({.directory = dir->spool_dir(), .memory_budget = kSpoolMemory}));
  if (!config.governance.genesis.empty()) {
    ACCORD_ASSIGN_OR_RETURN(governance, Governance::Open(config, clock, identity.spiffe_id));
  }
  services.reset(new NodeServices{config, trainers, clock, identity.id, identity.federation,
                                  std::make_shared<const crypto::Ed25519Key>(std::move(protocol_key)), io,
                                  TrainingSlots(training.get_executor()), work.get_executor(), *journal,
                                  dir->path() / "deltas", *spools, dir->path() / "jobs",
                                  [this](rpc::FromNode message) { connection->Send(std::move(message)); },
                                  [this] { return connection->client(); },
                                  [this](const Status& status) {
                                    LogError("node.journal_failed", {{"why", Describe(status)}});
                                    end = status;
                                    Shutdown();
                                  },
                                  [] { return std::make_unique<secagg::RandomSecrets>(); }});
  connection = std::make_shared<Connection>(
      identity, io, work,
      Connection::Callbacks{.hello = [this] { return Hello(); },
                            .heartbeat = [this] { return Heartbeat(); },
                            .busy = [this] { return Busy(); },
                            .on_up = [] {},
                            .on_down = [] {},
                            .on_message = [this](const rpc::ToNode& message) { OnMessage(message); }});
  tasks = std::make_unique<JobTasks>(*services);
  if (governance) Govern();
  ACCORD_RETURN_IF_ERROR(tasks->Recover());
  for (const auto& [id, task] : tasks->all()) {
    if (governance && task->state().ended) governance->Ended(id);
  }
  ACCORD_ASSIGN_OR_RETURN(control, Control::Listen(io, ControlPath(dir->path()), *this));
  return {};
}

void Node::Impl::Govern() {
  services->admit = [this](const rpc::Prepare& message, const JobSpec& spec) {
    return governance->Admit(message, spec, tasks->OpenBut(message.job));
  };
  services->governance = governance.get();
  services->registry_by_charter = [this]() -> std::function<Status()> {
    return [state = config.node.state, client = connection->client(), charter = governance->Newest()] {
      if (!client || !charter) return Fail(errors::kNetUnreachable, "the coordinator is not connected");
      return SyncRegistry(state, *client, *charter);
    };
  };
  services->spiffe_id = identity.spiffe_id;
  Count(governance->budget(), *services);
}

void Node::Impl::OnMessage(const rpc::ToNode& message) {
  const auto* checkpoint = std::get_if<rpc::AddCheckpoint>(&message);
  if (const auto* ended = std::get_if<rpc::Ended>(&message); ended != nullptr && governance)
    governance->Ended(ended->job);
  if (checkpoint == nullptr) return tasks->OnMessage(message);
  if (governance) return connection->Send(governance->OnAddCheckpoint(*checkpoint));
  connection->Send(NoWitness());
}

rpc::Hello Node::Impl::Hello() const {
  rpc::Hello hello{.protocol_oldest = kProtocolOldest,
                   .protocol_newest = kProtocolNewest,
                   .version = std::string(kVersion),
                   .description = trainers.Describe(),
                   .held = {}};
  for (const auto& [id, task] : tasks->all()) {
    if (!task->state().ended) hello.held.push_back(id);
  }
  return hello;
}

rpc::Heartbeat Node::Impl::Heartbeat() const {
  rpc::Heartbeat beat;
  for (const auto& [id, task] : tasks->all()) {
    const rpc::Progress progress = task->progress();
    // A job whose first work has not begun (its data are still being read) has no round to speak of.
    if (!task->state().ended && progress.round.value > 0) beat.progress.push_back(progress);
  }
  return beat;
}

bool Node::Impl::Busy() const {
  return std::ranges::any_of(tasks->all(), [](const auto& task) {
    const task::Activity& activity = task.second->state().activity;
    return std::holds_alternative<task::Training>(activity) ||
           std::holds_alternative<task::Sending>(activity);
  });
}

// All open ones where none is named.
std::vector<std::shared_ptr<JobTask>> Node::Impl::Named(const std::string& ref) const {
  std::vector<std::shared_ptr<JobTask>> chosen;
  for (const auto& [id, task] : tasks->all()) {
    const bool named = task->name() == ref || (ref.size() >= 6 && id.Hex().starts_with(ref));
    if (ref.empty() ? !task->state().ended : named) chosen.push_back(task);
  }
  return chosen;
}

Result<CommonModel> Node::Impl::Common(const std::string& ref) {
  std::vector<std::shared_ptr<JobTask>> chosen = Named(ref);
  std::erase_if(chosen, [](const auto& task) { return task->state().ended; });
  if (chosen.empty()) return NoJob(ref);
  if (chosen.size() > 1)
    return Fail(errors::kJobAmbiguous, "several open jobs of this node fit '" + Printable(ref, 70) + "'");
  return chosen.front()->Common();
}

void Node::Impl::Lab(const std::string& ref, const task::Event& event,
                     std::function<void(Result<std::string>)> done) {
  const std::vector<std::shared_ptr<JobTask>> chosen = Named(ref);
  if (chosen.empty() && !ref.empty()) return done(NoJob(ref));
  if (chosen.empty()) return done(std::string("no job is open at this node"));
  auto left = std::make_shared<std::size_t>(chosen.size());
  auto names = std::make_shared<std::string>();
  for (const auto& task : chosen) *names += (names->empty() ? "" : ", ") + task->name();
  for (const auto& task : chosen) {
    task->OnLab(event, [left, names, done](const Status& status) {
      if (!status.ok() && *left > 0) {
        *left = 0;
        return done(status);
      }
      if (*left > 0 && --*left == 0) done(*names);
    });
  }
}

// What was declined for want of a registry is offered anew on a new session.
void Node::Impl::Pinned() {
  LogInfo("registry.pinned");
  connection->Restart();
}

// The job is taken up, or declined for good, as if it had been offered now; where what was offered is too
// old, it is offered anew on a new session.
void Node::Impl::Decided(const std::string& job) {
  const auto id = JobId::FromHex(job);
  if (!governance || !id) return;
  LogInfo("job.decided", {{"job", job}});
  const auto offered = governance->Offered(*id);
  offered.ok() ? tasks->OnMessage(*offered) : connection->Restart();
}

void Node::Impl::Shutdown() {
  if (connection) connection->Stop();
  if (tasks) tasks->Shutdown();
  control.reset();
  guard.reset();
  io.stop();
}

Node::Node(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Node::~Node() {
  impl_->Shutdown();
  impl_->training.join();
  impl_->work.join();
}

Result<std::unique_ptr<Node>> Node::Open(const config::NodeConfig& config, TrainerFactory& trainers) {
  std::unique_ptr<Node> node(new Node(std::make_unique<Impl>(config, trainers)));
  ACCORD_RETURN_IF_ERROR(node->impl_->Open());
  return node;
}

Status Node::Run() {
  for (const std::string& warning : impl_->trainers.Warnings()) LogWarn("trainer", {{"warning", warning}});
  LogInfo("node.started", {{"as", impl_->identity.spiffe_id},
                           {"coordinator", impl_->identity.coordinator},
                           {"trainer", impl_->trainers.Describe()},
                           {"keystream", std::string(crypto::Name(crypto::CurrentKeystreamBackend()))}});
  impl_->connection->Start();
  impl_->io.run();
  return impl_->end;
}

void Node::Stop() {
  asio::post(impl_->io, [this] { impl_->Shutdown(); });
}

}  // namespace accord::node
