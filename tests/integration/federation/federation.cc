#include "tests/integration/federation/federation.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <limits>
#include <mutex>

#include "base/errors.h"
#include "base/file.h"
#include "coordinator/restore.h"
#include "crypto/join_token.h"
#include "crypto/x509.h"
#include "model/layout.h"
#include "node/identity.h"
#include "node/registry.h"
#include "rpc/enrol.h"
#include "rpc/process.h"
#include "rpc/registry_view.h"
#include "tests/support/free_port.h"
#include "tests/support/log_of_failures.h"

namespace accord::testing {
namespace {

[[maybe_unused]] const bool kQuiet = PrintLogOfFailuresOnly();

// Asks to stop after so long, or when it goes out of scope.
class Timeout {
 public:
  explicit Timeout(std::chrono::seconds patience) : patience_(patience) {}
  [[nodiscard]] std::stop_token token() const { return over_.get_token(); }

 private:
  const std::chrono::seconds patience_;
  std::stop_source over_;
  std::jthread guard_{[this](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any done;
    std::unique_lock lock(mutex);
    done.wait_for(lock, stop, patience_, [] { return false; });
    over_.request_stop();
  }};
};

class ToyTrainer final : public Trainer {
 public:
  ToyTrainer(std::string job, ModelLayout layout, const ToyBehaviour& behaviour)
      : job_(std::move(job)), layout_(std::move(layout)), behaviour_(behaviour) {}
  [[nodiscard]] const ModelLayout& Layout() const override { return layout_; }

  [[nodiscard]] Result<TrainOutcome> Train(const TrainRequest& request) override {
    if (behaviour_.trains) behaviour_.trains(job_);
    if (behaviour_.given) behaviour_.given(request.round, request.weights);
    if (behaviour_.before_round) behaviour_.before_round(request.round, request.stop);
    if (request.stop.stop_requested()) return Fail(errors::kTaskStopped, "stopped");
    for (std::size_t i = 0; i < request.weights.size(); ++i)
      request.result[i] = request.weights[i] + behaviour_.step;
    if (behaviour_.not_a_number) request.result[0] = std::numeric_limits<float>::quiet_NaN();
    request.progress(1, 1);
    return TrainOutcome{behaviour_.examples, 1};
  }
  [[nodiscard]] Result<EvalOutcome> Evaluate(std::span<const float>, std::stop_token) override {
    return EvalOutcome{10, 5.0, 7};
  }

 private:
  const std::string job_;
  const ModelLayout layout_;
  const ToyBehaviour& behaviour_;
};

class ToyTrainers final : public TrainerFactory {
 public:
  explicit ToyTrainers(ToyBehaviour behaviour) : behaviour_(std::move(behaviour)) {}
  [[nodiscard]] Result<std::unique_ptr<Trainer>> Create(const JobSpec& job, const DatasetConfig&) override {
    ACCORD_ASSIGN_OR_RETURN(ModelLayout layout, model::BuildLayout(job.model));
    return std::unique_ptr<Trainer>(std::make_unique<ToyTrainer>(job.name, std::move(layout), behaviour_));
  }
  [[nodiscard]] std::string Describe() const override { return "toy"; }
  [[nodiscard]] std::vector<std::string> Warnings() const override { return {}; }

