// What the daemons' command lines share: sources of settings, how a failure ends a program, exit codes
// (DESIGN 7).
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "accord/status.h"
#include "config/load.h"

namespace accord::apps {

enum ExitCode : int { kOk = 0, kFailed = 1, kConnection = 2, kTimeout = 3, kBadArguments = 4, kBug = 5 };

// --config, --set, --state, --check-config of a daemon.
struct DaemonFlags {
  std::string config;
  std::vector<std::string> set;
  std::string state;
  bool check = false;

  void AddTo(CLI::App& app, const std::string& state_help);
  // The file, the environment, and the flags; `state_key` is the key that --state stands for.
  [[nodiscard]] config::Sources Sources(const std::string& state_key) const;
  // Without --config: the settings that init left in `file`, where it is. `store.io` when nobody here may
  // look.
  [[nodiscard]] Status UseKept(const std::filesystem::path& file);
};

// Runs a program's main; whatever it throws ends it with a message instead of a core.
[[nodiscard]] int Guarded(int (*main)(int, char**), int argc, char** argv);

// `cli.usage` with what is wrong with the command line of `program`.
[[nodiscard]] Status UsageError(const std::string& program, const CLI::App& app,
                                const CLI::ParseError& error);

// Help and version are printed and are no failure; else reports UsageError. Gives the exit code.
[[nodiscard]] int NotParsed(const std::string& program, const CLI::App& app, const CLI::ParseError& error);

// No core dump of this process, no look into its memory by others of the same user, and keys in memory that
// no dump holds: no disk may ever see them. At the start of a daemon, which ends when this is false. Says
// what is missing.
[[nodiscard]] bool GuardSecrets();

// The exit code of a failure.
[[nodiscard]] int ExitOf(const Status& status);

// Prints message, hint and documentation page to stderr; gives the exit code of the failure.
[[nodiscard]] int Report(const Status& status);

}  // namespace accord::apps
