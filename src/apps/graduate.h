// The command `graduate` of accord-node and accord-sim: a common model tuned on this machine's own data.
#pragma once

#include <CLI/CLI.hpp>
#include <array>
#include <filesystem>
#include <stop_token>
#include <string>

#include "accord/status.h"
#include "config/node_config.h"
#include "study/graduate.h"

namespace accord::apps {

class GraduateCommand {
 public:
  // `config`: with an option --config of its own, for a program that has none; else with --running.
  void AddTo(CLI::App& app, bool config);
  [[nodiscard]] bool parsed() const { return command_->parsed(); }
  // What it writes; may be empty.
  [[nodiscard]] std::array<std::filesystem::path, 2> files() const { return {out_, adapter_out_}; }
  // The job of this lab's running node whose newest model is asked for; empty: --job and --model name files.
  [[nodiscard]] const std::string& running() const { return running_; }
  void Use(const std::filesystem::path& job, const std::filesystem::path& model);
  // With the settings of this node, or those of --config. Prints what came of it.
  [[nodiscard]] Status Run(const config::NodeConfig& node, std::stop_token stop) const;
  [[nodiscard]] Status Run() const;

 private:
  [[nodiscard]] Result<study::GraduateWish> WishFor(const config::NodeConfig& node) const;

  CLI::App* command_ = nullptr;
  std::string config_, job_, method_ = "lora", kept_, running_;
  std::string model_, out_, adapter_out_;
  study::GraduateWish wish_;
  bool json_ = false;
};

}  // namespace accord::apps
