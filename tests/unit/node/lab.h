// One lab in memory: its job task over a journal that a test can hold back, a trainer that adds one small
// number to all weights, and what the node said. No network; a restart is a new Lab over the same disk.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>
//
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include "base/wall_clock.h"
#include "config/job_file.h"
#include "job/job_id.h"
#include "model/layout.h"
#include "node/job_task.h"
#include "node/machine.h"
#include "tests/support/temp_dir.h"

namespace accord::node {

inline constexpr const char* kFederation = "fed.example";

inline std::string PlanText(const std::string& secure) {
  return "version = 1\nname = \"heart\"\npurpose = \"demo\"\nsecure = \"" + secure +
         "\"\n[model]\nkind = \"mlp\"\ninput = [2]\nclasses = 2\n[data]\ndataset = \"d\"\n"
         "[inner]\nlr = 0.1\nlocal_steps = 2\nkeep_state = true\n[update]\nbits = 16\nclip = "
         "1.0\nmax_examples = 100\n"
         "weights = \"equal\"\n[round]\ncount = 3\nmin_nodes = 3\nmin_survivors = 3\nmax_wait = \"1m\"\n";
}
inline Bytes BytesOf(const std::string& text) { return {text.begin(), text.end()}; }

// What a test wants to know of, or do in, a trainer's calls.
struct TrainerHooks {
  std::function<void(const TrainRequest&)> train;
  std::function<Status(const TrainRequest&)> ahead;
};

class AddingTrainer final : public Trainer {
 public:
  AddingTrainer(ModelLayout layout, float step, TrainerHooks hooks = {})
      : layout_(std::move(layout)), step_(step), hooks_(std::move(hooks)) {}
  const ModelLayout& Layout() const override { return layout_; }
  Result<TrainOutcome> Train(const TrainRequest& request) override {
    if (hooks_.train) hooks_.train(request);
    for (std::size_t i = 0; i < request.weights.size(); ++i) {
      request.result[i] = request.weights[i] + step_ * static_cast<float>(i % 3);
    }
    return TrainOutcome{.examples = 10, .steps = 1};
  }
  Status TrainAhead(const TrainRequest& request) override {
    return hooks_.ahead ? hooks_.ahead(request) : Status();
  }
  Result<EvalOutcome> Evaluate(std::span<const float>, std::stop_token) override {
    return EvalOutcome{.examples = 20, .loss_sum = 30.0, .correct = 5, .bytes = 60};
  }

 private:
  ModelLayout layout_;
  float step_;
  TrainerHooks hooks_;
};

class AddingFactory final : public TrainerFactory {
 public:
  AddingFactory(const float& step, const TrainerHooks& hooks)  // both read at each Create
      : step_(step), hooks_(hooks) {}
  Result<std::unique_ptr<Trainer>> Create(const JobSpec& job, const DatasetConfig&) override {
    return std::unique_ptr<Trainer>(new AddingTrainer(*model::BuildLayout(job.model), step_, hooks_));
  }
  std::string Describe() const override { return "test"; }
  std::vector<std::string> Warnings() const override { return {}; }

 private:
  const float& step_;
  const TrainerHooks& hooks_;
};

// What is on the disk; a Write is durable at once unless it is held.
class HeldJournal final : public driver::Journal {
 public:
  void Write(std::vector<driver::Append> batch, Done done, driver::LinePtr = nullptr) override {
    WriteSoon(std::move(batch));
    waiting_.push_back(std::move(done));
    if (!held) Release();
  }
  void WriteSoon(std::vector<driver::Append> batch, driver::LinePtr = nullptr) override {
    for (driver::Append& append : batch) records.push_back(std::move(append));
  }
  Result<std::vector<Bytes>> Read(const std::string& stream) override {
    std::vector<Bytes> found;
    for (const driver::Append& append : records) {
      if (append.stream == stream) found.push_back(append.record);
    }
    return found;
  }
  Result<std::vector<std::string>> Streams(const std::string&) override { return std::vector<std::string>(); }
  void Release() {
    for (Done& done : std::exchange(waiting_, {})) done({});
  }

  bool held = false;
  std::vector<driver::Append> records;

