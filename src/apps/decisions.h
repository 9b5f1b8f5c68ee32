// What people of a lab see and say of jobs under a charter: accord-node jobs, approve, deny, policy check.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "accord/status.h"
#include "config/node_config.h"

namespace accord::apps {

class DecisionCommands {
 public:
  void AddTo(CLI::App& app);
  [[nodiscard]] bool parsed() const;
  // Prints what was asked for; gives the exit code. `policy check` fails when the node does not take part.
  [[nodiscard]] int Run(const config::NodeConfig& node) const;

 private:
  [[nodiscard]] int List(const config::NodeConfig& node) const;
  [[nodiscard]] int Decide(const config::NodeConfig& node, bool approve) const;
  [[nodiscard]] int Check(const config::NodeConfig& node) const;

  CLI::App *jobs_ = nullptr, *approve_ = nullptr, *deny_ = nullptr, *check_ = nullptr;
  std::string job_;
  bool waiting_ = false, json_ = false;
};

}  // namespace accord::apps
