// A whole federation in one process for tests: the real coordinator, real nodes, mTLS on loopback, state on
// disk; only the trainer is the test's own, plugged in through the public seam. Every wait is for an event
// and bounded.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "accord/trainer.h"
#include "config/coordinator_config.h"
#include "config/node_config.h"
#include "coordinator/coordinator.h"
#include "node/node.h"
#include "rpc/operator_client.h"
#include "tests/support/temp_dir.h"

namespace accord::testing {

// What a toy node does in its rounds. Its "training" adds a fixed vector to the weights, so that every sum is
// known.
struct ToyBehaviour {
  float step = 0.01F;  // added to every weight
  std::uint64_t examples = 100;
  bool not_a_number = false;                                                    // writes NaN into the result
  std::function<void(std::uint64_t round, std::stop_token stop)> before_round;  // may block until stopped
  std::function<void(std::uint64_t round, std::span<const float> weights)> given;  // what it trains from
  std::function<void(const std::string& job)> trains;  // told before the others, by the job's name
};
[[nodiscard]] std::unique_ptr<TrainerFactory> MakeToyTrainers(ToyBehaviour behaviour);

struct TestNode {
  std::string name;
  config::NodeConfig config;
  std::unique_ptr<TrainerFactory> trainers;
  std::unique_ptr<node::Node> node;
  std::thread thread;
};

class Federation {
 public:
  // Init, start, first operator joined. The coordinator's state is in `state`, or beside the rest; uploads
  // beyond `upload_memory` are spooled in files.
  explicit Federation(const std::filesystem::path& state = {},
                      std::optional<std::uint64_t> upload_memory = {});
  ~Federation();

  // Joins as a node, with a token of the coordinator unless another CA's is given, and runs it on a thread of
  // its own.
  TestNode& AddNode(const std::string& name, ToyBehaviour behaviour = {}, std::string token = {});
  // The same with other trainers than the toys, on a data set of its own beside theirs.
  TestNode& AddNode(const std::string& name, std::unique_ptr<TrainerFactory> trainers,
                    const DatasetConfig& data);
  // Every node pins the coordinator's newest registry.
  void PinAll();
  void RestartNodes();
  void StopNode(TestNode& node);
  void StartNode(TestNode& node);
  void StopCoordinator();
  void StartCoordinator();
  // Starts it anew with other settings.
  void Reconfigure(const std::function<void(config::CoordinatorConfig&)>& change);
  // The coordinator, which is stopped, is to start from a backup, in a directory of its own.
  void Restore(const std::filesystem::path& backup);

  // Submits; the job file is JobText with what the test changes.
  [[nodiscard]] Result<rpc::JobView> Submit(const std::string& job_text);
  // Watches until `until` is true of a view (which is returned), or `patience` is over (a test failure).
  rpc::JobView WaitFor(const rpc::JobView& job, const std::function<bool(const rpc::JobView&)>& until);
  rpc::JobView WaitForEnd(const rpc::JobView& job);
  // Follows the job's log until `count` nodes have said `text` (they are returned), or `patience` is over (a
  // test failure).
  std::set<std::string> NodesThatLogged(const rpc::JobView& job, std::string_view text, std::size_t count);
  // Asks until the node has prepared for a job, so that the next cohort has it, or `patience` is over (a test
  // failure).
  void UntilPrepared(const std::string& node);

  std::chrono::seconds patience{60};

  [[nodiscard]] rpc::OperatorClient& client() { return *client_; }
  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] const config::CoordinatorConfig& config() const { return config_; }
  [[nodiscard]] std::filesystem::path Path(const std::string& name) const { return dir_.path() / name; }
  // An identity of this role, enrolled; its files are in the directory that is returned (key.pem, cert.pem,
  // ca.pem).
  [[nodiscard]] std::filesystem::path JoinAs(const std::string& name, const std::string& role);
  [[nodiscard]] rpc::ClientOptions ClientFiles(const std::filesystem::path& directory) const;

 private:
  [[nodiscard]] std::string LogOf(const rpc::JobView& job);  // a line an event, for people
  TestNode& Run(std::unique_ptr<TestNode> node, std::string token);
  [[nodiscard]] std::filesystem::path EnrolWith(const std::string& token, const std::string& name);

  TempDir dir_;
  config::CoordinatorConfig config_;
  std::string address_;
  std::unique_ptr<coordinator::Coordinator> coordinator_;
  std::unique_ptr<rpc::OperatorClient> client_;
  std::vector<std::unique_ptr<TestNode>> nodes_;
};

struct JobChanges {
  std::string name = "toy";
  std::string priority = "normal";
  std::uint32_t rounds = 3;
  std::uint32_t min_nodes = 3;
  std::uint32_t min_survivors = 3;
  std::string max_wait = "1m";
  std::string dataset = "toy";
  bool evaluate = true;
  std::string secure = "off";
  std::optional<std::uint32_t> corrupt;
  std::uint64_t features = 9;  // the model has 100 weights for each, and 100 biases
  std::string outer = "rule = \"fedavg\"";
  std::string update = "bits = 16, clip = 1.0";
  std::uint32_t synchronous = 0;
  std::uint32_t fragments = 0;  // > 0: the job streams, and its model has 90 weights and biases before these
};
[[nodiscard]] std::string JobText(const JobChanges& changes = {});

}  // namespace accord::testing
