#include "sim/node_process.h"

#include <algorithm>
#include <utility>
//
#include <boost/asio/post.hpp>

#include "base/errors.h"
#include "crypto/sha256.h"
#include "sim/secrets.h"

namespace accord::sim {

// An update this small travels in a message; only blobs are fetched. What a real client would try again until
// it is stopped fails at once here, since nothing may wait.
class NodeProcess::Bulk final : public rpc::Bulk {
 public:
  explicit Bulk(const NodeProcess& process) : process_(process) {}
  Status GetBlob(const Digest& hash, std::uint64_t offset, const rpc::BlobSink& sink,
                 const rpc::CallLimits&) override {
    return process_.outside_.fetch(hash, offset, sink);
  }
  Status PutUpdate(const rpc::Upload&, const rpc::CallLimits&) override {
    return Fail(errors::kNetCancelled, "not simulated");
  }
  Result<rpc::UploadState> GetUpload(const rpc::UploadKey&, const rpc::CallLimits&) override {
    return Fail(errors::kNetCancelled, "not simulated");
  }

 private:
  const NodeProcess& process_;
};

NodeProcess::NodeProcess(Machine& machine, const Outside& outside)
    : Process(machine),
      outside_(outside),
      clock_(machine),
      trainers_(outside.index),
      training_(*io_,
                [this](std::function<void()> work) {
                  Later(machine_.random.Time(Millis(50), Millis(4'000)) * machine_.slowness, std::move(work));
                }),
      work_(*io_, [this](std::function<void()> work) {
        Later(machine_.random.Time(Millis(1), Millis(30)) * machine_.slowness, std::move(work));
      }) {}

NodeProcess::~NodeProcess() {
  EndWork();
  if (tasks_) tasks_->Shutdown();
  tasks_ = nullptr;
  journal_ = nullptr;
  EndHandlers();
}

Result<std::unique_ptr<NodeProcess>> NodeProcess::Start(Machine& machine, const Outside& outside) {
  std::unique_ptr<NodeProcess> process(new NodeProcess(machine, outside));
  ACCORD_RETURN_IF_ERROR(process->Open());
  return process;
}

Status NodeProcess::Open() {
  const std::filesystem::path& at = machine_.directory;
  ACCORD_ASSIGN_OR_RETURN(reserve_, store::Reserve::Open(at / "reserve", 4096));
  machine_.disk.reserve_given = [this] { return !reserve_->held(); };
  ACCORD_ASSIGN_OR_RETURN(spools_,
                          store::SpoolPool::Open({.directory = at / "spool", .memory_budget = 1ULL << 20}));
  ACCORD_ASSIGN_OR_RETURN(journal_, Journal::Open({.world = &machine_.world,
                                                   .file = machine_.disk.Path("journal.db"),
                                                   .reserve = reserve_.get(),
                                                   .observer = &outside_.observer,
                                                   .sync_time = [this] { return machine_.SyncTime(); }}));
  bulk_ = std::make_shared<Bulk>(*this);
  services_.reset(new node::NodeServices{
      outside_.config, trainers_, clock_, outside_.node, outside_.federation, outside_.key, *io_,
      node::TrainingSlots(training_.get_executor()), work_.get_executor(), *journal_, at / "deltas", *spools_,
      at / "jobs", [this](rpc::FromNode message) { Send(std::move(message)); }, [this] { return bulk_; },
      outside_.broken, [this] { return std::make_unique<Secrets>(machine_.random.Next()); }});
  tasks_ = std::make_unique<node::JobTasks>(*services_);
  ACCORD_RETURN_IF_ERROR(tasks_->Recover());
  Dial();
  return {};
}

void NodeProcess::Dial() {
  session_ = outside_.dial();
  if (session_ == 0) {
    Later(backoff_ / 2 + machine_.random.Time(Millis(0), backoff_ / 2), [this] { Dial(); });
    backoff_ = std::min<Millis>(backoff_ * 2, std::chrono::seconds(30));
    return;
  }
  backoff_ = Millis(250);
  rpc::Hello hello{1, 1, "sim", trainers_.Describe(), {}};
  for (const auto& [id, task] : tasks_->all()) {
    if (!task->state().ended) hello.held.push_back(id);
  }
  Send(std::move(hello));
}

void NodeProcess::Send(rpc::FromNode message) {
  if (session_ != 0) outside_.send(session_, std::move(message));
}

void NodeProcess::OnMessage(std::uint64_t session, rpc::ToNode message) {
  boost::asio::post(*io_, [this, session, message = std::move(message)]() mutable {
    if (session == session_) tasks_->OnMessage(std::move(message));
  });
}

void NodeProcess::OnClosed(std::uint64_t session) {
  boost::asio::post(*io_, [this, session] {
    if (session == session_) Dial();
  });
}

}  // namespace accord::sim