 private:
  const ToyBehaviour behaviour_;
};

}  // namespace

std::unique_ptr<TrainerFactory> MakeToyTrainers(ToyBehaviour behaviour) {
  return std::make_unique<ToyTrainers>(std::move(behaviour));
}

std::string JobText(const JobChanges& c) {
  return "version = 1\nname = \"" + c.name + "\"\npurpose = \"demo\"\nseed = 7\nsecure = \"" + c.secure +
         "\"\npriority = \"" + c.priority + "\"\n" +
         (c.corrupt ? "corrupt = " + std::to_string(*c.corrupt) + "\n" : "") +
         "model = { kind = \"mlp\", input = [" + std::to_string(c.features) + "], classes = 100" +
         (c.fragments > 0 ? ", hidden = [9]" : "") + " }\ndata = { dataset = \"" + c.dataset + "\" }\n" +
         "inner = { optimizer = \"sgd\", lr = 0.1, local_steps = " +
         std::to_string(std::max(1U, c.fragments)) + ", keep_state = true, batch = 8 }\nouter = { " +
         c.outer + " }\nupdate = { " + c.update + ", max_examples = 1000, weights = \"exact\" }\n" +
         (c.evaluate ? "eval = { metrics = [\"loss\", \"accuracy\"], exact = true }\n" : "") +
         "[round]\ncount = " + std::to_string(c.rounds) + "\nmin_nodes = " + std::to_string(c.min_nodes) +
         "\nsynchronous = " + std::to_string(c.synchronous) +
         "\nmin_survivors = " + std::to_string(c.min_survivors) + "\nmax_wait = \"" + c.max_wait + "\"\n" +
         (c.fragments > 0 ? "[streaming]\nfragments = " + std::to_string(c.fragments) + "\n" : "");
}

Federation::Federation(const std::filesystem::path& state, std::optional<std::uint64_t> upload_memory) {
  rpc::ForceTls13();
  address_ = "127.0.0.1:" + std::to_string(FreePort());
  config_.federation.trust_domain = "test.accord";
  config_.rpc.listen = address_;
  config_.http.listen = "127.0.0.1:0";
  config_.store.state = state.empty() ? Path("coordinator") : state;
  config_.security.allow_unmasked = true;
  if (upload_memory) config_.uploads.memory = *upload_memory;
  const auto token = coordinator::InitFederation(config_);
  EXPECT_TRUE(token.ok()) << Describe(token.status());
  StartCoordinator();
  auto client = rpc::OperatorClient::Open(ClientFiles(EnrolWith(*token, "operator")));
  EXPECT_TRUE(client.ok()) << Describe(client.status());
  client_ = *std::move(client);
}

Federation::~Federation() {
  for (const auto& node : nodes_) StopNode(*node);
}

void Federation::StartCoordinator() {
  auto started = coordinator::Coordinator::Start(
      config_, [](const Status& status) { ADD_FAILURE() << Describe(status); });
  ASSERT_TRUE(started.ok()) << Describe(started.status());
  coordinator_ = *std::move(started);
}

void Federation::StopCoordinator() { coordinator_ = nullptr; }

void Federation::Reconfigure(const std::function<void(config::CoordinatorConfig&)>& change) {
  StopCoordinator();
  change(config_);
  StartCoordinator();
}

void Federation::Restore(const std::filesystem::path& backup) {
  config_.store.state = Path("restored-" + backup.filename().string());
  const auto restored =
      coordinator::Restore({.backup = backup,
                            .state = config_.store.state,
                            .aside = {},
                            .now = std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now())});
  ASSERT_TRUE(restored.ok()) << Describe(restored.status());
}

std::filesystem::path Federation::EnrolWith(const std::string& text, const std::string& name) {
  const auto token = crypto::ParseJoinToken(text);
  EXPECT_TRUE(token.ok());
  const crypto::P256Key key = crypto::P256Key::Generate();
  const ByteView secret = token->secret.view();
  rpc::EnrolRequest request{Bytes(secret.begin(), secret.end()), crypto::MakeCsr(key), {}};
  if (token->identity.role == crypto::Role::kNode) request.protocol_key = Bytes(32, 9);
  const auto answer = rpc::Enrol({token->address, token->ca_fingerprint}, std::move(request), {});
  EXPECT_TRUE(answer.ok()) << Describe(answer.status());
  const std::filesystem::path directory = Path("id-" + name);
  EXPECT_TRUE(
      WriteFileAtomic(directory / "cert.pem", AsBytes(answer->certificate_pem), FileMode::kShared).ok());
  EXPECT_TRUE(WriteFileAtomic(directory / "ca.pem", AsBytes(answer->ca_pem), FileMode::kShared).ok());
  EXPECT_TRUE(key.Save(directory / "key.pem").ok());
  return directory;
}

std::filesystem::path Federation::JoinAs(const std::string& name, const std::string& role) {
  const auto invite = client_->Invite(name, role, Millis(0));
  EXPECT_TRUE(invite.ok()) << Describe(invite.status());
  return EnrolWith(invite->token, name);
}

rpc::ClientOptions Federation::ClientFiles(const std::filesystem::path& directory) const {
  return {.address = address_,
          .ca = directory / "ca.pem",
          .certificate = directory / "cert.pem",
          .key = directory / "key.pem"};
}

TestNode& Federation::AddNode(const std::string& name, ToyBehaviour behaviour, std::string token) {
  auto node = std::make_unique<TestNode>();
  node->name = name;
  node->trainers = MakeToyTrainers(std::move(behaviour));
  return Run(std::move(node), std::move(token));
}

