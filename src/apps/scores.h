// The command `scores` of accord-sim: what each node's updates were worth, as scores out of groups' sums tell
// it, and exactly.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "accord/status.h"

namespace accord::apps {

class ScoresCommand {
 public:
  void AddTo(CLI::App& app);
  [[nodiscard]] bool parsed() const { return command_->parsed(); }
  [[nodiscard]] Status Run() const;

 private:
  CLI::App* command_ = nullptr;
  std::string job_, judge_, from_, trust_domain_ = "federation.test";
  std::vector<std::string> nodes_;
  std::uint32_t threads_ = 1;
  bool json_ = false;
};

}  // namespace accord::apps
