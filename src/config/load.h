// Where settings come from, in rising order of precedence: a TOML file, the environment
// (ACCORD_SECTION__KEY), flags ("section.key=value"). Used by every program's configuration. Pure but for
// reading the file.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accord/status.h"
#include "base/log.h"

namespace accord::config {

struct Sources {
  std::optional<std::filesystem::path> file;       // named by a person: must exist
  std::map<std::string, std::string> environment;  // only names beginning with ACCORD_ count
  std::vector<std::string> flags;                  // "section.key=value", the last of a key counts
};

// The ACCORD_* variables of this process.
[[nodiscard]] std::map<std::string, std::string> ProcessEnvironment();

// "127.0.0.1:7443", "[::1]:7443", "accord.example:443". Port 0 means any free port (listening only).
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
[[nodiscard]] std::optional<HostPort> ParseHostPort(std::string_view text);

// [log], the same in every program.
struct LogConfig {
  LogFormat format = LogFormat::kText;
  LogLevel level = LogLevel::kInfo;
};

// docs/config.md: every key of every program with type, default and one line; held equal by a test.
[[nodiscard]] std::string ConfigReference();

}  // namespace accord::config