TestNode& Federation::AddNode(const std::string& name, std::unique_ptr<TrainerFactory> trainers,
                              const DatasetConfig& data) {
  auto node = std::make_unique<TestNode>();
  node->name = name;
  node->config.data[data.id] = data;
  node->trainers = std::move(trainers);
  return Run(std::move(node), {});
}

TestNode& Federation::Run(std::unique_ptr<TestNode> node, std::string token) {
  node->config.node.state = Path(node->name);
  node->config.data["toy"] = DatasetConfig{.id = "toy", .format = "csv", .path = "unused"};
  node->config.policy.allow_unmasked = true;
  node->config.policy.allow_semi_honest = true;
  node->config.policy.purposes = {"demo"};
  if (token.empty()) {
    const auto invite = client_->Invite(node->name, "node", Millis(0));
    EXPECT_TRUE(invite.ok()) << Describe(invite.status());
    token = invite->token;
  }
  const auto joined = node::Join(node->config.node.state, token);
  EXPECT_TRUE(joined.ok()) << Describe(joined.status());
  nodes_.push_back(std::move(node));
  StartNode(*nodes_.back());
  return *nodes_.back();
}

void Federation::StartNode(TestNode& node) {
  auto opened = node::Node::Open(node.config, *node.trainers);
  ASSERT_TRUE(opened.ok()) << Describe(opened.status());
  node.node = *std::move(opened);
  node.thread = std::thread([&running = *node.node] { EXPECT_TRUE(running.Run().ok()); });
}

void Federation::PinAll() {
  const auto view = client_->GetRegistry(std::nullopt, {});
  ASSERT_TRUE(view.ok()) << Describe(view.status());
  const auto registry = rpc::ToRegistry(*view);
  ASSERT_TRUE(registry.ok()) << Describe(registry.status());
  for (const auto& node : nodes_) {
    ASSERT_TRUE(node::Pin(node->config.node.state, *registry).ok());
  }
}

void Federation::RestartNodes() {
  for (const auto& node : nodes_) {
    StopNode(*node);
    StartNode(*node);
  }
}

void Federation::StopNode(TestNode& node) {
  if (!node.node) return;
  node.node->Stop();
  node.thread.join();
  node.node = nullptr;
}

Result<rpc::JobView> Federation::Submit(const std::string& job_text) {
  static std::uint8_t serial = 0;
  Bytes token(16);
  token[0] = ++serial;
  return client_->SubmitJob(AsBytes(job_text), token);
}

rpc::JobView Federation::WaitFor(const rpc::JobView& job,
                                 const std::function<bool(const rpc::JobView&)>& until) {
  rpc::JobView last = job;
  bool reached = false;
  const Timeout timeout(patience);
  const Status status = client_->WatchJob(job.id.Hex(),
                                          [&](const rpc::JobView& view) {
                                            last = view;
                                            reached = until(view);
                                            return !reached;
                                          },
                                          {.stop = timeout.token()});
  EXPECT_TRUE(reached) << LogOf(job) << "last state " << job::Name(last.state) << " " << Describe(last.reason)
                       << "; " << (last.current ? last.current->why : "no round") << "; " << Describe(status);
  return last;
}

std::set<std::string> Federation::NodesThatLogged(const rpc::JobView& job, std::string_view text,
                                                  std::size_t count) {
  std::set<std::string> nodes;
  const Timeout timeout(patience);
  const Status status = client_->JobLogs(job.id.Hex(), true,
                                         [&](const rpc::LogLineView& line) {
                                           if (line.text == text) nodes.insert(line.node);
                                           return nodes.size() < count;
                                         },
                                         {.stop = timeout.token()});
  EXPECT_EQ(nodes.size(), count) << text << ": " << Describe(status);
  return nodes;
}

void Federation::UntilPrepared(const std::string& node) {
  const auto end = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const auto view = client_->GetNode(node);
    if (view.ok() && !view->jobs.empty()) return;
    ASSERT_LT(std::chrono::steady_clock::now(), end) << node << " has not prepared for a job";
  }
}

std::string Federation::LogOf(const rpc::JobView& job) {
  std::string log;
  const Status status = client_->JobLogs(job.id.Hex(), false, [&](const rpc::LogLineView& line) {
    log += std::to_string(line.round.value) + " " + line.event + " " + line.node + " " + line.text + "\n";
    return true;
  });
  return log + (status.ok() ? "" : Describe(status) + "\n");
}

rpc::JobView Federation::WaitForEnd(const rpc::JobView& job) {
  return WaitFor(job, [](const rpc::JobView& view) { return view.state >= job::Phase::kFinished; });
}

}  // namespace accord::testing
