#include "tests/bench/toy_node.h"

#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include "apps/signals.h"
#include "base/log.h"
#include "config/node_config.h"
#include "model/layout.h"
#include "node/node.h"
#include "rpc/process.h"
#include "tests/bench/federation.h"

namespace accord::bench {
namespace {

constexpr std::string_view kFlag = "--toy-node";
constexpr float kStep = 0.001F;

class ToyTrainer final : public Trainer {
 public:
  explicit ToyTrainer(ModelLayout layout) : layout_(std::move(layout)) {}
  [[nodiscard]] const ModelLayout& Layout() const override { return layout_; }
  [[nodiscard]] Result<TrainOutcome> Train(const TrainRequest& request) override {
    for (std::size_t i = 0; i < request.weights.size(); ++i) request.result[i] = request.weights[i] + kStep;
    return TrainOutcome{.examples = 100, .steps = 1};
  }
  [[nodiscard]] Result<EvalOutcome> Evaluate(std::span<const float>, std::stop_token) override {
    return EvalOutcome{.examples = 10, .loss_sum = 5.0, .correct = 7};
  }

 private:
  const ModelLayout layout_;
};

class ToyTrainers final : public TrainerFactory {
 public:
  [[nodiscard]] Result<std::unique_ptr<Trainer>> Create(const JobSpec& job, const DatasetConfig&) override {
    ACCORD_ASSIGN_OR_RETURN(ModelLayout layout, model::BuildLayout(job.model));
    return std::unique_ptr<Trainer>(std::make_unique<ToyTrainer>(std::move(layout)));
  }
  [[nodiscard]] std::string Describe() const override { return "toy"; }
  [[nodiscard]] std::vector<std::string> Warnings() const override { return {}; }
};

}  // namespace

std::vector<std::string> ToyNodeCommand(const std::string& config, const std::string& state) {
  return {std::filesystem::read_symlink("/proc/self/exe").string(), std::string(kFlag), config, state};
}

std::optional<int> RunIfToyNode(int argc, char** argv) {
  if (argc != 4 || argv[1] != kFlag) return std::nullopt;
  rpc::TuneDaemon();
  apps::Signals signals;
  SetupLog(LogFormat::kText, LogLevel::kWarn);
  config::NodeConfig config = Must(config::LoadNodeConfig({.file = argv[2]}));
  config.node.state = argv[3];
  ToyTrainers trainers;
  const auto node = Must(node::Node::Open(config, trainers));
  signals.Watch([&](int) { node->Stop(); });
  return node->Run().ok() ? 0 : 1;
}

}  // namespace accord::bench
