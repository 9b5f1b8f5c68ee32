// Named contexts of the CLI: which coordinator, as whom. Written by `accord join` and `accord context`, read
// by every other command. The key stays in the context's identity directory, never here.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "accord/status.h"
#include "config/load.h"

namespace accord::config {

struct CliContext {
  std::string coordinator;         // host:port
  std::filesystem::path identity;  // directory with certificate, key and the federation's CA
};

struct CliConfig {
  std::string context;                         // [cli] context: the one in force
  std::map<std::string, CliContext> contexts;  // [context.<name>]

  // The context in force, or nullptr when none was chosen or it does not exist.
  [[nodiscard]] const CliContext* Current() const;
};

// A missing file is an empty configuration when `sources.file` is not set. `config.invalid` as elsewhere;
// ACCORD_CLI__CONTEXT or the flag "cli.context=NAME" chooses another context for one command.
[[nodiscard]] Result<CliConfig> LoadCliConfig(const Sources& sources);
// The TOML text of it, for the caller to write (WriteFileAtomic). Loads back to the same.
[[nodiscard]] std::string ShowConfig(const CliConfig& config);

}  // namespace accord::config