 private:
  std::vector<Done> waiting_;
};

class Lab {
 public:
  // `more`: sections at the end of the plan.
  Lab(std::string name, float trainers_step, std::string secure = "malicious", const std::string& more = "")
      : step(trainers_step),
        plan(BytesOf(PlanText(secure) + more)),
        identity(*crypto::SpiffeId::Make(kFederation, crypto::Role::kNode, name)),
        id(identity.ToNodeId()),
        key(std::make_shared<const crypto::Ed25519Key>(
            crypto::Ed25519Key::FromSeed(crypto::Sha256::Of(name).bytes))),
        factory_(this->step, hooks) {
    config.node.state = dir.path();
    config.policy.purposes = {"*"};
    config.data["d"] = DatasetConfig{.id = "d"};
    spools_ = *store::SpoolPool::Open({.directory = dir / "spool", .memory_budget = 1 << 20});
    services_.reset(new NodeServices{
        config, factory_, clock_, id, kFederation, key, io_, TrainingSlots(training_.get_executor()),
        work_.get_executor(), journal, dir / "deltas", *spools_, dir / "jobs",
        [this](rpc::FromNode message) { said.push_back(std::move(message)); },
        [] { return std::shared_ptr<rpc::Bulk>(); }, [](const Status&) { FAIL() << "the journal failed"; },
        [] { return std::make_unique<secagg::RandomSecrets>(); }});
    Start();
  }
  ~Lab() {
    task->Shutdown();
    training_.join();
    work_.join();
    io_.poll();
    task = nullptr;  // before the pools that it borrows from
  }

  [[nodiscard]] JobId job() const { return job::MakeJobId(plan, BytesOf("token")); }
  void Prepare() { task->OnPrepare({job(), plan, BytesOf("token")}); }
  [[nodiscard]] NodeServices& services() { return *services_; }
  // Another job of the same plan, prepared.
  [[nodiscard]] std::shared_ptr<JobTask> AnotherTask(const Bytes& token) {
    auto other = std::make_shared<JobTask>(*services_, job::MakeJobId(plan, token));
    EXPECT_TRUE(other->Recover({}).ok());
    other->OnPrepare({other->id(), plan, token});
    return other;
  }
  // The process ends and begins again: what was in memory is gone.
  void Begin() {
    task->Shutdown();
    said.clear();
    Start();
  }
  // And is prepared again.
  void Restart() {
    Begin();
    Prepare();
    Await<rpc::Prepared>();
  }

  // The next word of this kind; others before it are dropped. Fails when none comes.
  template <class T>
  T Await() {
    for (;;) {
      while (!said.empty()) {
        rpc::FromNode message = std::move(said.front());
        said.pop_front();
        if (T* wanted = std::get_if<T>(&message)) return std::move(*wanted);
      }
      if (io_.run_one_for(std::chrono::seconds(10)) == 0) break;
    }
    ADD_FAILURE() << identity.name << " never said it; it is " << activity();
    return T{};
  }
  // Whether `until` became true, some turns of the strand later.
  bool RunUntil(const std::function<bool()>& until) {
    while (!until()) {
      if (io_.run_one_for(std::chrono::seconds(10)) == 0) return false;
    }
    return true;
  }
  // Runs what is ready; nothing is awaited.
  void Poll() { io_.poll(); }
  [[nodiscard]] std::string activity() const { return std::string(task::Name(task->state().activity)); }
  // The only one.
  [[nodiscard]] std::filesystem::path DeltaFile() const {
    std::filesystem::path found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir / "deltas")) {
      if (entry.is_regular_file()) found = entry.path();
    }
    EXPECT_FALSE(found.empty());
    return found;
  }
  // The ledger: kinds and bytes.
  [[nodiscard]] std::vector<task::Egress> Ledger() {
    std::vector<task::Egress> ledger;
    const std::vector<Bytes> records = *journal.Read(kEgressStream);
    for (const Bytes& bytes : records) {
      const task::Record record = *task::DecodeRecord(bytes);
      ledger.push_back(std::get<task::Egress>(record.content));
    }
    return ledger;
  }

  float step;  // of the trainers that are made from now on, as these
  TrainerHooks hooks;
  const Bytes plan;
  const crypto::SpiffeId identity;
  const NodeId id;
  const std::shared_ptr<const crypto::Ed25519Key> key;
  testing::TempDir dir;
  config::NodeConfig config;
  HeldJournal journal;
  std::deque<rpc::FromNode> said;
  std::shared_ptr<JobTask> task;

 private:
  void Start() {
    task = std::make_shared<JobTask>(*services_, job());
    ASSERT_TRUE(task->Recover(*journal.Read("job/" + job().Hex())).ok());
  }

  AddingFactory factory_;
  const WallClock clock_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{
      boost::asio::make_work_guard(io_)};
  boost::asio::thread_pool training_{2}, work_{1};
  std::unique_ptr<store::SpoolPool> spools_;
  std::unique_ptr<NodeServices> services_;
};

}  // namespace accord::node
